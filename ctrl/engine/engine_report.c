// SPDX-License-Identifier: BSD-3-Clause
// Reports to the operator what a reload did.
#include <stdarg.h>
#include <stdio.h>
#include "engine_private.h"

static void tell(struct engine_report *report, const char *format, va_list args)
{
	char line[512];

	if (report->tell == NULL)
		return;
	vsnprintf(line, sizeof(line), format, args);
	report->tell(report->arg, line);
}

void engine_report_note(struct engine_report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(report, format, args);
	va_end(args);
}

void engine_report_refuse(struct engine_report *report, const char *format, ...)
{
	va_list args;

	report->refused++;
	va_start(args, format);
	tell(report, format, args);
	va_end(args);
}

// ---- The summary ---------------------------------------------------------------------------

struct text {
	char *at;
	size_t room;
	const char *separator;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list args;
	size_t n;

	n = (size_t)snprintf(text->at, text->room, "%s", text->separator);
	n = n < text->room ? n : text->room - 1;
	text->at += n;
	text->room -= n;
	va_start(args, format);
	n = (size_t)vsnprintf(text->at, text->room, format, args);
	va_end(args);
	n = n < text->room ? n : text->room - 1;
	text->at += n;
	text->room -= n;
	text->separator = ", ";
}

// "+1000 -1 memberships"
static void add_difference(struct text *text, unsigned more, unsigned less, const char *noun)
{
	const char *plural = more + less == 1 ? "" : "s";

	if (more > 0 && less > 0)
		add(text, "+%u -%u %s%s", more, less, noun, plural);
	else if (more > 0)
		add(text, "+%u %s%s", more, noun, plural);
	else if (less > 0)
		add(text, "-%u %s%s", less, noun, plural);
}

void engine_report_text(const struct engine_report *report, char *text, size_t size)
{
	struct text at = {text, size, ""};

	add_difference(&at, report->joined, report->left, "membership");
	if (report->changed > 0)
		add(&at, "%u changed", report->changed);
	add_difference(&at, report->outputs_opened, report->outputs_closed, "output");
	if (report->refused > 0)
		add(&at, "%u refused", report->refused);
	if (report->undelivered > 0)
		add(&at, "%u without an output now", report->undelivered);
	if (report->limits)
		add(&at, "new limits");
	if (report->protocol)
		add(&at, "new protocol settings");
	if (report->control)
		add(&at, "new control settings");
	if (at.at == text)
		add(&at, "no difference");
}
