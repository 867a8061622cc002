// SPDX-License-Identifier: BSD-3-Clause
#include "backend.h"
#include <errno.h>
#include <stdlib.h>
#include <rte_mbuf.h>

enum { RING_SIZE = 1024 };

int backend_session_new(size_t size, const struct backend *backend,
	const struct sluice_session_options *options, struct sluice_session **session)
{
	struct sluice_session *new = calloc(1, size);
	int rc;

	if (new == NULL)
		return -ENOMEM;
	new->backend = backend;
	new->ring_size = options != NULL && options->ring_size > 0 ? options->ring_size : RING_SIZE;
	atomic_init(&new->udp_port_be, options != NULL ? options->udp_port_be : 0);
	atomic_init(&new->multicast_if, 0);
	atomic_init(&new->multicast_ttl, 1);
	atomic_init(&new->multicast_loop, true);
	rc = events_init(&new->events);
	if (rc < 0) {
		free(new);
		return rc;
	}
	*session = new;
	return 0;
}

void backend_session_drop_backlog(struct sluice_session *session)
{
	rte_pktmbuf_free_bulk(session->backlog + session->backlog_first, session->backlog_n);
	session->backlog_n = 0;
}

void backend_session_free(struct sluice_session *session)
{
	// Frames in the ring were freed with it.
	backend_session_drop_backlog(session);
	free(session->backlog);
	events_fini(&session->events);
	free(session);
}
