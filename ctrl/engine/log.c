// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"

static const char *const names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
static_assert(sizeof(names) / sizeof(names[0]) == LOG_LEVELS, "a name for each level");

static enum log_level max_level = LOG_LEVEL_INFO; // const once threads run

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
	max_level = level;
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", names[level], text);
}

// ---- Limits --------------------------------------------------------------------------------

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// The rest: under the lock.
static LIST_HEAD(, log_limit) suppressing = LIST_HEAD_INITIALIZER(suppressing);

static void end_window(struct log_limit *limit)
{
	if (limit->suppressed > 0) {
		LIST_REMOVE(limit, entry);
		log_line(limit->level, "%u more lines were suppressed, the last one: %s",
			limit->suppressed, limit->text);
	}
	limit->written = limit->suppressed = 0;
}

void log_line_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
	const uint64_t now_ms = engine_now_ms();
	char text[1024];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pthread_mutex_lock(&lock);
	if (now_ms - limit->begin_ms >= LOG_WINDOW_MS) {
		end_window(limit);
		limit->begin_ms = now_ms;
	}
	if (limit->written < LOG_WINDOW_LINES) {
		limit->written++;
		log_line(level, "%s", text);
	} else {
		if (limit->suppressed++ == 0)
			LIST_INSERT_HEAD(&suppressing, limit, entry);
		limit->level = level;
		snprintf(limit->text, sizeof(limit->text), "%.*s", (int)sizeof(limit->text) - 1,
			text);
	}
	pthread_mutex_unlock(&lock);
}

void log_catch_up(void)
{
	const uint64_t now_ms = engine_now_ms();
	struct log_limit *limit, *next;

	pthread_mutex_lock(&lock);
	for (limit = LIST_FIRST(&suppressing); limit; limit = next) {
		next = LIST_NEXT(limit, entry);
		if (now_ms - limit->begin_ms >= LOG_WINDOW_MS)
			end_window(limit);
	}
	pthread_mutex_unlock(&lock);
}
