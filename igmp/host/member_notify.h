// SPDX-License-Identifier: BSD-3-Clause
// Tells members that their join is on the wire. Private to igmp/.
#ifndef IGMP_JOINED_H
#define IGMP_JOINED_H

struct group;
struct host;

// Notes that the group has had its turn: those of its members who waited for it are to be told.
void joined_note(struct host *host, struct group *group);

// Tells them, when the host can bear that they call back.
void joined_tell(struct host *host);

#endif
