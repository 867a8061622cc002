// SPDX-License-Identifier: BSD-3-Clause
// The names of a section, sorted, so that checks of long lists take no quadratic time.
#ifndef CTRL_CONFIG_NAMES_H
#define CTRL_CONFIG_NAMES_H

#include "config_reader.h"

#define CONFIG_NAMES_NONE UINT_MAX

struct config_names {
	const char *section;
	const void *first;
	size_t stride;
	unsigned n;
	const void **sorted; // the entries by name, equal names in the order of the file
};

// The entries of `section` are structures of `stride` bytes that begin with their name. Complains
// of invalid names and of those that are given twice. False: no memory, which is reported.
bool config_names_open(struct config_names *names, struct config_reader *reader,
	const char *section, const void *first, size_t stride, unsigned n);
void config_names_close(struct config_names *names);

// The index of the first entry with that name, or CONFIG_NAMES_NONE.
unsigned config_names_find(const struct config_names *names, const char *name);

// For each entry of an array, the index of the first entry that is equal to it, possibly itself.
// The caller frees the result. NULL: n is 0, or there is no memory, which is reported.
unsigned *config_names_twins(struct config_reader *reader, const void *array, unsigned n,
	size_t size, int (*compare)(const void *a, const void *b));

#endif
