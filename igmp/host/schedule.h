// SPDX-License-Identifier: BSD-3-Clause
// When each group speaks of its changes. Private to igmp/.
#ifndef IGMP_TURN_H
#define IGMP_TURN_H

#include <stdbool.h>
#include <stdint.h>

struct group;
struct host;

// The group has changed: it gets its turn after the next flush.
void turn_note(struct host *host, struct group *group);
void turn_flush(struct host *host);
void turn_expire(struct host *host, struct group *group);

// Gives all their turns who are ready. False if the port or the pace is full.
bool turn_transmit(struct host *host, uint64_t now_ms);

// The group, just taken off the queue, has had its turn; what it has left to say comes at next_ms.
void turn_finish(struct host *host, struct group *group, bool spoke, uint64_t next_ms);

// For a group that is not queued: its turn comes then, whatever it waits for.
void turn_set(struct host *host, struct group *group, uint64_t at_ms);
// For a group that waits: it has nothing to say any more.
void turn_stop(struct host *host, struct group *group);

// When a group that waits has its turn; of one that was queued meanwhile, when it would have had
// it.
uint64_t turn_at_ms(const struct host *host, const struct group *group);

#endif
