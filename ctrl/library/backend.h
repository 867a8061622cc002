// SPDX-License-Identifier: BSD-3-Clause
// What a session does by itself, and what it asks of the engine in this process or of a sluiced.
#ifndef API_BACKEND_H
#define API_BACKEND_H

#include <stdatomic.h>
#include <sluice/sluice.h>
#include "events.h"

enum change_kind {
	CHANGE_JOIN,
	CHANGE_LEAVE,
	CHANGE_JOIN_SOURCE,
	CHANGE_LEAVE_SOURCE,
	CHANGE_BLOCK_SOURCE,
	CHANGE_UNBLOCK_SOURCE,
	CHANGE_SET_FILTER,
};

// One change of a membership. The addresses live as long as the call.
struct change_request {
	enum change_kind kind;
	unsigned ifindex;
	struct sluice_addr group;
	enum sluice_filter_mode mode; // CHANGE_SET_FILTER
	const struct sluice_addr *sources;
	unsigned n_sources;
};

struct filter_request {
	unsigned ifindex;
	struct sluice_addr group;
	enum sluice_filter_mode mode;
	struct sluice_addr *sources; // room for n
	unsigned n; // room before, total after
};

struct datagram {
	unsigned ifindex;
	struct sluice_addr group;
	uint16_t source_port_be, port_be;
	uint8_t ttl;
	bool loop;
	const void *payload;
	size_t len;
};

// Arguments are checked: groups have a family, sources the group's, interfaces exist (ifindex
// stands for itself). Errors as in sluice.h.
struct backend {
	int (*bind)(struct sluice_session *session, uint16_t udp_port_be);
	void (*close)(struct sluice_session *session); // frees the session
	// Turns 0 into the index of the only interface; -ENODEV.
	int (*resolve)(struct sluice_session *session, unsigned *ifindex);
	int (*interfaces)(
		struct sluice_session *session, struct sluice_interface *interfaces, unsigned n);
	int (*addresses)(struct sluice_session *session, unsigned ifindex,
		struct sluice_addr *addresses, unsigned n);
	// *ended tells whether there is no membership any more.
	int (*change)(
		struct sluice_session *session, const struct change_request *request, bool *ended);
	int (*get_filter)(struct sluice_session *session, struct filter_request *filter);
	int (*join_async)(struct sluice_session *session, const struct change_request *request,
		void *context);
	unsigned (*receive)(struct sluice_session *session, struct rte_mbuf **frames, unsigned n);
	// Waits until all that is queued to the session can be received. NULL: it always can.
	int (*settle)(struct sluice_session *session);
	// Whether a received frame came by this interface, as far as can be told.
	bool (*came_by)(struct sluice_session *session, unsigned ifindex,
		const struct rte_mbuf *frame, const struct sluice_frame *info);
	uint64_t (*filter)(struct sluice_session *session, unsigned ifindex,
		struct rte_mbuf *const *frames, unsigned n);
	int (*send)(struct sluice_session *session, const struct datagram *datagram);
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

// The part of a session all backends share; theirs begins with it.
struct sluice_session {
	const struct backend *backend;
	struct events events;
	unsigned ring_size;
	atomic_uint udp_port_be;
	atomic_uint multicast_if, multicast_ttl; // 0: no interface chosen
	atomic_bool multicast_loop;
	// Frames a flush took out of the ring and kept, oldest first. The receiving thread only.
	struct rte_mbuf **kept;
	unsigned kept_first, kept_n;
	atomic_uint_least64_t kept_dropped; // frames that found no room; receiver: rw, others: ro
};

// Makes a session of `size` bytes that begins with this part.
int backend_session_new(size_t size, const struct backend *backend,
	const struct sluice_session_options *options, struct sluice_session **session);
// Frees the frames a flush kept, before the memory they lie in goes.
void backend_session_drop_kept(struct sluice_session *session);
void backend_session_free(struct sluice_session *session);

#endif
