// SPDX-License-Identifier: BSD-3-Clause
// Sluice, the native API: IP multicast at line rate inside a DPDK application, or through a
// running sluiced.
//
// Names and filter semantics follow RFC 3678, protocol behaviour RFC 9776 and RFC 9777. Joins are
// counted per (session, interface, group): the first is reported on the wire, and n leaves undo n
// joins.
//
// Threads: every function may be called from any thread, EAL thread or not, unless its comment
// narrows that. Calls that change a membership are carried out one at a time: the synchronous ones
// by their caller (some microseconds), or by sluiced; the _async ones by Sluice's control thread,
// and nobody waits. On a session of this process sluice_recv_burst(), sluice_filter_burst() and
// sluice_send() never block.
//
// Errors: functions return 0 (or what they document) on success and a negative errno otherwise. A
// call that fails has changed neither state nor wire. -EINVAL for a NULL argument, -ENOMEM,
// -ENOBUFS for a limit, -EPIPE when sluiced has gone and -ESHUTDOWN when the engine is closing
// are possible everywhere and not repeated below. A session whose sluiced has gone can only be
// closed.
//
// Byte order: addresses and whatever ends in _be are in network byte order, all else in host order.
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <stddef.h>
#include <sluice/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_API __attribute__((visibility("default")))

struct rte_mbuf;
struct sluice; // an engine inside this process
struct sluice_session; // who owns memberships; RFC 9776 section 2's socket

// What went wrong, for a person: one line. Functions that take one accept NULL.
struct sluice_error {
	char text[512];
};

// ---- Engine --------------------------------------------------------------------------------

// Opens an engine. The application has called rte_eal_init() and keeps the lcores the
// configuration names for workers free; Sluice owns the ports it is given. Starts a control
// thread. `yaml` is the text of a configuration as sluiced reads it (its keys socket, eal and
// lcores.control mean nothing here); text, not a file name, so that it can be made up in memory.
// Returns 0, -EINVAL for a configuration that is wrong, -EIO if a device or a worker's lcore cannot
// be had.
SLUICE_API int sluice_open(const char *yaml, struct sluice **sluice, struct sluice_error *error);

// Closes all sessions, leaves all groups on the wire (waits for the repeats, at most 3 s), and
// gives the ports back. Sessions of the engine are invalid then. Frames received before are to be
// freed before, for their memory goes too. Not while another thread is in a call.
SLUICE_API void sluice_close(struct sluice *sluice);

// ---- Sessions ------------------------------------------------------------------------------

struct sluice_session_options {
	uint16_t udp_port_be; // only frames to this UDP destination port; 0: any
	uint32_t ring_size; // frames that may wait to be received, a power of two; 0: 1024. All
			    // sessions of an engine together: limits.queued_frames, else -ENOBUFS
	bool stay; // of sluiced: frames are counted and go to its outputs, not to this process
};

// Opens a session on an engine of this process (`socket` NULL), or on the sluiced that answers at
// `socket` (`sluice` NULL). -ECONNREFUSED, -ENOENT if no sluiced answers. `options` may be NULL.
//
// With sluiced, frames arrive through a memif port that it makes for this process; EAL must be up
// to receive, not to join and leave. Sessions share the port as long as their rings have 4096
// frames together; then, or for a larger ring, of at most 16384, there is another. Each takes one
// of the RTE_MAX_ETHPORTS ports, 32, that DPDK has in sluiced and in this process; -ENOBUFS without
// one. A session that does not receive takes none. Frames carry no port, so that a flush tells
// interfaces by their VLANs.
SLUICE_API int sluice_session_open(struct sluice *sluice, const char *socket,
	const struct sluice_session_options *options, struct sluice_session **session);

// Binds the session to another UDP destination port, or 0 for any. Affects frames from now on.
SLUICE_API int sluice_session_bind(struct sluice_session *session, uint16_t udp_port_be);

// Leaves all groups of the session, frees frames and events that wait, and frees the session. The
// death of the process has the same effect on a session of sluiced. Not while another thread is in
// a call on this session.
SLUICE_API void sluice_session_close(struct sluice_session *session);

// ---- Interfaces ----------------------------------------------------------------------------

#define SLUICE_NAME_MAX 64

struct sluice_interface {
	unsigned index; // 1-based
	char name[SLUICE_NAME_MAX];
	uint8_t mac[6];
	uint16_t vlan, inner_vlan; // 0: none
	uint16_t mtu; // bytes
	bool up;
	struct sluice_addr ipv4, ipv6; // the first of each family, family 0 if none
};

// The index of a named interface, or -ENODEV.
SLUICE_API int sluice_interface_index(struct sluice_session *session, const char *name);
// The name of an interface; -ENODEV for an index there is none of.
SLUICE_API int sluice_interface_name(
	struct sluice_session *session, unsigned ifindex, char name[SLUICE_NAME_MAX]);
// Fills up to n entries, in order of their indexes. Returns how many interfaces there are.
SLUICE_API int sluice_interface_list(
	struct sluice_session *session, struct sluice_interface *interfaces, unsigned n);
// Fills up to n addresses configured on the interface, in their order there; a derived link-local
// address is not among them. Returns how many there are, or -ENODEV as for memberships.
SLUICE_API int sluice_interface_addresses(struct sluice_session *session, unsigned ifindex,
	struct sluice_addr *addresses, unsigned n);

// ---- Memberships ---------------------------------------------------------------------------
// `ifindex` 0 stands for the only interface; -ENODEV if there are several, or for an index there
// is none of. -EINVAL if the group is not multicast or cannot be joined. -ENETDOWN if the device of
// the interface is gone: then memberships can only be left. When a call returns, every worker lets
// through what it asked for, and the report is on its way.

// Any-source join, counted. -EINVAL in an SSM range (RFC 4607) and where the membership is by
// source.
SLUICE_API int sluice_join(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// Undoes one join. After it returned from the last one, no frame of the group is queued to the
// session any more; those queued before stay readable. -EADDRNOTAVAIL if never joined.
SLUICE_API int sluice_leave(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// As sluice_leave(); if that ended the membership, also drops the frames of this interface and
// group that are queued. Not while another thread receives from the session.
SLUICE_API int sluice_leave_flush(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// The delta calls of RFC 3678 section 5. Join and leave a source: -EADDRNOTAVAIL if already, or
// never, joined from it; -EINVAL if the group is joined from any source. Block and unblock need
// an any-source join: -EINVAL without; -EADDRNOTAVAIL if already, or not, blocked. -EINVAL if
// the source is no unicast address of the group's family.
SLUICE_API int sluice_join_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);
SLUICE_API int sluice_leave_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);
SLUICE_API int sluice_block_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);
SLUICE_API int sluice_unblock_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);

// Replaces the whole filter, or makes one (RFC 9776 section 3.1). SLUICE_INCLUDE without sources
// ends the membership. Sources may repeat. -ENOBUFS for more sources than the limit.
SLUICE_API int sluice_set_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n);

// Reads the filter. *n is the room in `sources` before and the number of sources after; fewer may
// have been written. `sources` may be NULL if *n is 0. -EADDRNOTAVAIL without a membership.
SLUICE_API int sluice_get_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n);

// ---- Asynchronous joins and events ---------------------------------------------------------

enum sluice_event_kind {
	SLUICE_EVENT_PENDING, // the data plane lets the group through, its report is about to leave
	SLUICE_EVENT_JOINED, // the report is on the wire, or none was needed
	SLUICE_EVENT_ERROR, // the join failed, or what was joined is lost; see status
	SLUICE_EVENT_LEFT, // the membership ended
};

struct sluice_event {
	enum sluice_event_kind kind;
	int status; // ERROR: a negative errno. After JOINED: -ENETDOWN, the interface's device is
		    // gone, and the membership stays until it is left; -EPIPE, sluiced has gone
	unsigned ifindex;
	struct sluice_addr group; // family 0: of the session, all its groups are lost with sluiced
	void *context; // as given to sluice_join_async(); NULL if the membership came otherwise
	uint64_t id; // for sluice_event_ack()
};

// Starts an any-source join (`source` NULL) or a join of one source and returns; 0 means queued.
// PENDING and JOINED, or ERROR, follow as events that carry `context`. A leave before the report
// was sent cancels it: then nothing is ever sent.
SLUICE_API int sluice_join_async(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source, void *context);

// A descriptor that polls readable while events wait; owned by the session. Events are kept from
// the first call of sluice_event_fd() on, or of sluice_join_async().
SLUICE_API int sluice_event_fd(struct sluice_session *session);

// Takes the oldest event. -EAGAIN if there is none. Each taken event is to be acknowledged once:
// -ENOENT if that was done.
SLUICE_API int sluice_event_get(struct sluice_session *session, struct sluice_event *event);
SLUICE_API int sluice_event_ack(struct sluice_session *session, const struct sluice_event *event);

// Forgets events of the group that were not taken, and waits until all of it that were taken are
// acknowledged. Never from the thread that is to acknowledge.
SLUICE_API int sluice_event_drain(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// ---- Receiving -----------------------------------------------------------------------------

// Takes up to n frames, whole Ethernet frames as they came; each is the caller's to free with
// rte_pktmbuf_free() and may be shared with other receivers: do not write to it. Returns how many.
// Frames lie in the buffers the port receives into: do not hold many more than a ring's worth.
// One thread at a time a session.
SLUICE_API unsigned sluice_recv_burst(
	struct sluice_session *session, struct rte_mbuf **frames, unsigned n);

struct sluice_frame {
	struct sluice_addr group, source;
	uint16_t source_port_be, udp_port_be; // 0 if not UDP, or a later fragment
	uint16_t vlan, inner_vlan; // 0: none
	uint32_t payload; // offset of the UDP payload, else of the IP payload, from the frame's
			  // start
	uint32_t payload_len; // bytes
};
// Reads the headers of a frame. -EBADMSG if it is not a sound IP multicast frame.
SLUICE_API int sluice_frame_read(const struct rte_mbuf *frame, struct sluice_frame *info);

// For an application with its own receive loop: which of these n frames, received by the
// application on a port Sluice does not poll, does the session want on this interface? Sets bit i
// of the result for frame i, n at most 64. Reads the group table as a worker does and holds nothing
// of it afterwards; nothing is queued, nor counted in statistics. IGMP and MLD frames among them
// are answered. Always 0 on a session of sluiced, which has no group table here.
SLUICE_API uint64_t sluice_filter_burst(struct sluice_session *session, unsigned ifindex,
	struct rte_mbuf *const *frames, unsigned n);

// ---- Sending -------------------------------------------------------------------------------

// Chooses the interface multicast is sent from; without, sluice_send() fails with -ENETUNREACH.
SLUICE_API int sluice_set_multicast_if(struct sluice_session *session, unsigned ifindex);
// IPv4 TTL and IPv6 hop limit of sent frames, 0 to 255; 1 at first, as RFC 1112 has it. 0 sends
// nothing on the wire.
SLUICE_API int sluice_set_multicast_ttl(struct sluice_session *session, unsigned ttl);
// Whether sessions of this engine that want the group get what this session sends; true at first.
SLUICE_API int sluice_set_multicast_loop(struct sluice_session *session, bool loop);

// Sends a UDP datagram to the group, from the session's bound port (or 0) and the interface's
// address. -EMSGSIZE if it does not fit the MTU: it is never fragmented. -EADDRNOTAVAIL if the
// interface has no address of the family, -EAGAIN if the port is full, -ENETDOWN if its device is
// gone.
SLUICE_API int sluice_send(struct sluice_session *session, const struct sluice_addr *group,
	uint16_t port_be, const void *payload, size_t len);

// ---- Statistics ----------------------------------------------------------------------------

struct sluice_group_stats {
	uint64_t packets, bytes; // let through by at least one session's filter
	uint64_t filtered; // packets of the group that nobody wanted
	uint64_t age_ms; // since the last packet; UINT64_MAX if none came
};
// -ENOENT if nobody has joined the group on the interface.
SLUICE_API int sluice_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats);

struct sluice_session_stats {
	uint64_t packets, bytes; // queued to the session
	uint64_t dropped; // not queued, because its ring was full
	uint64_t events_lost; // events not kept, because too many waited
};
SLUICE_API int sluice_stats_session(
	struct sluice_session *session, struct sluice_session_stats *stats);

struct sluice_interface_stats {
	unsigned groups; // joined, IPv4 and IPv6
	unsigned igmp_version, mld_version; // spoken now, as the oldest querier has it
	uint64_t rx_queries; // IGMP and MLD
	uint64_t tx_reports, tx_leaves, tx_records; // frames; records in the reports
	// Of its port, which its VLANs share.
	uint64_t rx_packets, rx_bytes;
	uint64_t rx_missed; // that the port lost because no worker took them in time
	uint64_t tx_packets, tx_bytes;
};
SLUICE_API int sluice_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats);

struct sluice_worker_stats {
	unsigned lcore;
	unsigned queues; // it polls
	uint64_t rx_packets, rx_bytes;
	uint64_t delivered; // packets let through
	uint64_t deliveries; // the same once an output
	uint64_t punted; // IGMP and MLD handed to the control thread
	uint64_t polls, idle_polls; // turns of its loop, and those that found nothing
};
// Fills up to n entries. Returns how many workers there are.
SLUICE_API int sluice_stats_workers(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);

struct sluice_drop_stats {
	unsigned ifindex; // 0: refused by the workers, else by the interface's protocol machine
	uint16_t family; // of that machine, AF_INET or AF_INET6
	char reason[SLUICE_NAME_MAX]; // "not_joined", as `sluice show drops` has it
	uint64_t count;
};
// Fills up to n entries, one a reason even if it never happened. Returns how many there are.
SLUICE_API int sluice_stats_drops(
	struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);

#ifdef __cplusplus
}
#endif

#endif
