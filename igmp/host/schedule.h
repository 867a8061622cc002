// SPDX-License-Identifier: BSD-3-Clause
// The schedule of state-change reports, and of older reports. Private to igmp/host.
#ifndef IGMP_SCHEDULE_H
#define IGMP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct group;
struct host;

// The group has changed: it is sent after the next flush.
void schedule_change(struct host *host, struct group *group);
void schedule_flush(struct host *host);
void schedule_expire(struct host *host, struct group *group);

// Frees the group if it has no members and nothing is left to be sent for it.
void schedule_release(struct host *host, struct group *group);

// The group has been taken off the queue and sent. Repeats that are left follow at next_ms.
void schedule_finish(struct host *host, struct group *group, bool sent, uint64_t next_ms);

// Sets the time of a group that is not queued, whatever it waits for.
void schedule_set(struct host *host, struct group *group, uint64_t at_ms);
// A group that waits has nothing left to send.
void schedule_stop(struct host *host, struct group *group);

// When a group that waits is sent. For a group that has been queued since: when it would have been
// sent.
uint64_t schedule_at_ms(const struct host *host, const struct group *group);

#endif
