// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane_error.h"
#include <stdarg.h>
#include <stdio.h>

int dataplane_error_set(struct dataplane_error *error, int code, const char *format, ...)
{
	va_list args;

	if (error != NULL) {
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return -code;
}
