// SPDX-License-Identifier: BSD-3-Clause
// The librdmacm face. An id is a session. The face adds a list of joins, because librdmacm has an
// entry and a context per join, and counts the events that are taken and not acknowledged, because
// some calls wait until there are none.
//
//   rdmacm_id.c         ids: open, close, bind, resolve
//   rdmacm_multicast.c  join and leave
//   rdmacm_event.c      channels: events from sessions and from the face itself
#ifndef FACES_RDMACM_H
#define FACES_RDMACM_H

#include <sluice/rdma_cma.h>
#include <errno.h>
#include <pthread.h>
#include <sys/queue.h>

// One lock for all ids and channels. A call that waits for the application releases it; one that
// waits for the engine or for sluiced does not.
extern pthread_mutex_t rdmacm_lock;
extern pthread_cond_t rdmacm_acked;

enum cm_join_state {
	CM_JOIN_PENDING,
	CM_JOIN_JOINED,
	CM_JOIN_FAILED, // the session does not have the join
};

struct cm_join {
	TAILQ_ENTRY(cm_join) link;
	uintptr_t number; // unique; the context of the native join
	struct sockaddr_storage addr;
	struct sluice_addr group;
	bool send_only; // the session does not have the join
	enum cm_join_state state;
	const void *context;
	unsigned unacked; // events taken and not acknowledged
};

struct cm_event {
	struct rdma_cm_event event;
	TAILQ_ENTRY(cm_event) link; // while it waits in its channel
	struct cm_join *join; // NULL: the event is about the id itself
};

struct cm_channel {
	struct rdma_event_channel channel; // fd: an epoll set of local_fd and the sessions' events
	int local_fd; // readable while `local` is not empty
	TAILQ_HEAD(, cm_event) local; // events of the face itself
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

// Returns a negative errno as librdmacm does.
static inline int rdmacm_result(int rc)
{
	if (rc >= 0)
		return 0;
	errno = -rc;
	return -1;
}

// 0, or -EINVAL for NULL and for families other than IPv4 and IPv6.
int rdmacm_id_addr_read(const struct sockaddr *addr, struct sluice_addr *ip, uint16_t *port_be);
socklen_t rdmacm_id_addr_len(const struct sockaddr *addr);

int rdmacm_event_channel_add(struct cm_channel *channel, struct cm_id *id);
// Removes the id and drops its waiting events. With the lock held, as the two below.
void rdmacm_event_channel_remove(struct cm_channel *channel, struct cm_id *id);
// Drops the waiting events of a join.
void rdmacm_event_channel_forget(struct cm_channel *channel, const struct cm_join *join);

// Reports what happened to the id, or to one of its joins: queues an event, or fills id->event of a
// synchronous id. Returns 0 or -ENOMEM. With the lock held.
int rdmacm_event_tell(
	struct cm_id *id, struct cm_join *join, enum rdma_cm_event_type type, int status);

#endif
