// SPDX-License-Identifier: BSD-3-Clause
// Ids: sessions bound to an interface.
#include "rdmacm.h"
#include "face.h"
#include <stdlib.h>

enum {
	// Datagrams that may wait per id. Few, because programs have hundreds of ids, which share
	// limits.queued_frames.
	RING_SIZE = 32,
	ADDRESSES_MAX = 64, // per interface, that an id can bind to
};

static struct face_target target; // guarded by rdmacm_lock

void sluice_rdmacm_attach(struct sluice *sluice, const char *socket)
{
	pthread_mutex_lock(&rdmacm_lock);
	target = (struct face_target){.sluice = sluice, .socket = socket};
	pthread_mutex_unlock(&rdmacm_lock);
}

struct sluice_session *sluice_rdmacm_session(struct rdma_cm_id *id)
{
	return ((struct cm_id *)id)->session;
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
	enum rdma_port_space ps)
{
	const struct sluice_session_options options = {.ring_size = RING_SIZE};
	struct cm_id *new;
	int rc;

	if (!id)
		return rdmacm_result(-EINVAL);
	if (ps != RDMA_PS_UDP)
		return rdmacm_result(-EPROTONOSUPPORT);
	new = calloc(1, sizeof(*new));
	if (!new)
		return rdmacm_result(-ENOMEM);
	new->id = (struct rdma_cm_id){
		.channel = channel, .context = context, .ps = ps, .qp_type = IBV_QPT_UD};
	TAILQ_INIT(&new->joins);

	pthread_mutex_lock(&rdmacm_lock);
	rc = face_session_open(&target, &options, &new->session);
	pthread_mutex_unlock(&rdmacm_lock);
	if (rc < 0)
		goto free_id;
	if (channel) {
		rc = rdmacm_event_channel_add((struct cm_channel *)channel, new);
		if (rc < 0)
			goto close_session;
	}
	*id = &new->id;
	return 0;

close_session:
	sluice_session_close(new->session);
free_id:
	free(new);
	return rdmacm_result(rc);
}

int rdma_destroy_id(struct rdma_cm_id *rdma_id)
{
	struct cm_id *id = (struct cm_id *)rdma_id;
	struct cm_join *join;

	if (!id)
		return rdmacm_result(-EINVAL);
	pthread_mutex_lock(&rdmacm_lock);
	if (id->id.channel)
		rdmacm_event_channel_remove((struct cm_channel *)id->id.channel, id);
	while (id->unacked)
		pthread_cond_wait(&rdmacm_acked, &rdmacm_lock);
	pthread_mutex_unlock(&rdmacm_lock);

	sluice_session_close(id->session);
	while ((join = TAILQ_FIRST(&id->joins))) {
		TAILQ_REMOVE(&id->joins, join, link);
		free(join);
	}
	free(id);
	return 0;
}

socklen_t rdmacm_id_addr_len(const struct sockaddr *addr)
{
	return addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6);
}

int rdmacm_id_addr_read(const struct sockaddr *addr, struct sluice_addr *ip, uint16_t *port_be)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (!addr || (addr->sa_family != AF_INET && addr->sa_family != AF_INET6))
		return -EINVAL;
	*ip = (struct sluice_addr){.family = addr->sa_family};
	if (addr->sa_family == AF_INET) {
		memcpy(ip->bytes, &in->sin_addr, 4);
		*port_be = in->sin_port;
	} else {
		memcpy(ip->bytes, &in6->sin6_addr, 16);
		*port_be = in6->sin6_port;
	}
	return 0;
}

// A derived link-local address is not among the configured ones, but in the interface itself.
static bool has_address(struct sluice_session *session, const struct sluice_interface *interface,
	const struct sluice_addr *ip)
{
	struct sluice_addr addresses[ADDRESSES_MAX];
	int n = sluice_interface_addresses(session, interface->index, addresses, ADDRESSES_MAX);

	if (sluice_addr_equal(&interface->ipv4, ip) || sluice_addr_equal(&interface->ipv6, ip))
		return true;
	for (int i = 0; i < n && i < ADDRESSES_MAX; i++)
		if (sluice_addr_equal(&addresses[i], ip))
			return true;
	return false;
}

// Returns the index of the interface that has the address, or -EADDRNOTAVAIL. Several interfaces
// can have the same link-local address: then the scope id decides, or without one the first is
// taken.
static int interface_find(
	struct sluice_session *session, const struct sluice_addr *ip, unsigned scope_id)
{
	int n = sluice_interface_list(session, NULL, 0), rc = -EADDRNOTAVAIL;
	struct sluice_interface *interfaces;

	if (n < 0)
		return n;
	interfaces = calloc(n, sizeof(*interfaces));
	if (!interfaces)
		return -ENOMEM;
	n = sluice_interface_list(session, interfaces, n);
	for (int i = 0; i < n && rc < 0; i++) {
		const struct sluice_interface *interface = &interfaces[i];

		if (has_address(session, interface, ip) &&
			(scope_id == 0 || scope_id == interface->index))
			rc = interface->index;
	}
	free(interfaces);
	return rc;
}

// `addr` NULL means the wildcard address.
static int bind_to(struct cm_id *id, const struct sockaddr *addr)
{
	static const struct sluice_addr none;
	struct sluice_addr ip = none;
	uint16_t port_be = 0;
	int rc, ifindex = 0;

	if (addr) {
		rc = rdmacm_id_addr_read(addr, &ip, &port_be);
		if (rc < 0)
			return rc;
	}
	if (memcmp(ip.bytes, none.bytes, sizeof(ip.bytes)) != 0) {
		ifindex = interface_find(id->session, &ip,
			ip.family == AF_INET6 ? ((const struct sockaddr_in6 *)addr)->sin6_scope_id
					      : 0);
		if (ifindex < 0)
			return ifindex;
	}
	rc = sluice_set_multicast_if(id->session, ifindex);
	if (rc == 0 && port_be)
		rc = sluice_session_bind(id->session, port_be);
	if (rc < 0)
		return rc;
	id->ifindex = ifindex;
	id->bound = true;
	if (addr)
		memcpy(&id->id.route.addr.src_storage, addr, rdmacm_id_addr_len(addr));
	return 0;
}

int rdma_bind_addr(struct rdma_cm_id *rdma_id, struct sockaddr *addr)
{
	struct cm_id *id = (struct cm_id *)rdma_id;
	int rc = -EINVAL;

	if (!id || !addr)
		return rdmacm_result(-EINVAL);
	pthread_mutex_lock(&rdmacm_lock);
	id->id.event = NULL;
	if (!id->bound)
		rc = bind_to(id, addr);
	pthread_mutex_unlock(&rdmacm_lock);
	return rdmacm_result(rc);
}

static int resolve(struct cm_id *id, const struct sockaddr *src, const struct sockaddr *dst)
{
	struct sluice_addr ip;
	uint16_t port_be;
	int rc = rdmacm_id_addr_read(dst, &ip, &port_be);

	if (rc == 0 && !id->bound)
		rc = bind_to(id, src);
	if (rc == 0)
		rc = rdmacm_event_tell(id, NULL, RDMA_CM_EVENT_ADDR_RESOLVED, 0);
	if (rc == 0)
		memcpy(&id->id.route.addr.dst_storage, dst, rdmacm_id_addr_len(dst));
	return rc;
}

int rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *src_addr, struct sockaddr *dst_addr,
	int timeout_ms __attribute__((unused)))
{
	int rc;

	if (!id)
		return rdmacm_result(-EINVAL);
	pthread_mutex_lock(&rdmacm_lock);
	rc = resolve((struct cm_id *)id, src_addr, dst_addr);
	pthread_mutex_unlock(&rdmacm_lock);
	return rdmacm_result(rc);
}
