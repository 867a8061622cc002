// SPDX-License-Identifier: BSD-3-Clause
#include "group.h"
#include "member_notify.h"
#include "host_private.h"

void joined_note(struct host *host, struct group *group)
{
	struct further_member *further;
	bool waited = false;

	if (group->first.session != NULL && group->first.state == MEMBER_PENDING) {
		group->first.state = MEMBER_REPORTED;
		waited = true;
	}
	if (group->shared) {
		LIST_FOREACH (further, &group_rest(group)->pending, pending) {
			further->member.state = MEMBER_REPORTED;
			waited = true;
		}
	}
	if (!waited || group->joined)
		return;
	group->joined = true;
	group_rest(group)->next_joined = host->joined;
	host->joined = pool_number(group);
}

// One who is to be told, NULL if nobody is left.
static struct member *take_reported(struct group *group)
{
	struct further_member *further;

	if (group->first.state == MEMBER_REPORTED)
		return &group->first;
	if (!group->shared)
		return NULL;
	LIST_FOREACH (further, &group_rest(group)->pending, pending) {
		if (further->member.state != MEMBER_REPORTED)
			continue;
		LIST_REMOVE(further, pending);
		return &further->member;
	}
	return NULL;
}

void joined_tell(struct host *host)
{
	while (host->joined != 0) {
		struct group *group = pool_at(&host->group_pool, host->joined);
		struct member *member;

		host->joined = group_rest(group)->next_joined;
		group->joined = false;
		while ((member = take_reported(group)) != NULL) {
			member->state = MEMBER_JOINED;
			host->ops->joined(host->ctx, host, member);
		}
	}
}
