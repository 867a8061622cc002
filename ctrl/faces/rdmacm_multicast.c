// SPDX-License-Identifier: BSD-3-Clause
// Joins and leaves of an id.
#include "rdmacm.h"
#include <stdlib.h>

static struct cm_join *join_new(
	const struct sockaddr *addr, const struct sluice_addr *group, bool send_only, void *context)
{
	static uintptr_t last_number; // guarded by rdmacm_lock
	struct cm_join *join = calloc(1, sizeof(*join));

	if (!join)
		return NULL;
	join->number = ++last_number;
	memcpy(&join->addr, addr, rdmacm_id_addr_len(addr));
	join->group = *group;
	join->send_only = send_only;
	join->context = context;
	return join;
}

// A synchronous id has the outcome in the result of the call and in id->event, other ids in an
// event.
static int join_start(struct cm_id *id, struct cm_join *join)
{
	int rc = 0;

	if (!join->send_only) {
		if (id->id.channel)
			return sluice_join_async(
				id->session, id->ifindex, &join->group, NULL, (void *)join->number);
		rc = sluice_join(id->session, id->ifindex, &join->group);
	}
	if (rc < 0) {
		rdmacm_event_tell(id, join, RDMA_CM_EVENT_MULTICAST_ERROR, rc);
		return rc;
	}
	return rdmacm_event_tell(id, join, RDMA_CM_EVENT_MULTICAST_JOIN, 0);
}

static int join_add(struct cm_id *id, const struct sockaddr *addr, bool send_only, void *context)
{
	struct cm_join *join;
	struct sluice_addr group;
	uint16_t port_be;
	int rc = rdmacm_id_addr_read(addr, &group, &port_be);

	if (rc < 0)
		return rc;
	if (!id->bound)
		return -EINVAL;
	join = join_new(addr, &group, send_only, context);
	if (!join)
		return -ENOMEM;
	// The lock is held, so its event cannot be taken before it is in the list.
	rc = join_start(id, join);
	if (rc < 0)
		free(join);
	else
		TAILQ_INSERT_HEAD(&id->joins, join, link);
	return rc;
}

static int join_locked(
	struct rdma_cm_id *id, const struct sockaddr *addr, bool send_only, void *context)
{
	int rc;

	if (!id)
		return rdmacm_result(-EINVAL);
	pthread_mutex_lock(&rdmacm_lock);
	id->event = NULL;
	rc = join_add((struct cm_id *)id, addr, send_only, context);
	pthread_mutex_unlock(&rdmacm_lock);
	return rdmacm_result(rc);
}

int rdma_join_multicast(struct rdma_cm_id *id, struct sockaddr *addr, void *context)
{
	return join_locked(id, addr, false, context);
}

int rdma_join_multicast_ex(
	struct rdma_cm_id *id, struct rdma_cm_join_mc_attr_ex *attr, void *context)
{
	const uint32_t needed = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS;

	if (!attr)
		return rdmacm_result(-EINVAL);
	if (attr->comp_mask >= RDMA_CM_JOIN_MC_ATTR_RESERVED)
		return rdmacm_result(-ENOTSUP);
	if (attr->comp_mask != needed || attr->join_flags >= RDMA_MC_JOIN_FLAG_RESERVED)
		return rdmacm_result(-EINVAL);
	return join_locked(
		id, attr->addr, attr->join_flags == RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER, context);
}

static int join_find(struct cm_id *id, const struct sockaddr *addr, struct cm_join **join)
{
	struct sluice_addr group;
	uint16_t port_be;
	int rc = rdmacm_id_addr_read(addr, &group, &port_be);

	if (rc < 0)
		return rc;
	TAILQ_FOREACH (*join, &id->joins, link)
		if ((*join)->addr.ss_family == addr->sa_family &&
			memcmp(&(*join)->addr, addr, rdmacm_id_addr_len(addr)) == 0)
			return 0;
	return -EADDRNOTAVAIL;
}

// Whether the session has the join, as far as the face knows.
static bool join_is_native(const struct cm_join *join)
{
	return !join->send_only && join->state != CM_JOIN_FAILED;
}

static int join_withdraw(struct cm_id *id, struct cm_join *join)
{
	int rc;

	if (!join_is_native(join))
		return 0;
	rc = sluice_leave(id->session, id->ifindex, &join->group);
	if (rc != -EADDRNOTAVAIL)
		return rc;
	// The join failed, and its event was not taken yet.
	join->state = CM_JOIN_FAILED;
	return 0;
}

// The session tells the joins of a group apart by their contexts, and a leave makes it forget the
// newest one. If the program left another one (of another port), the forgotten join takes over the
// number of the one that was left. It is joined, because the leave succeeded.
static void join_renumber(struct cm_id *id, const struct cm_join *left)
{
	struct cm_join *join, *forgotten = NULL;
	uintptr_t newest = left->number;

	TAILQ_FOREACH (join, &id->joins, link)
		if (join_is_native(join) && join->number > newest &&
			sluice_addr_equal(&join->group, &left->group)) {
			forgotten = join;
			newest = join->number;
		}
	if (!forgotten)
		return;
	forgotten->number = left->number;
	if (forgotten->state == CM_JOIN_PENDING &&
		rdmacm_event_tell(id, forgotten, RDMA_CM_EVENT_MULTICAST_JOIN, 0) == 0)
		forgotten->state = CM_JOIN_JOINED;
}

static int leave(struct cm_id *id, const struct sockaddr *addr)
{
	struct cm_join *join;
	int rc = join_find(id, addr, &join);

	if (rc == 0)
		rc = join_withdraw(id, join);
	if (rc < 0)
		return rc;
	// Events of the session do not find it any more.
	TAILQ_REMOVE(&id->joins, join, link);
	if (id->id.channel) {
		rdmacm_event_channel_forget((struct cm_channel *)id->id.channel, join);
		if (join_is_native(join))
			join_renumber(id, join);
	}
	while (join->unacked)
		pthread_cond_wait(&rdmacm_acked, &rdmacm_lock);
	free(join);
	return 0;
}

int rdma_leave_multicast(struct rdma_cm_id *id, struct sockaddr *addr)
{
	int rc;

	if (!id)
		return rdmacm_result(-EINVAL);
	pthread_mutex_lock(&rdmacm_lock);
	id->event = NULL;
	rc = leave((struct cm_id *)id, addr);
	pthread_mutex_unlock(&rdmacm_lock);
	return rdmacm_result(rc);
}
