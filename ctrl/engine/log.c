// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
static_assert(sizeof(names) / sizeof(names[0]) == LOG_LEVELS, "a name for each level");

static enum log_level limit = LOG_LEVEL_INFO; // const once threads run

bool log_level_parse(const char *name, enum log_level *level)
{
	for (unsigned i = 0; i < LOG_LEVELS; i++) {
		if (strcmp(name, names[i]) == 0) {
			*level = i;
			return true;
		}
	}
	return false;
}

void log_set_level(enum log_level level)
{
	limit = level;
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", names[level], text);
}
