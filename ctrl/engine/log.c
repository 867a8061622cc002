// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

// ---- Writing -------------------------------------------------------------------------------

static atomic_uint lost; // lines since the last one that was written
static atomic_bool broken; // the last line that was written lacks its end

// Writes without waiting: a reader that has stopped must not stop the daemon. A pipe or socket that
// is writable has room for a line.
static bool write_text(const char *text, int len)
{
	struct pollfd out = {.fd = fileno(stderr), .events = POLLOUT};
	ssize_t n;

	if (poll(&out, 1, 0) <= 0 || !(out.revents & POLLOUT))
		return false;
	n = write(out.fd, text, (size_t)len);
	if (n > 0)
		atomic_store(&broken, n < len);
	return n == len;
}

void log_line(enum log_level level, const char *format, ...)
{
	const unsigned n_lost = atomic_load(&lost);
	char text[1024], line[1200], before[80] = "";
	va_list args;
	int len;

	if (level > max_level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n_lost > 0)
		snprintf(before, sizeof(before),
			"%swarning: %u lines could not be written and are lost\n",
			atomic_load(&broken) ? "\n" : "", n_lost);
	len = snprintf(line, sizeof(line), "%s%s: %s\n", before, names[level], text);
	if (write_text(line, len))
		atomic_fetch_sub(&lost, n_lost);
	else
		atomic_fetch_add(&lost, 1);
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
