// SPDX-License-Identifier: BSD-3-Clause
// Receiving: frames that wait, the headers of a frame, and filtering the frames of an application.
#include "api_receive.h"
#include <errno.h>
#include <stdlib.h>
#include <rte_udp.h>
#include "backend.h"
#include "parse.h"

enum { FLUSH_BURST = 64, FILTER_MAX = 64 };

unsigned sluice_recv_burst(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_backlog = RTE_MIN(n, session->backlog_n);

	if (likely(n_backlog == 0))
		return session->backend->receive(session, frames, n);
	memcpy(frames, &session->backlog[session->backlog_first], n_backlog * sizeof(*frames));
	session->backlog_first += n_backlog;
	session->backlog_n -= n_backlog;
	return n_backlog + session->backend->receive(session, frames + n_backlog, n - n_backlog);
}

// ---- Flush ---------------------------------------------------------------------------------

static bool is_of(struct sluice_session *session, const struct rte_mbuf *frame, unsigned ifindex,
	const struct sluice_addr *group)
{
	struct sluice_frame info;

	return sluice_frame_read(frame, &info) == 0 && sluice_addr_equal(&info.group, group) &&
	       session->backend->received_on(session, ifindex, frame, &info);
}

static void keep(struct sluice_session *session, struct rte_mbuf *frame)
{
	if (session->backlog_n < session->ring_size) {
		session->backlog[session->backlog_n++] = frame;
		return;
	}
	rte_pktmbuf_free(frame);
	atomic_fetch_add_explicit(&session->backlog_dropped, 1, memory_order_relaxed);
}

int api_receive_flush(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	struct rte_mbuf *frames[FLUSH_BURST];
	unsigned first = session->backlog_first, n = session->backlog_n;
	int rc = 0;

	if (session->backend->sync != NULL)
		rc = session->backend->sync(session);
	if (rc < 0)
		return rc;
	if (session->backlog == NULL)
		session->backlog = calloc(session->ring_size, sizeof(struct rte_mbuf *));
	if (session->backlog == NULL)
		return -ENOMEM;
	session->backlog_first = session->backlog_n = 0;
	for (unsigned i = first; i < first + n; i++)
		if (is_of(session, session->backlog[i], ifindex, group))
			rte_pktmbuf_free(session->backlog[i]);
		else
			session->backlog[session->backlog_n++] = session->backlog[i];
	// Frames of other groups may arrive as fast as they are taken: no more than a ring of
	// frames can have waited.
	for (unsigned left = session->ring_size; left > 0; left -= n) {
		n = session->backend->receive(
			session, frames, RTE_MIN(left, (unsigned)FLUSH_BURST));
		if (n == 0)
			break;
		for (unsigned i = 0; i < n; i++)
			if (is_of(session, frames[i], ifindex, group))
				rte_pktmbuf_free(frames[i]);
			else
				keep(session, frames[i]);
	}
	return 0;
}

// ---- What is in a frame --------------------------------------------------------------------

static struct sluice_addr address(const struct parsed *parsed, const uint8_t bytes[16])
{
	struct sluice_addr addr = {.family = parsed->flags & PARSED_IPV6 ? AF_INET6 : AF_INET};

	memcpy(addr.bytes, bytes, sluice_addr_len(&addr));
	return addr;
}

int sluice_frame_read(const struct rte_mbuf *frame, struct sluice_frame *info)
{
	uint8_t buffer[PARSE_WINDOW];
	struct parsed parsed;
	const uint8_t *data;
	uint32_t offset;

	if (frame == NULL || info == NULL)
		return -EINVAL;
	if (parse_mbuf(frame, &parsed) != DROP_NONE)
		return -EBADMSG;
	data = rte_pktmbuf_read(frame, 0, RTE_MIN(frame->pkt_len, (uint32_t)PARSE_WINDOW), buffer);
	offset = parsed.l3_offset + parse_upper_offset(data + parsed.l3_offset, &parsed);
	*info = (struct sluice_frame){
		.group = address(&parsed, parsed.group6),
		.source = address(&parsed, parsed.source6),
		.vlan = parsed.outer_vlan,
		.inner_vlan = parsed.inner_vlan,
	};
	if (parsed.udp_port_be != 0) {
		info->source_port_be = parse_load16(data + offset);
		info->udp_port_be = parsed.udp_port_be;
		offset += sizeof(struct rte_udp_hdr);
	}
	info->payload = offset;
	info->payload_len = parsed.l3_offset + parsed.l3_len - offset;
	return 0;
}

uint64_t sluice_filter_burst(struct sluice_session *session, unsigned ifindex,
	struct rte_mbuf *const *frames, unsigned n)
{
	if (session == NULL || frames == NULL || n > FILTER_MAX ||
		session->backend->filter_burst == NULL ||
		session->backend->resolve(session, &ifindex) < 0)
		return 0;
	return session->backend->filter_burst(session, ifindex, frames, n);
}
