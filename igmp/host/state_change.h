// SPDX-License-Identifier: BSD-3-Clause
// What a group says of its changes in the newest version. Private to igmp/.
#ifndef IGMP_STATE_CHANGE_H
#define IGMP_STATE_CHANGE_H

#include "group.h"

// Gives as many groups their turn as a frame has room for; false if the port or the pace is full.
bool state_change_transmit(struct host *host, uint64_t now_ms);

// Routers know all there is to know of the group.
void state_change_adopt(struct group *group);

// Tells everything from the start, as if routers knew nothing (CHG-17, MLD-13).
void state_change_announce(struct host *host);

// Forgets all repeats (CMP-6).
void state_change_cancel(struct host *host);

#endif
