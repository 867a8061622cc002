// SPDX-License-Identifier: BSD-3-Clause
// What the parts of the rdma_cm face share. An id is a session; the face adds the list of joins,
// because librdmacm has an entry and a context for each, and counts the events that are out, for
// those who wait for their acknowledgement.
#ifndef FACES_RDMACM_H
#define FACES_RDMACM_H

#include <sluice/rdma_cma.h>
#include <errno.h>
#include <pthread.h>
#include <sys/queue.h>

// One lock for all ids and channels: no call holds it while it waits, but for the control thread.
extern pthread_mutex_t rdmacm_lock;
extern pthread_cond_t rdmacm_acked;

enum cm_join_state {
	CM_JOIN_PENDING,
	CM_JOIN_JOINED,
	CM_JOIN_FAILED, // the session never had it
};

struct cm_join {
	TAILQ_ENTRY(cm_join) link;
	uintptr_t number; // of no other one: the context of a native join
	struct sockaddr_storage addr;
	struct sluice_addr group;
	bool send_only; // known to this face alone
	enum cm_join_state state;
	const void *context;
	unsigned unacked; // events taken and not acknowledged
};

struct cm_event {
	struct rdma_cm_event event;
	TAILQ_ENTRY(cm_event) link; // while it waits in its channel
	struct cm_join *join; // NULL: of the id itself
};

struct cm_channel {
	struct rdma_event_channel channel; // fd: an epoll set of local_fd and the sessions' events
	int local_fd; // readable while `local` is not empty
	TAILQ_HEAD(, cm_event) local; // events the face makes itself
};

struct cm_id {
	struct rdma_cm_id id;
	struct sluice_session *session;
	unsigned ifindex; // 0: the only one
	bool bound;
	TAILQ_HEAD(, cm_join) joins; // the newest first
	unsigned unacked;
	struct rdma_cm_event last; // id.event points here
};

// librdmacm's way to return a negative errno.
static inline int rdmacm_result(int rc)
{
	if (rc >= 0)
		return 0;
	errno = -rc;
	return -1;
}

// 0, or -EINVAL for NULL and for families other than IPv4 and IPv6.
int rdmacm_addr_read(const struct sockaddr *addr, struct sluice_addr *ip, uint16_t *port_be);
socklen_t rdmacm_addr_len(const struct sockaddr *addr);

int rdmacm_channel_add(struct cm_channel *channel, struct cm_id *id);
// Removes the id and forgets its events. With the lock held, as the two below.
void rdmacm_channel_remove(struct cm_channel *channel, struct cm_id *id);
// Forgets the events of a join that were not taken.
void rdmacm_channel_forget(struct cm_channel *channel, const struct cm_join *join);

// Tells what became of the id, or of one of its joins: queues an event, or fills in id->event
// of a synchronous id. 0 or -ENOMEM. With the lock held.
int rdmacm_event_tell(
	struct cm_id *id, struct cm_join *join, enum rdma_cm_event_type type, int status);

#endif
