// SPDX-License-Identifier: BSD-3-Clause
#include "config_reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct config_path config_reader_path(const char *format, ...)
{
	struct config_path path;
	va_list args;

	va_start(args, format);
	vsnprintf(path.text, sizeof(path.text), format, args);
	va_end(args);
	return path;
}

static void report(struct config_reader *reader, size_t line, const char *text)
{
	char full[1024];

	if (reader->out_of_memory)
		return;
	if (line)
		snprintf(full, sizeof(full), "%s:%zu: %s", reader->file, line, text);
	else
		snprintf(full, sizeof(full), "%s: %s", reader->file, text);
	// A value may contain anything, but the report must be one line.
	for (char *c = full; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	reader->report(reader->arg, full);
}

void config_reader_report(struct config_reader *reader, size_t line, const char *text)
{
	reader->problems++;
	report(reader, line, text);
}

void config_reader_complain(
	struct config_reader *reader, const struct config_path *path, const char *format, ...)
{
	char text[512];
	va_list args;
	int n = snprintf(text, sizeof(text), "%s: ", path->text);

	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	config_reader_report(reader, config_lines_find(reader->lines, path->text), text);
}

void config_reader_warn(
	struct config_reader *reader, const struct config_path *path, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "warning: %s: %s", path->text, text);
	report(reader, config_lines_find(reader->lines, path->text), line);
}

void config_reader_no_memory(struct config_reader *reader)
{
	config_reader_report(reader, 0, "out of memory");
	reader->out_of_memory = true;
}

void *config_reader_array(struct config_reader *reader, unsigned n, size_t size)
{
	void *array = n ? calloc(n, size) : NULL;

	if (n && !array)
		config_reader_no_memory(reader);
	return array;
}
