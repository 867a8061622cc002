// SPDX-License-Identifier: BSD-3-Clause
// The calls that change memberships (PROTOCOL section API). Each is a transaction: judge, reserve
// all memory, let the data plane publish or refuse, then commit, which cannot fail (API-41).
#include <errno.h>

#include "address.h"
#include "machine.h"
#include "memory.h"

// ---- Finding --------------------------------------------------------------------------------

struct member_key {
	const struct group *group;
	const struct session *session;
};

static uint32_t hash_key(const struct member_key *key)
{
	return table_mix(table_mix((uintptr_t)key->group) ^ (uintptr_t)key->session) >> 16;
}

static bool has_key(const void *object, const void *arg)
{
	const struct member *member = object;
	const struct member_key *key = arg;

	return member->group == key->group && member->session == key->session;
}

static struct member *find(const struct host *host, const struct member_key *key)
{
	struct member *first = key->group != NULL ? key->group->first : NULL;

	if (first != NULL && first->session == key->session)
		return first;
	if (key->group == NULL || key->group->n_members == (first != NULL))
		return NULL;
	return table_find(&host->member_table, hash_key(key), has_key, key);
}

struct member *member_find(
	const struct session *session, const struct host *host, const struct sluice_addr *group)
{
	struct member_key key = {group_find(host, group->bytes), session};

	return group->family == host_family(host) ? find(host, &key) : NULL;
}

// ---- Judging --------------------------------------------------------------------------------

static int judge_group(const struct host *host, const struct sluice_addr *group)
{
	if (group->family != host_family(host) || !address_is_multicast(group))
		return -EINVAL;
	return 0;
}

static int judge_source(const struct host *host, const struct sluice_addr *source)
{
	if (source->family != host_family(host) || !address_is_source(source))
		return -EINVAL;
	return 0;
}

static int judge_count(const struct session *session, const struct host *host, unsigned n_sources)
{
	if (n_sources > host->config.max_sources || n_sources > session->limits.sources)
		return -ENOBUFS;
	return 0;
}

// ---- Changing -------------------------------------------------------------------------------

static const struct filter_view nothing = {.mode = SLUICE_INCLUDE};

static int publish(const struct member *member, const struct filter_view *filter)
{
	struct host *host = group_host(member->group);
	struct sluice_addr group;
	struct member_change change = {
		.session = member->session,
		.group = &group,
		.mode = filter->mode,
		.n_sources = filter->n,
		.sources = filter->sources,
	};

	group_address(member->group, &group);
	return host->ops->publish(host->ctx, host, &change);
}

// Groups without members and without anything left to say are nobody's.
static void group_release(struct group *group)
{
	if (group->n_members == 0 && group->phase == GROUP_IDLE)
		group_free(group);
}

// Makes a membership that is not yet counted anywhere.
static int prepare(struct session *session, struct host *host, const struct sluice_addr *addr,
	struct member **member)
{
	struct group *group = NULL;

	if (!address_is_group(addr))
		return -EINVAL;
	if (session->n_members >= session->limits.groups)
		return -ENOBUFS;
	group = group_find(host, addr->bytes);
	if (host->n_groups >= host->config.max_groups && (group == NULL || group->n_members == 0))
		return -ENOBUFS;
	if (group == NULL)
		group = group_add(host, addr);
	if (group == NULL)
		return -ENOMEM;
	*member = table_reserve(&host->member_table) ? pool_get(&host->member_pool) : NULL;
	if (*member == NULL) {
		group_release(group);
		return -ENOMEM;
	}
	(*member)->session = session;
	(*member)->group = group;
	(*member)->mode = SLUICE_INCLUDE;
	return 0;
}

static void unprepare(struct member *member)
{
	struct group *group = member->group;

	filter_close(member->filter, &group_host(group)->memory);
	pool_put(member);
	group_release(group);
}

static void begin(struct member *member)
{
	struct session *session = member->session;
	struct group *group = member->group;
	struct host *host = group_host(group);

	member->joins = 1;
	member->state = MEMBER_PENDING;
	LIST_INSERT_HEAD(&group->pending, member, pending);
	LIST_INSERT_HEAD(&session->members, member, of_session);
	session->n_members++;
	if (group->first == NULL)
		group->first = member;
	else
		table_put(&host->member_table, hash_key(&(struct member_key){group, session}),
			member);
	if (group->n_members++ == 0)
		host->n_groups++;
}

void member_end(struct member *member)
{
	struct group *group = member->group;
	struct host *host = group_host(group);
	struct filter_view before = member_view(member);

	publish(member, &nothing);
	if (--group->n_members == 0)
		host->n_groups--;
	group_merge(group, &before, &nothing);
	if (member->state == MEMBER_PENDING)
		LIST_REMOVE(member, pending);
	LIST_REMOVE(member, of_session);
	member->session->n_members--;
	if (group->first == member)
		group->first = NULL;
	else
		table_remove(&host->member_table,
			hash_key(&(struct member_key){group, member->session}), member);
	filter_close(member->filter, &host->memory);
	pool_put(member);
}

// Gives a new or old membership a filter, which it owns from now on if that succeeds.
static int set_filter(
	struct member *member, bool is_new, enum sluice_filter_mode mode, struct filter *filter)
{
	struct host *host = group_host(member->group);
	struct filter *old = member->filter;
	struct filter_view before = member_view(member);
	struct filter_view after = {
		.mode = mode,
		.sources = filter != NULL ? filter->sources : NULL,
		.n = filter != NULL ? filter->n : 0,
	};
	int rc;

	rc = group_reserve(member->group, after.n);
	if (rc < 0)
		return rc;
	rc = publish(member, &after);
	if (rc < 0)
		return rc;
	if (is_new)
		begin(member);
	group_merge(member->group, &before, &after);
	member->mode = mode;
	member->filter = filter;
	filter_close(old, &host->memory);
	return 0;
}

static int open_member(struct session *session, struct host *host, const struct sluice_addr *group,
	enum sluice_filter_mode mode, const struct sluice_addr *sources, unsigned n,
	struct member **member)
{
	struct filter *filter = NULL;
	int rc;

	rc = prepare(session, host, group, member);
	if (rc < 0)
		return rc;
	if (mode == SLUICE_EXCLUDE && (*member)->group->ssm) {
		rc = -EINVAL;
		goto unprepare;
	}
	if (n > 0) {
		filter = filter_open(sources, n, &host->memory);
		if (filter == NULL) {
			rc = -ENOMEM;
			goto unprepare;
		}
	}
	rc = set_filter(*member, true, mode, filter);
	if (rc < 0)
		goto close_filter;
	return 0;

close_filter:
	filter_close(filter, &host->memory);
unprepare:
	unprepare(*member);
	return rc;
}

// One source more in the filter, or one less.
static int add_source(struct member *member, unsigned at, const struct sluice_addr *source)
{
	struct group *group = member->group;
	struct host *host = group_host(group);
	struct filter_view after;
	int rc;

	rc = judge_count(member->session, host, member_view(member).n + 1);
	if (rc < 0)
		return rc;
	rc = group_reserve(group, 1);
	if (rc < 0)
		return rc;
	if (!filter_reserve(&member->filter, &host->memory))
		return -ENOMEM;
	filter_insert(member->filter, at, source);
	after = member_view(member);
	rc = publish(member, &after);
	if (rc < 0) {
		filter_remove(member->filter, at);
		return rc;
	}
	group_merge_source(group, member->mode, source, 1);
	return 0;
}

static int remove_source(struct member *member, unsigned at, const struct sluice_addr *source)
{
	struct filter_view after;
	int rc;

	filter_remove(member->filter, at);
	after = member_view(member);
	rc = publish(member, &after);
	if (rc < 0) {
		filter_insert(member->filter, at, source);
		return rc;
	}
	group_merge_source(member->group, member->mode, source, -1);
	return 0;
}

// ---- The calls ------------------------------------------------------------------------------

int member_join(struct session *session, struct host *host, const struct sluice_addr *group,
	uint64_t now_ms)
{
	struct member *member;
	int rc;

	rc = judge_group(host, group);
	if (rc < 0)
		return rc;
	member = member_find(session, host, group);
	if (member == NULL)
		return open_member(session, host, group, SLUICE_EXCLUDE, NULL, 0, &member);
	if (member->mode == SLUICE_INCLUDE)
		return -EINVAL;
	if (member->joins == UINT32_MAX)
		return -ENOBUFS;
	member->joins++;
	return 0;
}

int member_leave(struct session *session, struct host *host, const struct sluice_addr *group,
	uint64_t now_ms)
{
	struct member *member;
	int rc;

	rc = judge_group(host, group);
	if (rc < 0)
		return rc;
	member = member_find(session, host, group);
	if (member == NULL)
		return -EADDRNOTAVAIL;
	if (member->joins > 1 && !member->set && member_view(member).n == 0)
		member->joins--;
	else
		member_end(member);
	return 0;
}

// The four delta calls: one source more (+1) or less (-1) in a filter of that mode.
static int change_source(struct session *session, struct host *host,
	const struct sluice_addr *group, const struct sluice_addr *source,
	enum sluice_filter_mode mode, int by)
{
	struct member *member;
	unsigned at;
	bool found;
	int rc;

	rc = judge_group(host, group);
	if (rc < 0)
		return rc;
	rc = judge_source(host, source);
	if (rc < 0)
		return rc;
	member = member_find(session, host, group);
	if (member == NULL && mode == SLUICE_INCLUDE)
		return by > 0 ? open_member(session, host, group, mode, source, 1, &member)
			      : -EADDRNOTAVAIL;
	if (member == NULL || member->mode != mode)
		return -EINVAL;
	at = filter_at(member->filter, source, &found);
	if (found == (by > 0))
		return -EADDRNOTAVAIL;
	if (by > 0)
		return add_source(member, at, source);
	if (mode == SLUICE_EXCLUDE || member->filter->n > 1)
		return remove_source(member, at, source);
	member_end(member);
	return 0;
}

int member_join_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source, uint64_t now_ms)
{
	return change_source(session, host, group, source, SLUICE_INCLUDE, 1);
}

int member_leave_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source, uint64_t now_ms)
{
	return change_source(session, host, group, source, SLUICE_INCLUDE, -1);
}

int member_block_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source, uint64_t now_ms)
{
	return change_source(session, host, group, source, SLUICE_EXCLUDE, 1);
}

int member_unblock_source(struct session *session, struct host *host,
	const struct sluice_addr *group, const struct sluice_addr *source, uint64_t now_ms)
{
	return change_source(session, host, group, source, SLUICE_EXCLUDE, -1);
}

static bool is_same(
	const struct member *member, enum sluice_filter_mode mode, const struct filter *filter)
{
	struct filter_view now = member_view(member);
	unsigned n = filter != NULL ? filter->n : 0;

	return now.mode == mode && now.n == n &&
	       (n == 0 || memcmp(now.sources, filter->sources, n * sizeof(*now.sources)) == 0);
}

// Replaces the filter of an existing membership, which takes over the sources.
static int replace_filter(struct member *member, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n)
{
	struct host *host = group_host(member->group);
	struct filter *filter = NULL;
	int rc = 0;

	if (n > 0) {
		filter = filter_open(sources, n, &host->memory);
		if (filter == NULL)
			return -ENOMEM;
	}
	if (is_same(member, mode, filter)) {
		filter_close(filter, &host->memory);
	} else {
		rc = set_filter(member, false, mode, filter);
		if (rc < 0)
			filter_close(filter, &host->memory);
	}
	return rc;
}

int member_set_filter(struct session *session, struct host *host, const struct sluice_addr *group,
	enum sluice_filter_mode mode, const struct sluice_addr *sources, unsigned n,
	uint64_t now_ms)
{
	struct member *member;
	int rc;

	rc = judge_group(host, group);
	if (rc < 0)
		return rc;
	if (mode != SLUICE_INCLUDE && mode != SLUICE_EXCLUDE)
		return -EINVAL;
	rc = judge_count(session, host, n);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < n; i++) {
		rc = judge_source(host, &sources[i]);
		if (rc < 0)
			return rc;
	}
	member = member_find(session, host, group);
	if (mode == SLUICE_INCLUDE && n == 0) {
		if (member != NULL)
			member_end(member);
		return 0;
	}
	if (member == NULL)
		rc = open_member(session, host, group, mode, sources, n, &member);
	else if (mode == SLUICE_EXCLUDE && member->group->ssm)
		rc = -EINVAL;
	else
		rc = replace_filter(member, mode, sources, n);
	if (rc < 0)
		return rc;
	member->set = true;
	return 0;
}

int member_get_filter(const struct session *session, const struct host *host,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n)
{
	const struct member *member;
	struct filter_view filter;
	int rc;

	rc = judge_group(host, group);
	if (rc < 0)
		return rc;
	member = member_find(session, host, group);
	if (member == NULL)
		return -EADDRNOTAVAIL;
	filter = member_view(member);
	*mode = filter.mode;
	if (filter.n > 0 && *n > 0)
		memcpy(sources, filter.sources, (*n < filter.n ? *n : filter.n) * sizeof(*sources));
	*n = filter.n;
	return 0;
}
