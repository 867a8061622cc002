// SPDX-License-Identifier: BSD-3-Clause
// Sending: the multicast options of a session.
#include <errno.h>
#include "address.h"
#include "backend.h"

int sluice_set_multicast_if(struct sluice_session *session, unsigned ifindex)
{
	int rc;

	if (session == NULL)
		return -EINVAL;
	rc = session->backend->resolve(session, &ifindex);
	if (rc == 0)
		atomic_store(&session->multicast_if, ifindex);
	return rc;
}

int sluice_set_multicast_ttl(struct sluice_session *session, unsigned ttl)
{
	if (session == NULL || ttl > UINT8_MAX)
		return -EINVAL;
	atomic_store(&session->multicast_ttl, ttl);
	return 0;
}

int sluice_set_multicast_loop(struct sluice_session *session, bool loop)
{
	if (session == NULL)
		return -EINVAL;
	atomic_store(&session->multicast_loop, loop);
	return 0;
}

int sluice_send(struct sluice_session *session, const struct sluice_addr *group, uint16_t port_be,
	const void *payload, size_t len)
{
	struct send_request request = {.port_be = port_be, .payload = payload, .len = len};

	if (session == NULL || group == NULL || (payload == NULL && len > 0) ||
		!address_is_multicast(group))
		return -EINVAL;
	request.ifindex = atomic_load(&session->multicast_if);
	if (request.ifindex == 0)
		return -ENETUNREACH;
	request.group = *group;
	request.source_port_be = atomic_load(&session->udp_port_be);
	request.ttl = atomic_load(&session->multicast_ttl);
	request.loop = atomic_load(&session->multicast_loop);
	return session->backend->send(session, &request);
}
