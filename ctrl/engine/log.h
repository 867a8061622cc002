// SPDX-License-Identifier: BSD-3-Clause
// The operator's log of sluiced: one line an event on stderr, "LEVEL: text".
//
// Thread rule: any thread; a line is written whole.
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

// "error", "warning", "info" or "debug"; false if it is none of them.
bool log_level_parse(const char *name, enum log_level *level);

// Lines beyond this level are left out; LOG_LEVEL_INFO at first. Before any thread is started.
void log_set_level(enum log_level level);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
