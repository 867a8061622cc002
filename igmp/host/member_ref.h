// SPDX-License-Identifier: BSD-3-Clause
// How a membership begins, changes and ends. Private to igmp/host.
#ifndef IGMP_MEMBER_REF_H
#define IGMP_MEMBER_REF_H

#include "group.h"

// What a call of member.h refers to.
struct member_ref {
	struct session *session;
	struct host *host;
	const struct sluice_addr *addr;
	const void *arg; // of the caller, for publish
	struct group *group; // NULL: it has no members
	struct member *member; // NULL: the session has no membership
};

// Fills in group and member. -EINVAL if the address cannot be a group of this host.
int member_ref_find(struct member_ref *ref);

// The member of the group that belongs to the session, NULL if there is none.
struct member *member_ref_member(
	const struct host *host, struct group *group, const struct session *session);

// Each lets the data plane publish or refuse the change first (API-41). Sources may be unsorted
// and contain duplicates. If a call fails (-EINVAL, -ENOBUFS, -ENOMEM), the filter is unchanged.
int member_ref_open(struct member_ref *ref, const struct sluice_source_filter *filter);
int member_ref_replace(const struct member_ref *ref, const struct sluice_source_filter *filter);
void member_ref_end(const struct member_ref *ref); // cannot fail
void member_ref_end_member(struct member *member); // the same
// Adds or removes one source at this place of the filter.
int member_ref_add(const struct member_ref *ref, unsigned place, const struct sluice_addr *source);
int member_ref_remove(
	const struct member_ref *ref, unsigned place, const struct sluice_addr *source);

#endif
