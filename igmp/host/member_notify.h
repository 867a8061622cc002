// SPDX-License-Identifier: BSD-3-Clause
// Notifies members that their join was reported: host_ops.joined. Private to igmp/host.
#ifndef IGMP_MEMBER_NOTIFY_H
#define IGMP_MEMBER_NOTIFY_H

struct group;
struct host;

// The group was reported: its pending members will be notified.
void member_notify_add(struct host *host, struct group *group);

// Notifies them. To be called where a callback may call the host again.
void member_notify_run(struct host *host);

#endif
