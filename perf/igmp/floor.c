// SPDX-License-Identifier: BSD-3-Clause
// The floors: the cost of joins that need only a table of groups, a little state and reports, and
// the least cost of leaves.
#include "bench.h"

#include <stdlib.h>

#define RECORDS 183 // of a 1500-byte frame

struct floor_entry {
	uint32_t group, state;
};

// Well mixed, because a multiplicative hash keeps consecutive groups together.
static uint32_t hash(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352d;
	x = (x ^ x >> 15) * 0x846ca68b;
	return x ^ x >> 16;
}

static unsigned sum(const uint8_t *p, size_t len)
{
	uint64_t total = 0;

	for (size_t i = 0; i < len; i += 4) {
		uint32_t word;

		memcpy(&word, p + i, sizeof(word));
		total += word;
	}
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

double floor_join(unsigned n)
{
	static uint8_t frame[8 + RECORDS * 8];
	unsigned checksum = 0;
	unsigned bits = 1;

	while (1u << bits < 2 * n)
		bits++;
	struct floor_entry *table = calloc(1u << bits, sizeof(*table));
	if (!table)
		abort();

	double start = bench_cpu();
	for (unsigned i = 0; i < n; i++) {
		uint32_t group = 239u << 24 | i, mask = (1u << bits) - 1;
		uint32_t at = hash(group) & mask;

		while (table[at].group)
			at = (at + 1) & mask;
		table[at] = (struct floor_entry){group, 2};

		uint8_t *record = frame + 8 + i % RECORDS * 8;
		memcpy(record, "\4\0\0\0", 4);
		memcpy(record + 4, &group, sizeof(group));
		if (i % RECORDS == RECORDS - 1 || i == n - 1)
			checksum += sum(frame, sizeof(frame));
	}
	double seconds = bench_cpu() - start;

	// Keeps the compiler from removing the sums.
	__asm__ volatile("" : : "r"(checksum));
	free(table);
	return seconds;
}

// A record as large as the host's state of a group, beginning with the word that a leave must read.
struct floor_record {
	uint32_t joined;
	uint8_t rest[124];
};

double floor_leave(const unsigned *order, unsigned n)
{
	unsigned bits = 1, missing = 0;

	while (1u << bits < 2 * n)
		bits++;
	uint32_t mask = (1u << bits) - 1;
	struct floor_entry *table = calloc(1u << bits, sizeof(*table));
	struct floor_record *records = calloc(n, sizeof(*records));
	if (!table || !records)
		abort();
	for (unsigned i = 0; i < n; i++) {
		uint32_t group = 239u << 24 | i, at = hash(group) & mask;

		while (table[at].group)
			at = (at + 1) & mask;
		table[at] = (struct floor_entry){group, i};
		records[i].joined = 1;
	}

	double start = bench_cpu();
	for (unsigned i = 0; i < n; i++) {
		uint32_t group = 239u << 24 | order[i], at = hash(group) & mask;

		while (table[at].group != group)
			at = (at + 1) & mask;
		missing += !records[table[at].state].joined;
		records[table[at].state].joined = 0;
	}
	double seconds = bench_cpu() - start;

	if (missing)
		abort();
	free(records);
	free(table);
	return seconds;
}
