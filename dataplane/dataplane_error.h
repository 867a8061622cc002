// SPDX-License-Identifier: BSD-3-Clause
// Error texts of the data plane's calls.
#ifndef DATAPLANE_ERROR_H
#define DATAPLANE_ERROR_H

#include "dataplane.h"

// Fills the text (error may be NULL) and returns -code; code is a positive errno.
__attribute__((format(printf, 3, 4))) int dataplane_error_set(
	struct dataplane_error *error, int code, const char *format, ...);

#endif
