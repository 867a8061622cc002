// SPDX-License-Identifier: BSD-3-Clause
#include "group.h"
#include "member_notify.h"
#include "host_private.h"

void member_notify_add(struct host *host, struct group *group)
{
	struct additional_member *additional;
	bool waited = false;

	if (group->first.session != NULL && group->first.state == MEMBER_PENDING) {
		group->first.state = MEMBER_REPORTED;
		waited = true;
	}
	if (group->has_additional) {
		LIST_FOREACH (additional, &group_rest(group)->pending, pending) {
			additional->member.state = MEMBER_REPORTED;
			waited = true;
		}
	}
	if (!waited || group->notify)
		return;
	group->notify = true;
	group_rest(group)->next_notify = host->notify;
	host->notify = pool_number(group);
}

// The next member to be notified, NULL if none is left.
static struct member *take_reported(struct group *group)
{
	struct additional_member *additional;

	if (group->first.state == MEMBER_REPORTED)
		return &group->first;
	if (!group->has_additional)
		return NULL;
	LIST_FOREACH (additional, &group_rest(group)->pending, pending) {
		if (additional->member.state != MEMBER_REPORTED)
			continue;
		LIST_REMOVE(additional, pending);
		return &additional->member;
	}
	return NULL;
}

void member_notify_run(struct host *host)
{
	while (host->notify != 0) {
		struct group *group = pool_at(&host->group_pool, host->notify);
		struct member *member;

		host->notify = group_rest(group)->next_notify;
		group->notify = false;
		while ((member = take_reported(group)) != NULL) {
			member->state = MEMBER_JOINED;
			host->ops->joined(host->ctx, host, member);
		}
	}
}
