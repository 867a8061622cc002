// SPDX-License-Identifier: BSD-3-Clause
#include "additional_member.h"
#include "group.h"
#include "host_private.h"

struct member_key {
	const struct group *group;
	const struct session *session;
};

static uint32_t hash_key(const struct member_key *key)
{
	return hash_table_mix(hash_table_mix((uintptr_t)key->group) ^ (uintptr_t)key->session) >>
	       16;
}

static bool has_key(const void *object, const void *arg)
{
	const struct additional_member *additional = object;
	const struct member_key *key = arg;

	return additional->group == key->group && additional->member.session == key->session;
}

static uint32_t hash(const struct additional_member *additional)
{
	return hash_key(&(struct member_key){additional->group, additional->member.session});
}

static struct additional_member *additional_member_of(struct member *member)
{
	return container_of(member, struct additional_member, member);
}

struct member *additional_member_find(
	const struct host *host, const struct group *group, const struct session *session)
{
	struct member_key key = {group, session};
	struct additional_member *additional;

	additional = hash_table_find(&host->member_table, hash_key(&key), has_key, &key);
	return additional != NULL ? &additional->member : NULL;
}

struct member *additional_member_open(struct host *host, struct group *group)
{
	struct additional_member *additional = NULL;

	if (hash_table_reserve(&host->member_table))
		additional = pool_get(&host->member_pool);
	if (additional == NULL)
		return NULL;
	additional->group = group;
	additional->member.additional = true;
	return &additional->member;
}

void additional_member_close(struct member *member)
{
	pool_put(additional_member_of(member));
}

void additional_member_add(struct host *host, struct group *group, struct member *member)
{
	struct additional_member *additional = additional_member_of(member);

	group->has_additional = true;
	group_rest(group)->n_additional++;
	LIST_INSERT_HEAD(&group_rest(group)->pending, additional, pending);
	hash_table_put(&host->member_table, hash(additional), additional);
}

void additional_member_remove(struct host *host, struct group *group, struct member *member)
{
	struct additional_member *additional = additional_member_of(member);

	if (member->state != MEMBER_JOINED)
		LIST_REMOVE(additional, pending);
	hash_table_remove(&host->member_table, hash(additional), additional);
	group->has_additional = --group_rest(group)->n_additional > 0;
}
