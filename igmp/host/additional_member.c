// SPDX-License-Identifier: BSD-3-Clause
#include "additional_member.h"
#include "group.h"
#include "host_private.h"

struct key {
	const struct group *group;
	const struct session *session;
};

static uint32_t hash_key(const struct key *key)
{
	return table_mix(table_mix((uintptr_t)key->group) ^ (uintptr_t)key->session) >> 16;
}

static bool has_key(const void *object, const void *arg)
{
	const struct further_member *further = object;
	const struct key *key = arg;

	return further->group == key->group && further->member.session == key->session;
}

static uint32_t hash(const struct further_member *further)
{
	return hash_key(&(struct key){further->group, further->member.session});
}

static struct further_member *further_of(struct member *member)
{
	return container_of(member, struct further_member, member);
}

struct member *further_find(
	const struct host *host, const struct group *group, const struct session *session)
{
	struct key key = {group, session};
	struct further_member *further;

	further = table_find(&host->member_table, hash_key(&key), has_key, &key);
	return further != NULL ? &further->member : NULL;
}

struct member *further_open(struct host *host, struct group *group)
{
	struct further_member *further = NULL;

	if (table_reserve(&host->member_table))
		further = pool_get(&host->member_pool);
	if (further == NULL)
		return NULL;
	further->group = group;
	further->member.further = true;
	return &further->member;
}

void further_close(struct member *member)
{
	pool_put(further_of(member));
}

void further_add(struct host *host, struct group *group, struct member *member)
{
	struct further_member *further = further_of(member);

	group->shared = true;
	group_rest(group)->n_further++;
	LIST_INSERT_HEAD(&group_rest(group)->pending, further, pending);
	table_put(&host->member_table, hash(further), further);
}

void further_remove(struct host *host, struct group *group, struct member *member)
{
	struct further_member *further = further_of(member);

	if (member->state != MEMBER_JOINED)
		LIST_REMOVE(further, pending);
	table_remove(&host->member_table, hash(further), further);
	group->shared = --group_rest(group)->n_further > 0;
}
