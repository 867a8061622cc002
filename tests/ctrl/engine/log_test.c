// SPDX-License-Identifier: BSD-3-Clause
// The limit of log lines: a flood is a few lines and the number of the others.
#include "log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *written;

static void set_up(void)
{
	written = tmpfile();
	cr_assert_not_null(written);
	cr_assert(dup2(fileno(written), STDERR_FILENO) >= 0);
}

static void tear_down(void)
{
	fclose(written);
}

TestSuite(log, .init = set_up, .fini = tear_down);

// Reads what was written; returns the number of lines.
static unsigned read_back(char *text, size_t size)
{
	ssize_t len;
	unsigned n = 0;

	fflush(stderr);
	len = pread(fileno(written), text, size - 1, 0);
	cr_assert(len >= 0);
	text[len] = '\0';
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void flood(struct log_limit *limit, unsigned n)
{
	for (unsigned i = 1; i <= n; i++)
		log_line_limited(limit, LOG_LEVEL_WARNING, "client %u is refused", i);
}

Test(log, flood)
{
	struct log_limit limit = {.begin_ms = 0}, other = {.begin_ms = 0};
	char text[8192];

	flood(&limit, 10000);
	cr_expect_eq(read_back(text, sizeof(text)), LOG_WINDOW_LINES);
	flood(&other, 1);
	cr_expect_eq(read_back(text, sizeof(text)), LOG_WINDOW_LINES + 1, "a limit for each");
	log_catch_up();
	cr_expect_eq(read_back(text, sizeof(text)), LOG_WINDOW_LINES + 1, "before its time");
	limit.begin_ms -= LOG_WINDOW_MS;
	log_catch_up();
	log_catch_up();
	cr_expect_eq(read_back(text, sizeof(text)), LOG_WINDOW_LINES + 2);
	cr_expect_not_null(strstr(text, "warning: 9990 more lines were suppressed, the last one: "
					"client 10000 is refused\n"),
		"%s", text);
}

Test(log, next_line_says_what_was_suppressed)
{
	struct log_limit limit = {.begin_ms = 0};
	char text[8192];

	flood(&limit, LOG_WINDOW_LINES + 5);
	limit.begin_ms -= LOG_WINDOW_MS;
	flood(&limit, 1);
	cr_expect_eq(read_back(text, sizeof(text)), LOG_WINDOW_LINES + 2);
	cr_expect_not_null(strstr(text, "5 more lines were suppressed"), "%s", text);
	log_catch_up();
	cr_expect_eq(read_back(text, sizeof(text)), LOG_WINDOW_LINES + 2);
}

Test(log, level_comes_first)
{
	struct log_limit limit = {.begin_ms = 0};
	char text[8192];

	log_set_level(LOG_LEVEL_ERROR);
	flood(&limit, 100);
	cr_expect_eq(read_back(text, sizeof(text)), 0);
	cr_expect_eq(limit.written, 0);
}
