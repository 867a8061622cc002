// SPDX-License-Identifier: BSD-3-Clause
// Tells members that their join is on the wire. Private to igmp/.
#ifndef IGMP_MEMBER_NOTIFY_H
#define IGMP_MEMBER_NOTIFY_H

struct group;
struct host;

// Notes that the group has had its turn: those of its members who waited for it are to be told.
void member_notify_add(struct host *host, struct group *group);

// Tells them, when the host can bear that they call back.
void member_notify_run(struct host *host);

#endif
