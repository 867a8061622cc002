// SPDX-License-Identifier: BSD-3-Clause
// The record of a group: the merge of its members' filters, kept by counting for each source the
// members that include and exclude it. A change costs by the sources it concerns.
#include <endian.h>
#include <errno.h>

#include "address.h"
#include "machine.h"

#define RUN 8 // groups in a row whose slots share a cache line

struct key {
	uint64_t prefix; // of an IPv6 address, the upper half
	uint64_t number;
};

static struct key key_of(const struct host *host, const uint8_t addr[16])
{
	struct key key = {.prefix = 0};

	if (host->wire->family == AF_INET) {
		key.number = (uint32_t)wire_get16(addr) << 16 | wire_get16(addr + 2);
	} else {
		memcpy(&key.prefix, addr, sizeof(key.prefix));
		memcpy(&key.number, addr + 8, sizeof(key.number));
		key.number = be64toh(key.number);
	}
	return key;
}

// Line-ups number their groups in a row: those meet in one line of the table. What is above is
// mixed well, and with the seed, so that nobody can choose groups that collide.
static uint32_t hash_key(const struct host *host, struct key key)
{
	uint64_t prefix = table_mix(key.prefix ^ host->config.seed);

	return (uint32_t)(table_mix(table_mix(prefix ^ key.number / RUN)) >> 32) * RUN +
	       key.number % RUN;
}

static uint32_t hash_address(const struct host *host, const uint8_t addr[16])
{
	return hash_key(host, key_of(host, addr));
}

static bool has_address(const void *group, const void *addr)
{
	return memcmp(((const struct group *)group)->addr, addr, 16) == 0;
}

struct group *group_find(const struct host *host, const uint8_t addr[16])
{
	struct key key = key_of(host, addr);
	uint32_t hash = hash_key(host, key);

	// Who asks for the first of a run is likely to ask for the next run soon.
	if (key.number % RUN == 0) {
		key.number += RUN;
		table_fetch(&host->group_table, hash_key(host, key));
	}
	return table_find(&host->group_table, hash, has_address, addr);
}

void group_address(const struct group *group, struct sluice_addr *addr)
{
	addr->family = host_family(group_host(group));
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
	group->ssm = host_is_ssm(host, &addr);
	group->silent = is_silent(host, &addr);
}

struct group *group_add(struct host *host, const struct sluice_addr *addr)
{
	struct group *group;

	if (!table_reserve(&host->group_table) ||
		!queue_resize(&host->queue, host->group_table.count + 1))
		return NULL;
	group = pool_get(&host->group_pool);
	if (group == NULL)
		return NULL;
	memcpy(group->addr, addr->bytes, sizeof(group->addr));
	group->told_mode = SLUICE_INCLUDE;
	group_classify(host, group);
	table_put(&host->group_table, hash_address(host, group->addr), group);
	return group;
}

void group_free(struct host *host, struct group *group)
{
	answer_forget(host, group);
	if (group->sourced) {
		struct source *source;

		while ((source = TAILQ_FIRST(&group_sources(group)->order)) != NULL) {
			source_settle(group_sources(group), source);
			source_tell(group_sources(group), source, false);
			source_put(group_sources(group), source);
		}
		source_set_close(group_sources(group), &host->memory);
	}
	table_remove(&host->group_table, hash_address(host, group->addr), group);
	pool_put(group);
	queue_resize(&host->queue, host->group_table.count);
}

int group_reserve(struct host *host, struct group *group, unsigned n)
{
	if (n == 0 && !group->sourced)
		return 0;
	if (!group->sourced) {
		group_rest(group)->sources = source_set_open(&host->memory);
		if (group_rest(group)->sources == NULL)
			return -ENOMEM;
		group->sourced = true;
	}
	if (!pool_reserve(&host->source_pool, n) ||
		!source_set_reserve(group_sources(group), group->n_exclude + 1, &host->memory))
		return -ENOMEM;
	return 0;
}

// One member more or less lists the source. It stays until its change has been told.
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

	if (group->n_exclude == 0 || group->n_exclude >= set->n_ranks)
		return;
	LIST_FOREACH (source, &set->ranks[group->n_exclude], rank)
		source_touch(set, source);
}

static const struct filter_view nothing;

// Only the sources in one of two sorted lists count. Those that come in are counted before those
// that go out, since the pool's reserve holds only until something is put back.
static void merge_lists(struct host *host, struct group *group, enum sluice_filter_mode mode,
	const struct filter_view *without, const struct filter_view *with, int by)
{
	struct source_set *set = group_sources(group);
	struct source_run run;
	unsigned i = 0;

	source_run_begin(&run, set, &host->source_pool, with->n);
	for (unsigned k = 0; k < with->n; k++) {
		int order = 1;

		while (i < without->n && (order = address_compare(without->sources[i].bytes,
						  with->sources[k].bytes)) < 0)
			i++;
		if (i == without->n || order != 0)
			count_source(set, mode, source_run_get(&run, with->sources[k].bytes), by);
	}
	source_run_end(&run);
}

// Not in line: most groups have no sources, and what this needs would cost them, too.
static __attribute__((noinline)) void merge_sources(struct host *host, struct group *group,
	const struct filter_view *before, const struct filter_view *after, int excludes)
{
	bool same = before->mode == after->mode;

	// Sources all members excluded need not be any more, and the other way round.
	if (excludes != 0)
		touch_blocked(group);
	if (after->n > 0)
		merge_lists(host, group, after->mode, same ? before : &nothing, after, 1);
	if (before->n > 0)
		merge_lists(host, group, before->mode, same ? after : &nothing, before, -1);
	group->n_exclude += excludes;
	if (excludes != 0)
		touch_blocked(group);
}

void group_merge(struct host *host, struct group *group, const struct filter_view *before,
	const struct filter_view *after)
{
	int excludes = (after->mode == SLUICE_EXCLUDE) - (before->mode == SLUICE_EXCLUDE);

	if (group->sourced)
		merge_sources(host, group, before, after, excludes);
	else
		group->n_exclude += excludes;
	change_note(host, group);
}

void group_merge_source(struct host *host, struct group *group, enum sluice_filter_mode mode,
	const struct sluice_addr *source, int by)
{
	struct source_set *set = group_sources(group);

	count_source(set, mode, source_get(set, &host->source_pool, source->bytes), by);
	change_note(host, group);
}
