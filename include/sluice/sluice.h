// SPDX-License-Identifier: BSD-3-Clause
// Sluice, the native API: IP multicast at line rate inside a DPDK application, or through a running
// sluiced.
//
// Names and filter semantics follow RFC 3678, protocol behaviour RFC 9776 and RFC 9777. Joins are
// counted per (session, interface, group): the first join is reported on the wire, and n leaves
// undo n joins.
//
// Threads: any thread may call any function, EAL thread or not, unless its comment narrows that.
// Calls that change a membership run one at a time: synchronous calls on the caller's thread under
// the engine's lock (some microseconds), or in sluiced while the caller waits for the answer;
// sluice_join_async() on Sluice's control thread, or in sluiced, while the caller goes on. On a
// session of this process sluice_recv_burst(), sluice_filter_burst() and sluice_send() never block.
//
// Errors: functions return 0, or what they document, on success and a negative errno on failure. A
// call that fails changes neither state nor wire. These errors are possible everywhere and not
// repeated below: -EINVAL for a NULL argument or an address without a family, -ENOMEM, -ENOBUFS for
// a limit, -EDQUOT for a quota that sluiced gives the user, -ESHUTDOWN while the engine is closing,
// -EPIPE when sluiced is gone. A session whose sluiced is gone can only be closed.
//
// Byte order: addresses and names that end in _be are in network byte order, all else in host
// order.
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <stddef.h>
#include <sluice/control.h>
#include <sluice/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rte_mbuf;
struct sluice; // an engine inside this process
struct sluice_session; // the owner of memberships; the socket of RFC 9776 section 2

// ---- Engine --------------------------------------------------------------------------------

// Opens an engine and starts its control thread. The application has called rte_eal_init() and
// keeps the lcores free that the configuration names for workers; Sluice owns the ports it is
// given. Blocks until the ports run.
//
// yaml    a configuration as sluiced reads it, as text (not a file name); its keys socket, eal and
//         lcores.control mean nothing here
// sluice  the engine, on success
// error   the reason, on failure; may be NULL
//
// -EINVAL for a configuration that is wrong, -EIO if a device or the lcore of a worker cannot be
// used.
SLUICE_API int sluice_open(const char *yaml, struct sluice **sluice, struct sluice_error *error);

// Closes all sessions, leaves all groups on the wire, gives the ports back and frees the engine.
// NULL does nothing. Blocks until the repeated leaves are sent, at most 3 s. No other thread may be
// in a call. Sessions of the engine are invalid afterwards; free received frames before, because
// their memory goes too.
SLUICE_API void sluice_close(struct sluice *sluice);

// ---- Sessions ------------------------------------------------------------------------------

// Zero means the default of each field.
struct sluice_session_options {
	uint16_t udp_port_be; // deliver only frames to this UDP destination port; 0: to any
	uint32_t ring_size; // frames that may wait to be received, a power of two; 0: 1024. The
			    // rings of all sessions of an engine share limits.queued_frames
	bool stay; // on sluiced: frames are counted and go to its outputs, not to this process
};

// Opens a session, either on an engine of this process or on a sluiced. Blocks while sluiced
// answers.
//
// sluice   the engine; NULL for a session on sluiced
// socket   path of the control socket of sluiced; NULL for a session on an engine
// options  may be NULL
// session  the session, on success
//
// -EINVAL unless exactly one of `sluice` and `socket` is given, or for a ring size that is no power
// of two; -ENOBUFS beyond limits.queued_frames; -ECONNREFUSED or -ENOENT if no sluiced answers;
// -EMFILE if sluiced has no connection left.
//
// Frames of sluiced arrive through a memif port that sluiced makes for this process. EAL must be up
// to receive, not to join and leave. Sessions share the port while their rings have at most 4096
// frames together; beyond that, or for a larger ring (at most 16384), there is another port. Each
// takes one of the 32 ports (RTE_MAX_ETHPORTS) that DPDK has in sluiced and in this process;
// -ENOBUFS without one. A session that does not receive takes none. Frames carry no port, so a
// flush tells interfaces apart by their VLANs.
SLUICE_API int sluice_session_open(struct sluice *sluice, const char *socket,
	const struct sluice_session_options *options, struct sluice_session **session);

// Binds the session to another UDP destination port, or to any with 0. Applies to frames that
// arrive from now on.
SLUICE_API int sluice_session_bind(struct sluice_session *session, uint16_t udp_port_be);

// Leaves all groups of the session, frees its waiting frames and events, and frees the session.
// NULL does nothing. The death of the process has the same effect on a session of sluiced. No other
// thread may be in a call on the session.
SLUICE_API void sluice_session_close(struct sluice_session *session);

// ---- Interfaces ----------------------------------------------------------------------------

// Returns the index of the interface with this name, from 1; -ENODEV if there is none.
SLUICE_API int sluice_interface_index(struct sluice_session *session, const char *name);

// Writes the name of the interface with this index, with a terminating zero; -ENODEV if there is
// none.
SLUICE_API int sluice_interface_name(
	struct sluice_session *session, unsigned ifindex, char name[SLUICE_NAME_MAX]);

// Fills up to n entries in the order of their indexes, and returns how many interfaces there are.
// `interfaces` may be NULL if n is 0.
SLUICE_API int sluice_interface_list(
	struct sluice_session *session, struct sluice_interface *interfaces, unsigned n);

// Fills up to n addresses that are configured on the interface, in their order there, and returns
// how many there are. A derived link-local address is not among them. `addresses` may be NULL if n
// is 0; `ifindex` as for memberships.
SLUICE_API int sluice_interface_addresses(struct sluice_session *session, unsigned ifindex,
	struct sluice_addr *addresses, unsigned n);

// ---- Memberships ---------------------------------------------------------------------------
// `ifindex` is the index of an interface, or 0 for the only one: -ENODEV if there are several, or
// if no interface has the index. -EINVAL if the group is not multicast or cannot be joined (IGMP
// and MLD reserve some, RFC 4607 others). -ENETDOWN if the device of the interface is gone: then
// memberships can only be left.
//
// When a call returns, every worker applies the new filter, and the report is about to be sent.

// Joins the group from any source, or counts one more join. -EINVAL in an SSM range (RFC 4607), and
// if the membership is by source.
SLUICE_API int sluice_join(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// Undoes one join; a leave that is not the last leaves the filter alone, the last one ends the
// membership, whatever its filter. After the last leave has returned, no frame of the group is
// queued to the session any more; frames queued before can still be received. Waits for a grace
// period of the workers (RCU). -EADDRNOTAVAIL if never joined.
SLUICE_API int sluice_leave(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// As sluice_leave(); if that ends the membership, the waiting frames of this interface and group
// are dropped as well. No other thread may receive from the session meanwhile.
SLUICE_API int sluice_leave_flush(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// The delta calls of RFC 3678 section 5. -EINVAL if the source is no unicast address of the group's
// family.
//
// Joins the group from one source, or adds a source to a membership by source. -EADDRNOTAVAIL if
// the source is joined already, -EINVAL if the group is joined from any source.
SLUICE_API int sluice_join_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);
// Removes a source; removing the last one ends the membership. -EADDRNOTAVAIL if the source is not
// joined, -EINVAL if the group is joined from any source.
SLUICE_API int sluice_leave_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);
// Excludes a source from an any-source join, and takes it back. -EINVAL without an any-source join,
// -EADDRNOTAVAIL if the source is already, or is not, blocked.
SLUICE_API int sluice_block_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);
SLUICE_API int sluice_unblock_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);

// Replaces the whole filter, or creates the membership with it, which counts as one join (RFC 9776
// section 3.1). The count of joins of an existing membership stays. SLUICE_INCLUDE without sources
// ends the membership, whatever its count. `sources` has n addresses, which may repeat, and may be
// NULL if n is 0. -ENOBUFS for more sources than the limit.
SLUICE_API int sluice_set_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n);

// Reads the filter. *n is the room in `sources` before the call, and the number of sources in the
// filter after it, of which at most the room was written. `sources` may be NULL if *n is 0.
// -EADDRNOTAVAIL without a membership.
SLUICE_API int sluice_get_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n);

// ---- Asynchronous joins and events ---------------------------------------------------------

// Starts a join and returns; 0 means it is queued. The events PENDING and JOINED, or ERROR, follow
// and carry `context`, which Sluice does not read. `source` NULL joins from any source. A leave
// before the report was sent cancels the join: then nothing is ever sent.
SLUICE_API int sluice_join_async(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source, void *context);

// Returns a descriptor that polls readable while events wait. The session owns it. Events are kept
// from the first call of sluice_event_fd() or sluice_join_async() on, at most 262,144 that wait;
// sluice_stats_session() counts the ones lost beyond that.
SLUICE_API int sluice_event_fd(struct sluice_session *session);

// Takes the oldest event. Does not block: -EAGAIN if there is none.
SLUICE_API int sluice_event_get(struct sluice_session *session, struct sluice_event *event);
// Acknowledges an event that was taken; each is acknowledged once, -ENOENT for a second time.
SLUICE_API int sluice_event_ack(struct sluice_session *session, const struct sluice_event *event);

// Drops the waiting events of the group, and blocks until all of its events that were taken are
// acknowledged. Never on the thread that is to acknowledge them. `ifindex` as for memberships.
SLUICE_API int sluice_event_drain(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// ---- Receiving -----------------------------------------------------------------------------

// Takes up to n frames, whole Ethernet frames as they arrived, and returns how many. The caller
// frees each with rte_pktmbuf_free(); do not write to a frame, it may be shared with other
// receivers. Frames lie in the buffers the port receives into: do not hold many more than a ring
// has. Does not block. One thread at a time per session.
SLUICE_API unsigned sluice_recv_burst(
	struct sluice_session *session, struct rte_mbuf **frames, unsigned n);

struct sluice_frame {
	struct sluice_addr group, source;
	uint16_t source_port_be, udp_port_be; // 0 if not UDP, and for a fragment but the first
	uint16_t vlan, inner_vlan; // 0: none
	uint32_t payload; // offset from the start of the frame in bytes: of the UDP payload, or of
			  // the IP payload if not UDP
	uint32_t payload_len; // bytes
};

// Reads the headers of a frame. -EBADMSG if it is no valid IP multicast frame.
SLUICE_API int sluice_frame_read(const struct rte_mbuf *frame, struct sluice_frame *info);

// For an application with its own receive loop: filters a burst of at most 64 frames that the
// application received on a port Sluice does not poll. Returns a bit set: bit i says that the
// session wants frame i on this interface. Reads the group table as a worker does and keeps no
// reference to it; queues nothing and counts nothing in statistics. IGMP and MLD frames of the
// burst are handed to the control thread. Always 0 on a session of sluiced, which has no group
// table in this process, and for a wrong argument.
SLUICE_API uint64_t sluice_filter_burst(struct sluice_session *session, unsigned ifindex,
	struct rte_mbuf *const *frames, unsigned n);

// ---- Sending -------------------------------------------------------------------------------

// Chooses the interface that sluice_send() uses; `ifindex` as for memberships. There is none at
// first.
SLUICE_API int sluice_set_multicast_if(struct sluice_session *session, unsigned ifindex);
// Sets the IPv4 TTL and the IPv6 hop limit of sent frames, 0 to 255; 1 at first (RFC 1112). With 0
// nothing is sent on the wire.
SLUICE_API int sluice_set_multicast_ttl(struct sluice_session *session, unsigned ttl);
// Sets whether sessions of the same engine that joined the group get what this session sends; true
// at first.
SLUICE_API int sluice_set_multicast_loop(struct sluice_session *session, bool loop);

// Sends a UDP datagram of `len` bytes to the group, from the port the session is bound to (or 0)
// and the address of the interface. -ENETUNREACH without an interface to send from; -EMSGSIZE if
// the datagram does not fit the MTU, because Sluice does not fragment; -EADDRNOTAVAIL if the
// interface has no address of the family; -EAGAIN if the queue of the port is full; -ENETDOWN if
// its device is gone.
SLUICE_API int sluice_send(struct sluice_session *session, const struct sluice_addr *group,
	uint16_t port_be, const void *payload, size_t len);

// ---- Statistics ----------------------------------------------------------------------------
// The structures and what each field counts are in stats.h.

// -ENOENT if no session has joined the group on the interface.
SLUICE_API int sluice_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats);

SLUICE_API int sluice_stats_session(
	struct sluice_session *session, struct sluice_session_stats *stats);

SLUICE_API int sluice_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats);

// Fills up to n entries. Returns how many workers there are.
SLUICE_API int sluice_stats_workers(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);

// Fills up to n entries, one per reason, even if no packet was dropped for it. Returns how many
// there are.
SLUICE_API int sluice_stats_drops(
	struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);

#ifdef __cplusplus
}
#endif

#endif
