// SPDX-License-Identifier: BSD-3-Clause
#include "config_names.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef int (*compare_fn)(const void *a, const void *b);

static const char *name_of(const void *entry)
{
	return *(char *const *)entry;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(a), name_of(b));
}

// Equal entries stay in the order of the array.
static int compare_entries(const void *a, const void *b, void *arg)
{
	const char *one = *(const char *const *)a, *two = *(const char *const *)b;
	const compare_fn *compare = arg;
	int order = (*compare)(one, two);

	return order ? order : (one > two) - (one < two);
}

static const void **sort(struct config_reader *reader, const void *array, unsigned n, size_t size,
	compare_fn compare)
{
	const void **sorted = config_reader_array(reader, n, sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		sorted[i] = (const char *)array + i * size;
	qsort_r(sorted, n, sizeof(*sorted), compare_entries, &compare);
	return sorted;
}

unsigned config_names_find(const struct config_names *names, const char *name)
{
	unsigned from = 0, to = names->n;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (strcmp(name_of(names->sorted[middle]), name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == names->n || strcmp(name_of(names->sorted[from]), name) != 0)
		return CONFIG_NAMES_NONE;
	return ((const char *)names->sorted[from] - (const char *)names->first) / names->stride;
}

static void check(const struct config_names *names, struct config_reader *reader)
{
	for (unsigned i = 0; i < names->n; i++) {
		struct config_path path = config_reader_path("%s[%u].name", names->section, i);
		const char *name = name_of((const char *)names->first + i * names->stride);

		if (!config_name_is_valid(name))
			config_reader_complain(reader, &path,
				"\"%s\" is not a name (letters, digits, . _ - and at most %u of "
				"them)",
				name, CONFIG_NAME_MAX);
		else if (config_names_find(names, name) < i)
			config_reader_complain(reader, &path, "\"%s\" is given twice", name);
	}
}

bool config_names_open(struct config_names *names, struct config_reader *reader,
	const char *section, const void *first, size_t stride, unsigned n)
{
	*names =
		(struct config_names){.section = section, .first = first, .stride = stride, .n = n};
	names->sorted = sort(reader, first, n, stride, compare_names);
	if (n > 0 && !names->sorted)
		return false;
	check(names, reader);
	return true;
}

void config_names_close(struct config_names *names)
{
	free(names->sorted);
	*names = (struct config_names){.n = 0};
}

unsigned *config_names_twins(struct config_reader *reader, const void *array, unsigned n,
	size_t size, int (*compare)(const void *a, const void *b))
{
	const void **sorted = sort(reader, array, n, size, compare);
	unsigned *twins = sorted ? config_reader_array(reader, n, sizeof(*twins)) : NULL;
	unsigned first = 0;

	for (unsigned i = 0; twins && i < n; i++) {
		unsigned index = ((const char *)sorted[i] - (const char *)array) / size;

		if (i == 0 || compare(sorted[i - 1], sorted[i]) != 0)
			first = index;
		twins[index] = first;
	}
	free(sorted);
	return twins;
}
