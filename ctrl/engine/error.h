// SPDX-License-Identifier: BSD-3-Clause
// An error text for the user: one line without a newline.
#ifndef CTRL_ERROR_H
#define CTRL_ERROR_H

struct error {
	char text[512];
};

// Fills the text (error may be NULL) and returns -code, so that `return error_set(error, EINVAL,
// ...)` reads well. code is a positive errno.
__attribute__((format(printf, 3, 4))) int error_set(
	struct error *error, int code, const char *format, ...);

// "EADDRNOTAVAIL" for -EADDRNOTAVAIL or EADDRNOTAVAIL.
const char *error_name(int code);

#endif
