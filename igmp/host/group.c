// SPDX-License-Identifier: BSD-3-Clause
// The record of a group: the merge of the filters of its members. For each source it counts the
// members that include and exclude it, so that a change costs in proportion to the sources in it.
#include <endian.h>
#include <errno.h>

#include "address.h"
#include "group.h"
#include "host_private.h"

#define RUN 8 // consecutive groups whose slots share a cache line
#define RUNS_MASK (UINT32_MAX / RUN)

// Channel line-ups use consecutive groups: they share a cache line of the table. The upper bits are
// mixed with the seed, so that nobody can choose groups that collide. For IPv4 each step can be
// inverted, so that no two groups share a hash.
static uint32_t hash_ipv4(const struct host *host, uint32_t number)
{
	uint64_t seed = host->hash_seed;
	uint32_t run = (number / RUN ^ seed >> 32) & RUNS_MASK;

	run = run * ((uint32_t)seed | 1) & RUNS_MASK;
	run ^= run >> 15;
	run = run * 0x9e3779b1 & RUNS_MASK;
	run ^= run >> 14;
	return run * RUN + number % RUN;
}

static uint32_t hash_ipv6(const struct host *host, uint64_t prefix, uint64_t number)
{
	prefix = hash_table_mix(prefix ^ host->hash_seed);
	return (uint32_t)(hash_table_mix(hash_table_mix(prefix ^ number / RUN)) >> 32) * RUN +
	       number % RUN;
}

static uint64_t read_be64(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

static uint32_t read_be32(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return be32toh(word);
}

static uint32_t hash_address(const struct host *host, const uint8_t addr[16])
{
	if (host->wire->family == AF_INET)
		return hash_ipv4(host, read_be32(addr));
	return hash_ipv6(host, read_be64(addr), read_be64(addr + 8));
}

static bool has_address(const void *group, const void *addr)
{
	return memcmp(((const struct group *)group)->addr, addr, 16) == 0;
}

// A lookup of the first group of a run is likely to be followed by one in the next run.
static struct group *find_ipv4(const struct host *host, uint32_t number)
{
	if (number % RUN == 0)
		hash_table_fetch(&host->group_table, hash_ipv4(host, number + RUN));
	return hash_table_find(&host->group_table, hash_ipv4(host, number), NULL, NULL);
}

static struct group *find_ipv6(const struct host *host, const uint8_t addr[16])
{
	uint64_t prefix = read_be64(addr);
	uint64_t number = read_be64(addr + 8);

	if (number % RUN == 0)
		hash_table_fetch(&host->group_table, hash_ipv6(host, prefix, number + RUN));
	return hash_table_find(
		&host->group_table, hash_ipv6(host, prefix, number), has_address, addr);
}

struct group *group_find(const struct host *host, const uint8_t addr[16])
{
	return host->wire->family == AF_INET ? find_ipv4(host, read_be32(addr))
					     : find_ipv6(host, addr);
}

void group_address(const struct group *group, struct sluice_addr *addr)
{
	addr->family = group_host(group)->wire->family;
	memcpy(addr->bytes, group->addr, sizeof(addr->bytes));
}

static bool is_silent(const struct host *host, const struct sluice_addr *addr)
{
	static const struct sluice_addr control = {AF_INET, {224, 0, 0, 0}};

	if (address_is_unreported(addr))
		return true;
	return !host->config.report_link_local && address_in_prefix(addr, &control, 24);
}

void group_classify(struct host *host, struct group *group)
{
	struct sluice_addr addr;

	group_address(group, &addr);
	group->ssm = host_config_is_ssm(host, &addr);
	group->silent = is_silent(host, &addr);
}

static void exclude_from_listings(struct host *host, const struct group *group)
{
	uint32_t number = pool_number(group);
	struct host_listing *listing;

	LIST_FOREACH (listing, &host->listings, entry)
		if (number < listing->end)
			listing->joined_since[number / 64] |= UINT64_C(1) << number % 64;
}

struct group *group_add(struct host *host, const struct sluice_addr *addr)
{
	struct group *group;

	if (!hash_table_reserve(&host->group_table) ||
		!group_queue_resize(&host->queue, host->group_table.count + 1))
		return NULL;
	group = pool_get(&host->group_pool);
	if (group == NULL)
		return NULL;
	memcpy(group->addr, addr->bytes, sizeof(group->addr));
	group->reported_mode = SLUICE_INCLUDE;
	group_classify(host, group);
	if (!LIST_EMPTY(&host->listings))
		exclude_from_listings(host, group);
	hash_table_put(&host->group_table, hash_address(host, group->addr), group);
	return group;
}

void group_free(struct host *host, struct group *group)
{
	struct source_set *set = group_sources(group);

	if (set != NULL) {
		struct source *source;

		while ((source = TAILQ_FIRST(&set->order)) != NULL) {
			source_set_reported(set, source, false);
			source_settle(set, source);
		}
		source_set_close(set, &host->memory);
	}
	hash_table_remove(&host->group_table, hash_address(host, group->addr), group);
	pool_put(group);
	group_queue_resize(&host->queue, host->group_table.count);
}

int group_reserve_sources(struct host *host, struct group *group, unsigned n)
{
	if (!group->has_sources) {
		group_rest(group)->sources = source_set_open(&host->memory);
		if (group_rest(group)->sources == NULL)
			return -ENOMEM;
		group->has_sources = true;
	}
	if (!pool_reserve(&host->source_pool, n) ||
		!source_set_reserve(group_sources(group), group->n_exclude + 1, &host->memory))
		return -ENOMEM;
	return 0;
}

// One member more or less lists the source. It stays until its change has been reported.
static void count_source(
	struct source_set *set, enum sluice_filter_mode mode, struct source *source, int by)
{
	if (mode == SLUICE_INCLUDE)
		source_include(set, source, by);
	else
		source_exclude(set, source, by);
}

static void touch_blocked(struct group *group)
{
	struct source_set *set = group_sources(group);
	struct source *source;

	if (group->n_exclude == 0 || group->n_exclude >= set->n_buckets)
		return;
	LIST_FOREACH (source, &set->buckets[group->n_exclude], bucket)
		source_touch(set, source);
}

static const struct sluice_source_filter nothing;

// Counts the sources that are in one of two sorted lists only. Added sources are counted before
// removed ones, because the reserve of the pool holds only until an object is put back.
static void merge_lists(struct host *host, struct group *group, enum sluice_filter_mode mode,
	const struct sluice_source_filter *without, const struct sluice_source_filter *with, int by)
{
	struct source_set *set = group_sources(group);
	struct source_run run;
	unsigned i = 0;

	source_run_begin(&run, set, &host->source_pool, with->n_sources);
	for (unsigned k = 0; k < with->n_sources; k++) {
		int order = 1;

		while (i < without->n_sources && (order = address_compare(without->sources[i].bytes,
							  with->sources[k].bytes)) < 0)
			i++;
		if (i == without->n_sources || order != 0)
			count_source(set, mode, source_run_get(&run, with->sources[k].bytes), by);
	}
	source_run_end(&run);
}

// Not inlined: most groups have no sources and should not pay for saved registers.
static __attribute__((noinline)) void merge_sources(struct host *host, struct group *group,
	const struct sluice_source_filter *before, const struct sluice_source_filter *after,
	int excludes)
{
	bool same = before->mode == after->mode;

	// Sources that all members exclude change with the number of members in EXCLUDE.
	if (excludes != 0)
		touch_blocked(group);
	if (after->n_sources > 0)
		merge_lists(host, group, after->mode, same ? before : &nothing, after, 1);
	if (before->n_sources > 0)
		merge_lists(host, group, before->mode, same ? after : &nothing, before, -1);
	group->n_exclude += excludes;
	if (excludes != 0)
		touch_blocked(group);
}

void group_merge(struct host *host, struct group *group, const struct sluice_source_filter *before,
	const struct sluice_source_filter *after)
{
	int excludes = (after->mode == SLUICE_EXCLUDE) - (before->mode == SLUICE_EXCLUDE);

	if (group->has_sources)
		merge_sources(host, group, before, after, excludes);
	else
		group->n_exclude += excludes;
}

void group_merge_source(struct host *host, struct group *group, enum sluice_filter_mode mode,
	const struct sluice_addr *source, int by)
{
	struct source_set *set = group_sources(group);

	count_source(set, mode, source_get(set, &host->source_pool, source->bytes), by);
}
