// SPDX-License-Identifier: BSD-3-Clause
// Frees objects that workers may still read: quiescent-state reclamation over rte_rcu_qsbr.
//
// The control thread unpublishes an object, retires it and goes on. A worker reports a quiescent
// state between two bursts: it holds no object (reclaim_quiescent()). Once every online worker has
// done so after the retirement, the control thread runs the free function of the object, of some
// objects at a time, because to free a million of them takes longer than protocol timers wait.
// Retiring does not allocate, so that a withdrawal cannot fail.
#ifndef DATAPLANE_RECLAIM_H
#define DATAPLANE_RECLAIM_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_rcu_qsbr.h>
#include "aligned_memory.h"

#define RECLAIM_WAIT_MS 1000
#define RECLAIM_PART 2048 // objects that a call frees at most

// Embedded in the object to be freed.
struct reclaim_item {
	struct reclaim_item *next;
	void (*free)(struct reclaim_item *item);
};

struct reclaim_list {
	struct reclaim_item *head, **tail;
};

struct reclaim {
	struct rte_rcu_qsbr *qsbr; // const; readers load it between any two bursts
	uint8_t padding[ALIGNED_MEMORY_LINE];
	// Control thread only; written often.
	struct reclaim_list fresh; // retired after `token` was taken
	struct reclaim_list waiting; // wait until all readers were quiescent after `token`
	struct reclaim_list unused; // no reader uses them any more
	uint64_t token;
	bool stalled; // a reader has not been quiescent since `stalled_token`, for RECLAIM_WAIT_MS
	uint64_t stalled_token;
};

// Readers are numbered from 0 to n_readers - 1 and start offline. -ENOMEM
int reclaim_init(struct reclaim *reclaim, unsigned n_readers);
// Frees all retired objects. No reader may be online.
void reclaim_fini(struct reclaim *reclaim);

// Control thread. Calls item->free(item) from a later reclaim_poll() or reclaim_synchronize().
void reclaim_retire(struct reclaim *reclaim, struct reclaim_item *item);
// Control thread. Frees retired objects that no reader uses any more, the oldest first. Does not
// wait.
void reclaim_poll(struct reclaim *reclaim);
// Control thread. Waits until no reader uses what was unpublished before the call. Frees retired
// objects, as reclaim_poll() does. -ETIMEDOUT: a reader that is online has reported no quiescent
// state for RECLAIM_WAIT_MS, and may still use all of it. What was retired is freed by a later
// call; nothing else that was unpublished may be freed or reused. Until that reader goes on, a call
// returns -ETIMEDOUT at once.
int reclaim_synchronize(struct reclaim *reclaim);

// Reader `id`, on its own thread: online before its first lookup, quiescent between bursts, offline
// after its last lookup. Nothing waits for an offline reader. online and offline are slow.
static inline void reclaim_online(struct reclaim *reclaim, unsigned id)
{
	rte_rcu_qsbr_thread_online(reclaim->qsbr, id);
}

static inline void reclaim_offline(struct reclaim *reclaim, unsigned id)
{
	rte_rcu_qsbr_thread_offline(reclaim->qsbr, id);
}

static inline void reclaim_quiescent(struct reclaim *reclaim, unsigned id)
{
	rte_rcu_qsbr_quiescent(reclaim->qsbr, id);
}

#endif
