// SPDX-License-Identifier: BSD-3-Clause
// How each membership begins, changes and ends. Private to igmp/.
#ifndef IGMP_MEMBERSHIP_H
#define IGMP_MEMBERSHIP_H

#include "group.h"

// What a call is about: who, where, which group, and what there is of it.
struct membership {
	struct session *session;
	struct host *host;
	const struct sluice_addr *addr;
	struct group *group; // NULL: nobody is in it
	struct member *member; // NULL: the session is not in it
};

// Fills in the last two; -EINVAL if that cannot be a group of this host.
int membership_find(struct membership *at);

// Each lets the data plane publish or refuse before it changes anything (API-41). `sources` may
// come in any order and more than once; the filter of -EINVAL, -ENOBUFS, -ENOMEM is the old one.
int membership_open(struct membership *at, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n);
int membership_replace(const struct membership *at, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n);
void membership_end(const struct membership *at); // cannot fail
void member_end(struct member *member); // the same
// One source more, or one less, at this place of the filter.
int membership_add(const struct membership *at, unsigned place, const struct sluice_addr *source);
int membership_remove(
	const struct membership *at, unsigned place, const struct sluice_addr *source);

#endif
