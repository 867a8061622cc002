// SPDX-License-Identifier: BSD-3-Clause
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int error_set(struct error *error, int code, const char *format, ...)
{
	if (error) {
		va_list args;

		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return -code;
}

const char *error_name(int code)
{
	const char *name = strerrorname_np(abs(code));

	return name ? name : "EUNKNOWN";
}
