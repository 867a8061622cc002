// SPDX-License-Identifier: BSD-3-Clause
// When each group speaks of its changes. Private to igmp/.
#ifndef IGMP_SCHEDULE_H
#define IGMP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct group;
struct host;

// The group has changed: it gets its turn after the next flush.
void schedule_change(struct host *host, struct group *group);
void schedule_flush(struct host *host);
void schedule_expire(struct host *host, struct group *group);

// Frees the group if it has no members and nothing is left to be sent for it.
void schedule_release(struct host *host, struct group *group);

// The group, just taken off the queue, has had its turn; what it has left to say comes at next_ms.
void schedule_finish(struct host *host, struct group *group, bool sent, uint64_t next_ms);

// For a group that is not queued: its turn comes then, whatever it waits for.
void schedule_set(struct host *host, struct group *group, uint64_t at_ms);
// For a group that waits: it has nothing to say any more.
void schedule_stop(struct host *host, struct group *group);

// When a group that waits has its turn; of one that was queued meanwhile, when it would have had
// it.
uint64_t schedule_at_ms(const struct host *host, const struct group *group);

#endif
