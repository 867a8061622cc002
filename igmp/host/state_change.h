// SPDX-License-Identifier: BSD-3-Clause
// State-change reports of the newest version. Private to igmp/host.
#ifndef IGMP_STATE_CHANGE_H
#define IGMP_STATE_CHANGE_H

#include "group.h"

// Sends one report for as many queued groups as fit. False if the port is full or the rate limit is
// reached.
bool state_change_transmit(struct host *host, uint64_t now_ms);

// Takes the current state of the group as reported.
void state_change_adopt(struct group *group);

// Reports all groups again, as if nothing had been reported (CHG-17, MLD-13).
void state_change_announce(struct host *host);

// Cancels all repeats (CMP-6).
void state_change_cancel(struct host *host);

#endif
