// SPDX-License-Identifier: BSD-3-Clause
// The log of sluiced for the operator: one line per event on stderr, "LEVEL: text".
//
// Thread rule: any thread; a line is written as a whole.
#ifndef CTRL_LOG_H
#define CTRL_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVELS,
};

// "error", "warning", "info" or "debug"; returns false for other names.
bool log_level_parse(const char *name, enum log_level *level);

// Lines above this level are omitted; initially LOG_LEVEL_INFO. Call it before any thread is
// started.
void log_set_level(enum log_level level);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
