// SPDX-License-Identifier: BSD-3-Clause
#include "workload.h"
#include "aligned_memory.h"
#include <stdio.h>
#include <stdlib.h>

const struct workload_size workload_sizes[SIZES] = {
	{"1k", 1000},
	{"64k", 64000},
	{"1M", 1000000},
};

unsigned workload_rounds = 201;

void workload_must(int rc, const char *what)
{
	if (!rc)
		return;
	fprintf(stderr, "perf: %s: %d\n", what, rc);
	exit(2);
}

struct rte_ring *workload_ring(unsigned number, unsigned size)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "bare%u", number);
	ring = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_EXACT_SZ | RING_F_SC_DEQ);
	workload_must(ring ? 0 : -1, "ring");
	return ring;
}

uint32_t workload_random(uint32_t below)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * below >> 32);
}

// A multiplication by an odd number permutes the 28 bits of an IPv4 group.
uint32_t workload_group4(uint32_t number)
{
	return rte_cpu_to_be_32(0xe0000000 | ((number * 0x9e3779b1u + 0x1234567) & 0x0fffffff));
}

struct sluice_addr workload_group(uint16_t family, uint32_t number)
{
	struct sluice_addr group = {.family = family};
	uint32_t group_be = workload_group4(number);

	if (family == AF_INET) {
		memcpy(group.bytes, &group_be, sizeof(group_be));
		return group;
	}
	group.bytes[0] = 0xff;
	group.bytes[1] = 0x3e;
	memcpy(group.bytes + 12, &group_be, sizeof(group_be));
	return group;
}

uint32_t *workload_keys4(unsigned n, unsigned n_groups, unsigned percent)
{
	uint32_t *keys = malloc(n * sizeof(*keys));

	workload_must(keys ? 0 : -1, "memory");
	for (unsigned i = 0; i < n; i++) {
		bool hit = workload_random(100) < percent;

		keys[i] = workload_group4(workload_random(n_groups) + (hit ? 0 : n_groups));
	}
	return keys;
}

struct group_key *workload_keys6(const uint32_t *keys4, unsigned n)
{
	struct group_key *keys = calloc(n, sizeof(*keys));

	workload_must(keys ? 0 : -1, "memory");
	for (unsigned i = 0; i < n; i++) {
		uint8_t *bytes = (uint8_t *)&keys[i];

		bytes[0] = 0xff;
		bytes[1] = 0x3e;
		memcpy(bytes + 12, &keys4[i], sizeof(keys4[i]));
	}
	return keys;
}

struct group_table *workload_table(
	uint16_t family, unsigned n_groups, struct reclaim *reclaim, struct fanout *fanout)
{
	struct group_table *table;

	workload_must(group_table_create(family, 1, reclaim, &table), "table");
	for (unsigned i = 0; i < n_groups; i++) {
		struct sluice_addr group = workload_group(family, i);

		workload_must(group_table_put(table, &group, fanout), "put");
		reclaim_poll(reclaim);
	}
	return table;
}

void workload_table_free(struct group_table *table, unsigned n_groups)
{
	for (unsigned i = 0; i < n_groups; i++) {
		struct sluice_addr group = workload_group(table->family, i);

		group_table_remove(table, &group);
	}
	group_table_destroy(table);
}
