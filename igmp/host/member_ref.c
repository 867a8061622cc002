// SPDX-License-Identifier: BSD-3-Clause
// A change is a transaction: reserve all memory, let the data plane publish or refuse the change,
// then commit, which cannot fail (API-41).
#include <errno.h>

#include "address.h"
#include "additional_member.h"
#include "member_ref.h"
#include "memory.h"
#include "schedule.h"
#include "session.h"

// ---- Finding --------------------------------------------------------------------------------

struct member *member_ref_member(
	const struct host *host, struct group *group, const struct session *session)
{
	if (group->first.session == session)
		return &group->first;
	return group->has_additional ? additional_member_find(host, group, session) : NULL;
}

int member_ref_find(struct member_ref *ref)
{
	if (ref->addr->family != ref->host->wire->family || !address_is_multicast(ref->addr))
		return -EINVAL;
	ref->group = group_find(ref->host, ref->addr->bytes);
	if (ref->group != NULL)
		ref->member = member_ref_member(ref->host, ref->group, ref->session);
	return 0;
}

// ---- Beginning and ending -------------------------------------------------------------------

static const struct sluice_source_filter nothing = {.mode = SLUICE_INCLUDE};

// Inline: each caller knows part of the answer.
static inline int publish(const struct member_ref *ref, const struct sluice_source_filter *filter)
{
	bool is_new = ref->member->session == NULL;
	unsigned n_members = group_members(ref->group);
	struct member_change change = {
		.session = ref->session,
		.group = ref->addr,
		.member = ref->member,
		.is_new = is_new,
		.first = is_new && n_members == 0,
		.last = sluice_source_filter_is_empty(filter) && n_members == 1,
		.arg = ref->arg,
		.filter = *filter,
	};

	return ref->host->ops->publish(ref->host->ctx, ref->host, &change);
}

static void free_member(struct member *member)
{
	if (member->additional)
		additional_member_close(member);
	else
		*member = (struct member){.session = NULL};
}

// Allocates a member that has no session yet, so that it is not found or counted anywhere.
static int prepare(struct member_ref *ref)
{
	struct session *session = ref->session;
	struct host *host = ref->host;

	if (!address_is_group(ref->addr))
		return -EINVAL;
	if (session->members.n_members >= session->limits.groups)
		return -ENOBUFS;
	if (host->n_groups >= host->config.max_groups &&
		(ref->group == NULL || group_members(ref->group) == 0))
		return -ENOBUFS;
	if (!member_array_reserve(&session->members))
		return -ENOMEM;
	if (ref->group == NULL)
		ref->group = group_add(host, ref->addr);
	if (ref->group == NULL)
		return -ENOMEM;
	ref->member = ref->group->first.session == NULL ? &ref->group->first
							: additional_member_open(host, ref->group);
	if (ref->member == NULL) {
		schedule_release(host, ref->group);
		return -ENOMEM;
	}
	ref->member->mode = SLUICE_INCLUDE;
	return 0;
}

static void unprepare(struct member_ref *ref)
{
	free_member(ref->member);
	schedule_release(ref->host, ref->group);
}

static void begin(const struct member_ref *ref)
{
	struct member *member = ref->member;
	struct session *session = ref->session;
	struct group *group = ref->group;

	if (group_members(group) == 0)
		ref->host->n_groups++;
	member->session = session;
	member->joins = 1;
	member->state = MEMBER_PENDING;
	member_array_add(&session->members, member);
	if (member->additional)
		additional_member_add(ref->host, group, member);
}

void member_ref_end(const struct member_ref *ref)
{
	struct member *member = ref->member;
	struct group *group = ref->group;
	struct host *host = ref->host;
	struct sluice_source_filter before = group_member_filter(member);

	publish(ref, &nothing);
	if (group_members(group) == 1)
		host->n_groups--;
	group_merge(host, group, &before, &nothing);
	schedule_change(host, group);
	member_walk_remove(ref->session, member);
	if (member->additional)
		additional_member_remove(host, group, member);
	source_list_close(member->sources, &host->memory);
	free_member(member);
}

void member_ref_end_member(struct member *member)
{
	struct sluice_addr addr;
	struct member_ref ref = {
		.session = member->session,
		.addr = &addr,
		.group = group_of(member),
		.member = member,
	};

	ref.host = group_host(ref.group);
	group_address(ref.group, &addr);
	member_ref_end(&ref);
}

// ---- Changing -------------------------------------------------------------------------------

// Gives a new or existing membership a filter. It owns the list if that succeeds.
static int set_filter(
	const struct member_ref *ref, enum sluice_filter_mode mode, struct source_list *list)
{
	struct member *member = ref->member;
	struct source_list *old = member->sources;
	struct sluice_source_filter before = group_member_filter(member);
	struct sluice_source_filter after = source_list_filter(mode, list);
	int rc;

	rc = group_reserve(ref->host, ref->group, after.n_sources);
	if (rc < 0)
		return rc;
	rc = publish(ref, &after);
	if (rc < 0)
		return rc;
	if (member->session == NULL)
		begin(ref);
	group_merge(ref->host, ref->group, &before, &after);
	schedule_change(ref->host, ref->group);
	member->mode = mode;
	member->sources = list;
	source_list_close(old, &ref->host->memory);
	return 0;
}

static bool has_filter(
	const struct member *member, enum sluice_filter_mode mode, const struct source_list *list)
{
	struct sluice_source_filter a = group_member_filter(member);
	struct sluice_source_filter b = source_list_filter(mode, list);

	return sluice_source_filter_equal(&a, &b);
}

int member_ref_replace(const struct member_ref *ref, const struct sluice_source_filter *filter)
{
	struct source_list *list = NULL;
	bool same;
	int rc = 0;

	if (filter->mode == SLUICE_EXCLUDE && ref->group->ssm)
		return -EINVAL;
	if (filter->n_sources > 0) {
		list = source_list_open(filter->sources, filter->n_sources, &ref->host->memory);
		if (list == NULL)
			return -ENOMEM;
	}
	same = ref->member->session != NULL && has_filter(ref->member, filter->mode, list);
	if (!same)
		rc = set_filter(ref, filter->mode, list);
	if (same || rc < 0)
		source_list_close(list, &ref->host->memory);
	return rc;
}

int member_ref_open(struct member_ref *ref, const struct sluice_source_filter *filter)
{
	int rc;

	rc = prepare(ref);
	if (rc < 0)
		return rc;
	rc = member_ref_replace(ref, filter);
	if (rc < 0)
		unprepare(ref);
	return rc;
}

int member_ref_add(const struct member_ref *ref, unsigned place, const struct sluice_addr *source)
{
	struct member *member = ref->member;
	struct sluice_source_filter after;
	int rc;

	rc = group_reserve(ref->host, ref->group, 1);
	if (rc < 0)
		return rc;
	if (!source_list_reserve(&member->sources, &ref->host->memory))
		return -ENOMEM;
	source_list_insert(member->sources, place, source);
	after = group_member_filter(member);
	rc = publish(ref, &after);
	if (rc < 0) {
		source_list_remove(member->sources, place);
		return rc;
	}
	group_merge_source(ref->host, ref->group, member->mode, source, 1);
	schedule_change(ref->host, ref->group);
	return 0;
}

int member_ref_remove(
	const struct member_ref *ref, unsigned place, const struct sluice_addr *source)
{
	struct member *member = ref->member;
	struct sluice_source_filter after;
	int rc;

	source_list_remove(member->sources, place);
	after = group_member_filter(member);
	rc = publish(ref, &after);
	if (rc < 0) {
		source_list_insert(member->sources, place, source);
		return rc;
	}
	group_merge_source(ref->host, ref->group, member->mode, source, -1);
	schedule_change(ref->host, ref->group);
	return 0;
}
