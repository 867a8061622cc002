// SPDX-License-Identifier: BSD-3-Clause
// Joins and leaves of an id.
#include "rdmacm.h"
#include <stdlib.h>

static struct membership *membership_new(
	const struct sockaddr *addr, const struct sluice_addr *group, bool send_only, void *context)
{
	static uintptr_t last_number; // guarded by rdmacm_lock
	struct membership *membership = calloc(1, sizeof(*membership));

	if (!membership)
		return NULL;
	membership->number = ++last_number;
	memcpy(&membership->addr, addr, rdmacm_addr_len(addr));
	membership->group = *group;
	membership->send_only = send_only;
	membership->context = context;
	return membership;
}

// A synchronous id learns the outcome from the call and from id->event, any other from events.
static int membership_start(struct cm_id *id, struct membership *membership)
{
	int rc = 0;

	if (!membership->send_only) {
		if (id->id.channel)
			return sluice_join_async(id->session, id->ifindex, &membership->group, NULL,
				(void *)membership->number);
		rc = sluice_join(id->session, id->ifindex, &membership->group);
	}
	if (rc < 0) {
		rdmacm_event_tell(id, membership, RDMA_CM_EVENT_MULTICAST_ERROR, rc);
		return rc;
	}
	return rdmacm_event_tell(id, membership, RDMA_CM_EVENT_MULTICAST_JOIN, 0);
}

static int join(struct cm_id *id, const struct sockaddr *addr, bool send_only, void *context)
{
	struct membership *membership;
	struct sluice_addr group;
	uint16_t port_be;
	int rc = rdmacm_addr_read(addr, &group, &port_be);

	if (rc < 0)
		return rc;
	if (!id->bound)
		return -EINVAL;
	membership = membership_new(addr, &group, send_only, context);
	if (!membership)
		return -ENOMEM;
	// Nobody takes its event before it is in the list: the lock is held.
	rc = membership_start(id, membership);
	if (rc < 0)
		free(membership);
	else
		TAILQ_INSERT_HEAD(&id->memberships, membership, link);
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
	rc = join((struct cm_id *)id, addr, send_only, context);
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

static int membership_find(
	struct cm_id *id, const struct sockaddr *addr, struct membership **membership)
{
	struct sluice_addr group;
	uint16_t port_be;
	int rc = rdmacm_addr_read(addr, &group, &port_be);

	if (rc < 0)
		return rc;
	TAILQ_FOREACH (*membership, &id->memberships, link)
		if ((*membership)->addr.ss_family == addr->sa_family &&
			memcmp(&(*membership)->addr, addr, rdmacm_addr_len(addr)) == 0)
			return 0;
	return -EADDRNOTAVAIL;
}

// Whether the session has the join, as far as is known.
static bool membership_is_native(const struct membership *membership)
{
	return !membership->send_only && membership->state != MEMBERSHIP_FAILED;
}

static int membership_withdraw(struct cm_id *id, struct membership *membership)
{
	int rc;

	if (!membership_is_native(membership))
		return 0;
	rc = sluice_leave(id->session, id->ifindex, &membership->group);
	if (rc != -EADDRNOTAVAIL)
		return rc;
	// The join has failed, and its event was not taken yet.
	membership->state = MEMBERSHIP_FAILED;
	return 0;
}

// The session knows the joins of a group apart by their contexts, and a leave makes it forget the
// newest, whatever its port. If that is not the one that was left here, the one it forgot goes on
// under the number of the one that was left. That it is joined the leave has shown.
static void membership_renumber(struct cm_id *id, const struct membership *left)
{
	struct membership *membership, *forgotten = NULL;
	uintptr_t newest = left->number;

	TAILQ_FOREACH (membership, &id->memberships, link)
		if (membership_is_native(membership) && membership->number > newest &&
			sluice_addr_equal(&membership->group, &left->group)) {
			forgotten = membership;
			newest = membership->number;
		}
	if (!forgotten)
		return;
	forgotten->number = left->number;
	if (forgotten->state == MEMBERSHIP_PENDING &&
		rdmacm_event_tell(id, forgotten, RDMA_CM_EVENT_MULTICAST_JOIN, 0) == 0)
		forgotten->state = MEMBERSHIP_JOINED;
}

static int leave(struct cm_id *id, const struct sockaddr *addr)
{
	struct membership *membership;
	int rc = membership_find(id, addr, &membership);

	if (rc == 0)
		rc = membership_withdraw(id, membership);
	if (rc < 0)
		return rc;
	// Out of the list, events of the session find it no more.
	TAILQ_REMOVE(&id->memberships, membership, link);
	if (id->id.channel) {
		rdmacm_channel_forget((struct cm_channel *)id->id.channel, membership);
		if (membership_is_native(membership))
			membership_renumber(id, membership);
	}
	while (membership->unacked)
		pthread_cond_wait(&rdmacm_acked, &rdmacm_lock);
	free(membership);
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
