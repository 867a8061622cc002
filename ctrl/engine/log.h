// SPDX-License-Identifier: BSD-3-Clause
// The log of sluiced for the operator: one line per event on stderr, "LEVEL: text". Lines that a
// client, a driver or the network can cause are limited, so that they cannot fill the disk. Lines
// that cannot be written at once, because the disk is full or the reader has stopped, are lost; the
// next line that can says how many.
//
// Thread rule: any thread; a line is written as a whole.
#ifndef CTRL_LOG_H
#define CTRL_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

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

// What one place of the code, or one class of lines, has written of late. Zeroed at first.
struct log_limit {
	LIST_ENTRY(log_limit) entry; // while lines are suppressed
	uint64_t begin_ms; // of the window
	unsigned written, suppressed; // in the window
	enum log_level level; // of the last line that was suppressed
	char text[128];
};
enum { LOG_WINDOW_MS = 10000, LOG_WINDOW_LINES = 10 };

// Writes LOG_WINDOW_LINES per window. How many more there were is said once, when it has ended: by
// the next line, or by log_catch_up().
__attribute__((format(printf, 3, 4))) void log_line_limited(
	struct log_limit *limit, enum log_level level, const char *format, ...);
void log_catch_up(void);

// Each use has a limit of its own.
#define log_limited(level, ...)                                                                    \
	do {                                                                                       \
		static struct log_limit limit;                                                     \
		log_line_limited(&limit, level, __VA_ARGS__);                                      \
	} while (0)

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
