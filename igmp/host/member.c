// SPDX-License-Identifier: BSD-3-Clause
// The calls on memberships (PROTOCOL section API). Each checks its arguments and the present state,
// then member_ref.c makes the change.
#include <errno.h>

#include "address.h"
#include "member_ref.h"
#include "session.h"

static int judge_source(const struct host *host, const struct sluice_addr *source)
{
	if (source->family != host->wire->family || !address_is_source(source))
		return -EINVAL;
	return 0;
}

static int judge_count(const struct session *session, const struct host *host, unsigned n_sources)
{
	if (n_sources > host->config.max_sources || n_sources > session->limits.sources)
		return -ENOBUFS;
	return 0;
}

static const struct sluice_source_filter any_source = {.mode = SLUICE_EXCLUDE};

int member_join(struct session *session, struct host *host, const struct sluice_addr *group,
	const void *arg)
{
	struct member_ref ref = {session, host, group, arg};
	int rc;

	rc = member_ref_find(&ref);
	if (rc < 0)
		return rc;
	if (ref.member == NULL)
		return member_ref_open(&ref, &any_source);
	if (ref.member->mode == SLUICE_INCLUDE)
		return -EINVAL;
	if (ref.member->joins == UINT32_MAX)
		return -ENOBUFS;
	ref.member->joins++;
	return 0;
}

int member_leave(struct session *session, struct host *host, const struct sluice_addr *group)
{
	struct member_ref ref = {session, host, group, NULL};
	struct member *member;
	int rc;

	rc = member_ref_find(&ref);
	if (rc < 0)
		return rc;
	member = ref.member;
	if (member == NULL)
		return -EADDRNOTAVAIL;
	if (member->joins > 1)
		member->joins--;
	else
		member_ref_end(&ref);
	return 0;
}

// The four delta calls: adds (+1) or removes (-1) a source in a filter of that mode.
static int change_source(struct member_ref *ref, const struct sluice_addr *source,
	enum sluice_filter_mode mode, int by)
{
	const struct sluice_source_filter only = {mode, 1, source};
	struct member *member;
	unsigned place;
	bool found;
	int rc;

	rc = member_ref_find(ref);
	if (rc < 0)
		return rc;
	rc = judge_source(ref->host, source);
	if (rc < 0)
		return rc;
	member = ref->member;
	if (member == NULL && mode == SLUICE_INCLUDE)
		return by > 0 ? member_ref_open(ref, &only) : -EADDRNOTAVAIL;
	if (member == NULL || member->mode != mode)
		return -EINVAL;
	place = source_list_at(member->sources, source, &found);
	if (found == (by > 0))
		return -EADDRNOTAVAIL;
	if (by > 0) {
		rc = judge_count(
			ref->session, ref->host, group_member_filter(member).n_sources + 1);
		return rc < 0 ? rc : member_ref_add(ref, place, source);
	}
	if (mode == SLUICE_EXCLUDE || member->sources->n > 1)
		return member_ref_remove(ref, place, source);
	member_ref_end(ref);
	return 0;
}

int member_join_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source, const void *arg)
{
	struct member_ref ref = {session, host, group, arg};

	return change_source(&ref, source, SLUICE_INCLUDE, 1);
}

int member_leave_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source)
{
	struct member_ref ref = {session, host, group, NULL};

	return change_source(&ref, source, SLUICE_INCLUDE, -1);
}

int member_block_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source)
{
	struct member_ref ref = {session, host, group, NULL};

	return change_source(&ref, source, SLUICE_EXCLUDE, 1);
}

int member_unblock_source(struct session *session, struct host *host,
	const struct sluice_addr *group, const struct sluice_addr *source)
{
	struct member_ref ref = {session, host, group, NULL};

	return change_source(&ref, source, SLUICE_EXCLUDE, -1);
}

int member_set_filter(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_source_filter *filter, const void *arg)
{
	struct member_ref ref = {session, host, group, arg};
	int rc;

	rc = member_ref_find(&ref);
	if (rc < 0)
		return rc;
	if (filter->mode != SLUICE_INCLUDE && filter->mode != SLUICE_EXCLUDE)
		return -EINVAL;
	rc = judge_count(session, host, filter->n_sources);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < filter->n_sources; i++) {
		rc = judge_source(host, &filter->sources[i]);
		if (rc < 0)
			return rc;
	}
	if (sluice_source_filter_is_empty(filter)) {
		if (ref.member != NULL)
			member_ref_end(&ref);
		return 0;
	}
	return ref.member == NULL ? member_ref_open(&ref, filter)
				  : member_ref_replace(&ref, filter);
}

int member_get_filter(const struct session *session, const struct host *host,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n)
{
	const struct member *member;
	struct sluice_source_filter filter;

	if (group->family != host->wire->family || !address_is_multicast(group))
		return -EINVAL;
	member = member_find(session, host, group);
	if (member == NULL)
		return -EADDRNOTAVAIL;
	filter = group_member_filter(member);
	*mode = filter.mode;
	if (*n > filter.n_sources)
		*n = filter.n_sources;
	if (*n > 0)
		memcpy(sources, filter.sources, *n * sizeof(*sources));
	*n = filter.n_sources;
	return 0;
}

// ---- One membership ------------------------------------------------------------------

struct member *member_find(
	const struct session *session, const struct host *host, const struct sluice_addr *addr)
{
	struct group *group = NULL;

	if (addr->family == host->wire->family)
		group = group_find(host, addr->bytes);
	return group != NULL ? member_ref_member(host, group, session) : NULL;
}

struct member *member_of_group(const struct host *host, const struct sluice_addr *addr)
{
	struct group *group = NULL;

	if (addr->family == host->wire->family)
		group = group_find(host, addr->bytes);
	return group != NULL && group->first.session != NULL ? &group->first : NULL;
}

struct session *member_session(const struct member *member)
{
	return member->session;
}

struct host *member_host(const struct member *member)
{
	return group_host(group_of(member));
}

void member_group(const struct member *member, struct sluice_addr *group)
{
	group_address(group_of(member), group);
}

enum member_state member_state(const struct member *member)
{
	return member->state == MEMBER_JOINED ? MEMBER_JOINED : MEMBER_PENDING;
}

unsigned member_joins(const struct member *member)
{
	return member->joins;
}

struct sluice_source_filter member_filter(const struct member *member)
{
	return group_member_filter(member);
}

void *member_user(const struct member *member)
{
	return member->user;
}

void member_set_user(struct member *member, void *user)
{
	member->user = user;
}
