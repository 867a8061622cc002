// SPDX-License-Identifier: BSD-3-Clause
// Sending: the caller builds the frame and the control thread sends it, so that the caller does not
// wait.
#include <errno.h>
#include <stdlib.h>
#include <rte_mbuf.h>
#include "local.h"

enum { SENDING_MAX = 256 }; // datagrams queued at a time; a port has few buffers

struct send_call {
	struct mailbox_call call;
	struct sluice *sluice;
	struct engine_interface *interface;
	struct rte_mbuf *frame;
	bool wire, loop;
};

static void run_send(struct mailbox_call *mailbox_call)
{
	struct send_call *call = (struct send_call *)mailbox_call;

	engine_datagram_send(call->interface, call->frame, call->wire, call->loop);
}

static void finish_send(struct mailbox_call *mailbox_call)
{
	struct send_call *call = (struct send_call *)mailbox_call;

	atomic_fetch_sub_explicit(&call->sluice->n_sending, 1, memory_order_relaxed);
	free(call);
}

int local_send(struct sluice_session *session, const struct send_request *request)
{
	struct sluice *sluice = local(session)->sluice;
	const struct engine_datagram engine_datagram = {
		.group = request->group,
		.source_port_be = request->source_port_be,
		.port_be = request->port_be,
		.ttl = request->ttl,
		.payload = request->payload,
		.len = request->len,
	};
	struct send_call *call = calloc(1, sizeof(*call));
	int rc;

	if (call == NULL)
		return -ENOMEM;
	call->call = (struct mailbox_call){.run = run_send, .finish = finish_send};
	call->sluice = sluice;
	call->interface = local_interface(sluice, request->ifindex);
	call->wire = request->ttl > 0;
	call->loop = request->loop;
	if (atomic_fetch_add_explicit(&sluice->n_sending, 1, memory_order_relaxed) >= SENDING_MAX) {
		rc = -EAGAIN;
		goto not_sending;
	}
	rc = engine_datagram_frame(call->interface, &engine_datagram, &call->frame);
	if (rc < 0)
		goto not_sending;
	rc = mailbox_post(&sluice->mailbox, &call->call);
	if (rc < 0)
		goto free_frame;
	return 0;

free_frame:
	rte_pktmbuf_free(call->frame);
not_sending:
	atomic_fetch_sub_explicit(&sluice->n_sending, 1, memory_order_relaxed);
	free(call);
	return rc;
}
