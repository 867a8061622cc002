// SPDX-License-Identifier: BSD-3-Clause
// Frees what workers may still read: quiescent-state reclamation over rte_rcu_qsbr.
//
// The control thread unpublishes an object, retires it, and goes on. A worker says between two
// bursts that it holds nothing (reclaim_quiescent()). Once every worker that is online has said
// so after the retirement, the object's free function runs, on the control thread. Retiring never
// allocates, so a withdrawal cannot fail.
#ifndef DATAPLANE_RECLAIM_H
#define DATAPLANE_RECLAIM_H

#include <stdint.h>
#include <rte_rcu_qsbr.h>
#include "aligned_memory.h"

// Embedded in what is to be freed.
struct reclaim_item {
	struct reclaim_item *next;
	void (*free)(struct reclaim_item *item);
};

struct reclaim_list {
	struct reclaim_item *head, **tail;
};

struct reclaim {
	struct rte_rcu_qsbr *qsbr; // const: readers load it between any two bursts
	uint8_t apart[ALIGNED_MEMORY_LINE];
	// Control thread only, and written all the time.
	struct reclaim_list fresh; // retired since `token` was drawn
	struct reclaim_list waiting; // for a quiescent state of all after `token`
	uint64_t token;
};

// Readers are numbered from 0 to n_readers - 1; all are offline at first.
int reclaim_init(struct reclaim *reclaim, unsigned n_readers);
// Frees what is still retired. No reader may be online.
void reclaim_fini(struct reclaim *reclaim);

// Control thread. Calls item->free(item) from a later reclaim_poll() or reclaim_synchronize().
void reclaim_retire(struct reclaim *reclaim, struct reclaim_item *item);
// Control thread. Frees what no reader uses any more; does not wait.
void reclaim_poll(struct reclaim *reclaim);
// Control thread. Waits until no reader uses what was unpublished before the call, and frees all
// that was retired before it. Never ends if a reader stays online without being quiescent.
void reclaim_synchronize(struct reclaim *reclaim);

// Reader `id`, on its own thread: before its first lookup, after its last, and between bursts. An
// offline reader holds up nobody. online and offline are not for the fast path.
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
