// SPDX-License-Identifier: BSD-3-Clause
// libsluice: sessions on an engine of this process (local) or on a sluiced (remote). Which file to
// open for what:
//
//   api_session.c     the public functions, which check arguments and ask the session's backend:
//                     sessions and interfaces; api_member.c, api_receive.c, api_send.c, api_stats.c
//   backend.c         what all sessions have; here the operations that a backend gives
//   local.c           the engine's lock and control thread; local_open.c opens and closes an engine
//   mailbox.c         calls from any thread to the thread that runs them
//   local_session.c   the backend on an engine; local_member.c, local_send.c, local_stats.c
//   remote_session.c  the backend on a sluiced, over ctrl/client; remote_stats.c
//   remote_port.c     the memif ports through which frames of sluiceds arrive
#ifndef LIBRARY_BACKEND_H
#define LIBRARY_BACKEND_H

#include <stdatomic.h>
#include <sluice/sluice.h>
#include "events.h"
#include "session_request.h"

// Arguments are checked as session_request.h says. Errors and thread rules as in sluice.h.
struct backend {
	int (*bind)(struct sluice_session *session, uint16_t udp_port_be);
	void (*close)(struct sluice_session *session); // frees the session
	// Turns 0 into the index of the only interface; -ENODEV.
	int (*resolve)(struct sluice_session *session, unsigned *ifindex);
	int (*interfaces)(
		struct sluice_session *session, struct sluice_interface *interfaces, unsigned n);
	int (*addresses)(struct sluice_session *session, unsigned ifindex,
		struct sluice_addr *addresses, unsigned n);
	// `*ended`: the membership does not exist any more.
	int (*change)(struct sluice_session *session, const struct membership_request *request,
		bool *ended);
	int (*get_filter)(struct sluice_session *session, struct filter_request *request);
	int (*join_async)(struct sluice_session *session, const struct membership_request *request,
		void *context);
	unsigned (*receive)(struct sluice_session *session, struct rte_mbuf **frames, unsigned n);
	// Waits until every frame that is queued to the session can be received. NULL: every
	// frame can at any time.
	int (*sync)(struct sluice_session *session);
	// Whether a received frame arrived on this interface, as far as is known.
	bool (*received_on)(struct sluice_session *session, unsigned ifindex,
		const struct rte_mbuf *frame, const struct sluice_frame *info);
	// NULL: the group table is not in this process.
	uint64_t (*filter_burst)(struct sluice_session *session, unsigned ifindex,
		struct rte_mbuf *const *frames, unsigned n);
	int (*send)(struct sluice_session *session, const struct send_request *request);
	int (*group_stats)(struct sluice_session *session, unsigned ifindex,
		const struct sluice_addr *group, struct sluice_group_stats *stats);
	int (*session_stats)(struct sluice_session *session, struct sluice_session_stats *stats);
	int (*interface_stats)(struct sluice_session *session, unsigned ifindex,
		struct sluice_interface_stats *stats);
	int (*worker_stats)(
		struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);
	int (*drop_stats)(
		struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);
};

// The part of a session that all backends share: the session of a backend begins with it.
struct sluice_session {
	const struct backend *backend;
	struct events events;
	unsigned ring_size;
	atomic_uint udp_port_be;
	atomic_uint multicast_if, multicast_ttl; // 0: no interface chosen
	atomic_bool multicast_loop;
	// Frames that a flush took out of the ring and that are still to be received, oldest first.
	// The receiving thread only.
	struct rte_mbuf **backlog;
	unsigned backlog_first, backlog_n;
	atomic_uint_least64_t backlog_dropped; // frames without room; receiver: rw, others: ro
};

// Makes a session of `size` bytes that begins with this part.
int backend_session_new(size_t size, const struct backend *backend,
	const struct sluice_session_options *options, struct sluice_session **session);
// Frees the frames of the backlog, before the memory they lie in is freed.
void backend_session_drop_backlog(struct sluice_session *session);
void backend_session_free(struct sluice_session *session);

#endif
