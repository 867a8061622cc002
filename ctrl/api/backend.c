// SPDX-License-Identifier: BSD-3-Clause
#include "backend.h"
#include <stdlib.h>
#include <rte_mbuf.h>

enum { RING_SIZE = 1024 };

int backend_session_init(struct sluice_session *session, const struct backend *backend,
	const struct sluice_session_options *options)
{
	session->backend = backend;
	session->ring_size =
		options != NULL && options->ring_size > 0 ? options->ring_size : RING_SIZE;
	atomic_init(&session->udp_port_be, options != NULL ? options->udp_port_be : 0);
	atomic_init(&session->multicast_if, 0);
	atomic_init(&session->multicast_ttl, 1);
	atomic_init(&session->multicast_loop, true);
	return events_init(&session->events);
}

void backend_session_fini(struct sluice_session *session)
{
	// Frames in the ring were freed with it.
	rte_pktmbuf_free_bulk(session->kept + session->kept_first, session->kept_n);
	free(session->kept);
	events_fini(&session->events);
}
