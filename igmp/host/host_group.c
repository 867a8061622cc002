// SPDX-License-Identifier: BSD-3-Clause
// What can be read of a group.
#include <errno.h>

#include "group.h"
#include "host_private.h"

static bool has_pending(const struct group *group)
{
	return (group->has_additional && !LIST_EMPTY(&group_rest(group)->pending)) ||
	       (group->first.session != NULL && group->first.state != MEMBER_JOINED);
}

static enum host_group_state state_of(const struct group *group)
{
	if (group_members(group) == 0)
		return HOST_GROUP_LEAVING;
	return group_is_reported(group) || !has_pending(group) ? HOST_GROUP_JOINED
							       : HOST_GROUP_PENDING;
}

static unsigned count_sources(const struct group *group)
{
	const struct source_set *set = group_sources(group);
	const struct source *source;
	unsigned n = 0;

	if (set == NULL)
		return 0;
	if (group_mode(group) == SLUICE_INCLUDE)
		return set->n_included;
	if (group->n_exclude < set->n_buckets) {
		LIST_FOREACH (source, &set->buckets[group->n_exclude], bucket)
			n += source->includes == 0;
	}
	return n;
}

static void describe(const struct group *group, struct host_group_info *info)
{
	*info = (struct host_group_info){
		.mode = group_mode(group),
		.state = state_of(group),
		.n_members = group_members(group),
		.n_sources = count_sources(group),
	};
	group_address(group, &info->group);
}

int host_group_get(const struct host *host, const struct sluice_addr *addr,
	struct host_group_info *info, struct sluice_addr *sources, unsigned n)
{
	const struct group *group = NULL;
	const struct source *source;
	unsigned i = 0;

	if (addr->family == host->wire->family)
		group = group_find(host, addr->bytes);
	if (group == NULL)
		return -ENOENT;
	describe(group, info);
	if (!group->has_sources)
		return 0;
	TAILQ_FOREACH (source, &group_sources(group)->order, order) {
		if (i == n)
			break;
		if (!group_lists(group, source))
			continue;
		sources[i].family = addr->family;
		memcpy(sources[i++].bytes, source->addr, sizeof(source->addr));
	}
	return 0;
}
