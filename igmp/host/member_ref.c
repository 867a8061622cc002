// SPDX-License-Identifier: BSD-3-Clause
// A change is a transaction: reserve all memory, let the data plane publish or refuse, then commit,
// which cannot fail (API-41).
#include <errno.h>

#include "address.h"
#include "additional_member.h"
#include "member_ref.h"
#include "memory.h"
#include "session.h"

// ---- Finding --------------------------------------------------------------------------------

static struct member *find_member(
	const struct host *host, struct group *group, const struct session *session)
{
	if (group->first.session == session)
		return &group->first;
	return group->shared ? further_find(host, group, session) : NULL;
}

int membership_find(struct membership *at)
{
	if (at->addr->family != at->host->wire->family || !address_is_multicast(at->addr))
		return -EINVAL;
	at->group = group_find(at->host, at->addr->bytes);
	if (at->group != NULL)
		at->member = find_member(at->host, at->group, at->session);
	return 0;
}

struct member *member_find(
	const struct session *session, const struct host *host, const struct sluice_addr *addr)
{
	struct group *group = NULL;

	if (addr->family == host_family(host))
		group = group_find(host, addr->bytes);
	return group != NULL ? find_member(host, group, session) : NULL;
}

// ---- Beginning and ending -------------------------------------------------------------------

static const struct filter_view nothing = {.mode = SLUICE_INCLUDE};

static int publish(const struct membership *at, const struct filter_view *filter)
{
	struct member_change change = {
		.session = at->session,
		.group = at->addr,
		.mode = filter->mode,
		.n_sources = filter->n,
		.sources = filter->sources,
	};

	return at->host->ops->publish(at->host->ctx, at->host, &change);
}

// Groups without members and without anything left to say are nobody's.
static void release_group(struct host *host, struct group *group)
{
	if (group_members(group) == 0 && group->phase == GROUP_IDLE)
		group_free(host, group);
}

static void free_member(struct member *member)
{
	if (member->further)
		further_close(member);
	else
		*member = (struct member){.session = NULL};
}

// Makes a member that has no session yet, and so is not found or counted anywhere.
static int prepare(struct membership *at)
{
	struct session *session = at->session;
	struct host *host = at->host;

	if (!address_is_group(at->addr))
		return -EINVAL;
	if (session_members(session) >= session->limits.groups)
		return -ENOBUFS;
	if (host->n_groups >= host->config.max_groups &&
		(at->group == NULL || group_members(at->group) == 0))
		return -ENOBUFS;
	if (!session_reserve(session))
		return -ENOMEM;
	if (at->group == NULL)
		at->group = group_add(host, at->addr);
	if (at->group == NULL)
		return -ENOMEM;
	at->member = at->group->first.session == NULL ? &at->group->first
						      : further_open(host, at->group);
	if (at->member == NULL) {
		release_group(host, at->group);
		return -ENOMEM;
	}
	at->member->mode = SLUICE_INCLUDE;
	return 0;
}

static void unprepare(struct membership *at)
{
	free_member(at->member);
	release_group(at->host, at->group);
}

static void begin(const struct membership *at)
{
	struct member *member = at->member;
	struct session *session = at->session;
	struct group *group = at->group;

	if (group_members(group) == 0)
		at->host->n_groups++;
	member->session = session;
	member->joins = 1;
	member->state = MEMBER_PENDING;
	session_add(session, member);
	if (member->further)
		further_add(at->host, group, member);
}

void membership_end(const struct membership *at)
{
	struct member *member = at->member;
	struct group *group = at->group;
	struct host *host = at->host;
	struct filter_view before = member_view(member);

	publish(at, &nothing);
	if (group_members(group) == 1)
		host->n_groups--;
	group_merge(host, group, &before, &nothing);
	session_remove(at->session, member);
	if (member->further)
		further_remove(host, group, member);
	filter_close(member->filter, &host->memory);
	free_member(member);
}

void member_end(struct member *member)
{
	struct sluice_addr addr;
	struct membership at = {
		.session = member->session,
		.addr = &addr,
		.group = group_of(member),
		.member = member,
	};

	at.host = group_host(at.group);
	group_address(at.group, &addr);
	membership_end(&at);
}

// ---- Changing -------------------------------------------------------------------------------

// Gives a new or old membership a filter, which it owns from now on if that succeeds.
static int set_filter(
	const struct membership *at, enum sluice_filter_mode mode, struct filter *filter)
{
	struct member *member = at->member;
	struct filter *old = member->filter;
	struct filter_view before = member_view(member);
	struct filter_view after = filter_view(mode, filter);
	int rc;

	rc = group_reserve(at->host, at->group, after.n);
	if (rc < 0)
		return rc;
	rc = publish(at, &after);
	if (rc < 0)
		return rc;
	if (member->session == NULL)
		begin(at);
	group_merge(at->host, at->group, &before, &after);
	member->mode = mode;
	member->filter = filter;
	filter_close(old, &at->host->memory);
	return 0;
}

static bool has_filter(
	const struct member *member, enum sluice_filter_mode mode, const struct filter *filter)
{
	struct filter_view a = member_view(member);
	struct filter_view b = filter_view(mode, filter);

	return member->session != NULL && a.mode == b.mode && a.n == b.n &&
	       (a.n == 0 || memcmp(a.sources, b.sources, a.n * sizeof(*a.sources)) == 0);
}

int membership_replace(const struct membership *at, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n)
{
	struct filter *filter = NULL;
	bool same;
	int rc = 0;

	if (mode == SLUICE_EXCLUDE && at->group->ssm)
		return -EINVAL;
	if (n > 0) {
		filter = filter_open(sources, n, &at->host->memory);
		if (filter == NULL)
			return -ENOMEM;
	}
	same = has_filter(at->member, mode, filter);
	if (!same)
		rc = set_filter(at, mode, filter);
	if (same || rc < 0)
		filter_close(filter, &at->host->memory);
	return rc;
}

int membership_open(struct membership *at, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n)
{
	int rc;

	rc = prepare(at);
	if (rc < 0)
		return rc;
	rc = membership_replace(at, mode, sources, n);
	if (rc < 0)
		unprepare(at);
	return rc;
}

int membership_add(const struct membership *at, unsigned place, const struct sluice_addr *source)
{
	struct member *member = at->member;
	struct filter_view after;
	int rc;

	rc = group_reserve(at->host, at->group, 1);
	if (rc < 0)
		return rc;
	if (!filter_reserve(&member->filter, &at->host->memory))
		return -ENOMEM;
	filter_insert(member->filter, place, source);
	after = member_view(member);
	rc = publish(at, &after);
	if (rc < 0) {
		filter_remove(member->filter, place);
		return rc;
	}
	group_merge_source(at->host, at->group, member->mode, source, 1);
	return 0;
}

int membership_remove(const struct membership *at, unsigned place, const struct sluice_addr *source)
{
	struct member *member = at->member;
	struct filter_view after;
	int rc;

	filter_remove(member->filter, place);
	after = member_view(member);
	rc = publish(at, &after);
	if (rc < 0) {
		filter_insert(member->filter, place, source);
		return rc;
	}
	group_merge_source(at->host, at->group, member->mode, source, -1);
	return 0;
}
