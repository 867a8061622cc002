// SPDX-License-Identifier: BSD-3-Clause
#include "config_lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

// No configuration is nested deeper; the scan recurses, so a file must not choose the depth.
#define DEPTH_MAX 16
// No configuration has longer keys or more entries. Each entry costs memory for its path, which
// includes the keys above it.
#define KEY_MAX 64
#define ENTRIES_MAX (8u << 20)

struct entry {
	char *path;
	size_t line;
};

struct config_lines {
	struct entry *entries; // sorted by path once scanned
	size_t n, room;
};

struct scan {
	yaml_parser_t parser;
	struct config_lines *lines;
	struct config_fault *fault;
	unsigned depth;
};

static bool fail(struct scan *scan, size_t line, const char *text)
{
	scan->fault->line = line;
	snprintf(scan->fault->text, sizeof(scan->fault->text), "%s", text);
	return false;
}

// Takes over `path`.
static bool add(struct scan *scan, char *path, size_t line)
{
	struct config_lines *lines = scan->lines;

	if (lines->n == ENTRIES_MAX) {
		free(path);
		return fail(scan, line, "too many entries");
	}
	if (path && lines->n == lines->room) {
		size_t room = lines->room ? lines->room * 2 : 64;
		struct entry *entries = realloc(lines->entries, room * sizeof(*entries));

		if (entries) {
			lines->entries = entries;
			lines->room = room;
		}
	}
	if (!path || lines->n == lines->room) {
		free(path);
		return fail(scan, line, "out of memory");
	}
	lines->entries[lines->n++] = (struct entry){.path = path, .line = line};
	return true;
}

static bool next(struct scan *scan, yaml_event_t *event)
{
	if (yaml_parser_parse(&scan->parser, event))
		return true;
	if (scan->parser.error == YAML_MEMORY_ERROR)
		return fail(scan, 0, "out of memory");
	return fail(scan, scan->parser.problem_mark.line + 1,
		scan->parser.problem ? scan->parser.problem : "not YAML");
}

static bool scan_node(struct scan *scan, const char *path, const yaml_event_t *node);

static bool scan_value(struct scan *scan, const char *path)
{
	yaml_event_t value;
	bool ok;

	if (!next(scan, &value))
		return false;
	ok = scan_node(scan, path, &value);
	yaml_event_delete(&value);
	return ok;
}

// `key` opens one pair of the mapping at `path`.
static bool scan_pair(struct scan *scan, const char *path, const yaml_event_t *key)
{
	size_t line = key->start_mark.line + 1;
	char *child;

	if (key->type != YAML_SCALAR_EVENT)
		return fail(scan, line, "a key has to be a word");
	if (key->data.scalar.length > KEY_MAX)
		return fail(scan, line, "a key is too long");
	if (asprintf(&child, "%s%s%s", path, path[0] ? "." : "",
		    (const char *)key->data.scalar.value) < 0)
		child = NULL;
	return add(scan, child, line) && scan_value(scan, child);
}

static bool scan_entry(
	struct scan *scan, const char *path, unsigned index, const yaml_event_t *entry)
{
	char *child;

	if (asprintf(&child, "%s[%u]", path, index) < 0)
		child = NULL;
	return add(scan, child, entry->start_mark.line + 1) && scan_node(scan, child, entry);
}

static bool scan_collection(struct scan *scan, const char *path, bool mapping)
{
	yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (unsigned i = 0;; i++) {
		yaml_event_t event;
		bool ok, more;

		if (!next(scan, &event))
			return false;
		more = event.type != end;
		ok = !more ||
		     (mapping ? scan_pair(scan, path, &event) : scan_entry(scan, path, i, &event));
		yaml_event_delete(&event);
		if (!ok || !more)
			return ok;
	}
}

static bool scan_node(struct scan *scan, const char *path, const yaml_event_t *node)
{
	size_t line = node->start_mark.line + 1;
	bool ok;

	if (node->type == YAML_ALIAS_EVENT)
		return fail(scan, line, "aliases are not supported");
	if (node->type == YAML_SCALAR_EVENT)
		return true;
	if (++scan->depth > DEPTH_MAX)
		return fail(scan, line, "nested too deeply");
	ok = scan_collection(scan, path, node->type == YAML_MAPPING_START_EVENT);
	scan->depth--;
	return ok;
}

static bool scan_document(struct scan *scan)
{
	unsigned documents = 0;

	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		size_t line;
		bool ok = true;

		if (!next(scan, &event))
			return false;
		type = event.type;
		line = event.start_mark.line + 1;
		if (type == YAML_DOCUMENT_START_EVENT && documents++ > 0)
			ok = fail(scan, line, "a second document");
		else if (type >= YAML_ALIAS_EVENT)
			ok = scan_node(scan, "", &event);
		yaml_event_delete(&event);
		if (!ok)
			return false;
		if (type == YAML_STREAM_END_EVENT)
			return documents > 0 || fail(scan, line, "the file is empty");
	}
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static int compare(const void *a, const void *b)
{
	const struct entry *one = a, *two = b;
	int order = compare_paths(a, b);

	return order ? order : (one->line > two->line) - (one->line < two->line);
}

struct config_lines *config_lines_scan(const char *text, size_t len, struct config_fault *fault)
{
	struct scan scan = {.lines = calloc(1, sizeof(*scan.lines)), .fault = fault};
	bool ok;

	if (!scan.lines || !yaml_parser_initialize(&scan.parser)) {
		free(scan.lines);
		fail(&scan, 0, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&scan.parser, (const unsigned char *)text, len);
	ok = scan_document(&scan);
	yaml_parser_delete(&scan.parser);
	if (!ok) {
		config_lines_free(scan.lines);
		return NULL;
	}
	if (scan.lines->n)
		qsort(scan.lines->entries, scan.lines->n, sizeof(struct entry), compare);
	return scan.lines;
}

void config_lines_free(struct config_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->n; i++)
		free(lines->entries[i].path);
	free(lines->entries);
	free(lines);
}

// A repeated key is reported at its second place.
size_t config_lines_find(const struct config_lines *lines, const char *path)
{
	// bsearch() compares and never writes.
	const struct entry key = {.path = (char *)path};
	const struct entry *end, *entry;

	if (!lines->n)
		return 0;
	end = lines->entries + lines->n;
	entry = bsearch(&key, lines->entries, lines->n, sizeof(key), compare_paths);
	if (!entry)
		return 0;
	while (entry + 1 < end && strcmp(entry[1].path, path) == 0)
		entry++;
	return entry->line;
}
