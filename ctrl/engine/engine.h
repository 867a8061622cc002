// SPDX-License-Identifier: BSD-3-Clause
// The engine: interfaces, sessions and memberships over igmp/ and dataplane/. sluiced puts a
// JSON-RPC server on top of it, libsluice the native API. It takes a struct config, and knows no
// JSON, no socket and no file.
//
//	engine		open, tick, flush, drain, close
//	request		join, leave and filter calls; engine_member publishes them to the data plane
//	owner		users, and what their sessions hold
//	session		owners of memberships; also engine_session_table,
//			engine_session_publish and engine_session_close
//	share		sharing frames with other processes
//	interface	interfaces; engine_port: ports
//	machine		the protocol machines of an interface; engine_host: its IGMP and MLD hosts
//	output		named outputs; engine_datagram sends datagrams
//	membership	configured memberships; also engine_wanted
//	reload		another configuration; engine_reload_output and so on are its phases, and
//			engine_report is what it did
//	event		events; engine_stats: statistics; engine_drops: drop counters
//	now, log, error	time, log, error texts
// The file of "request" is engine_request.c, and so on.
// engine_private.h lists all files in the order in which they call each other.
//
// Thread rule: one thread at a time. In sluiced that is the control thread, in libsluice the holder
// of the engine's lock. EAL must be up.
#ifndef CTRL_ENGINE_H
#define CTRL_ENGINE_H

#include <event2/event.h>
#include <sys/types.h>
#include <sluice/stats.h>
#include "config.h"
#include "error.h"
#include "dataplane.h"
#include "host.h"
#include "member.h"
#include "socket_file.h"

struct engine;
struct engine_session;
struct engine_interface;
struct engine_output;
struct engine_reload;

// ---- Life ----------------------------------------------------------------------------------

// Opens ports, interfaces and outputs, starts the workers and joins the configured memberships
// (session "config"). `config` is read during the call only. `base` runs engine_tick(); with NULL
// the caller does. Returns NULL with `error` set and nothing left open, also if a membership is
// refused.
struct engine *engine_open(
	const struct config *config, struct event_base *base, struct error *error);

// Workers make no system calls, so a punted query cannot wake the control thread. The engine polls
// at this interval, which is well below the 10 ms of TMR-14.
enum { ENGINE_TICK_MS = 2 };
void engine_tick(struct engine *engine);
// To be called where a turn of the owner's loop begins, as engine_tick() does: protocol timers and
// queries are served between two of them. Keeps the longest CPU time.
void engine_turn(struct engine *engine);

// Sends leaves for all groups, then calls done(arg) from engine_tick() after the last
// retransmission (about RV-1 times URI, 3 s at most).
void engine_drain(struct engine *engine, void (*done)(void *arg), void *arg);
// -ETIMEDOUT: a worker is stalled and may use all of it, so that nothing is closed or freed.
int engine_close(struct engine *engine);

// What a reload did. The caller sets `tell`, `arg` and `control`, the reload the rest.
struct engine_report {
	unsigned joined, left, changed; // configured memberships
	unsigned outputs_opened, outputs_closed; // a changed output counts as both
	unsigned refused; // entries of the configuration that are not applied
	unsigned undelivered; // memberships that lost all their outputs
	bool limits, protocol, control; // these keys have other values now; `control`: the caller's
	// Called with one line for each refused entry, and for each condition the operator should
	// know: a limit below what is joined, memberships without an output. May be NULL.
	void (*tell)(void *arg, const char *line);
	void *arg;
};

// Applies memberships, outputs, limits and protocol settings of a new configuration in parts,
// without touching what does not change. Between two parts the engine may be used, but there must
// be one reload at a time. Applies everything it can: an entry that fails (a limit, no memory, a
// removed device) is reported and skipped. A limit below what is joined applies to new joins only.
// Returns NULL with `error` set, and nothing changes, if lcores, ports, interfaces or
// limits.queued_frames differ, or without memory. `config` and `report` must stay until the end.
struct engine_reload *engine_reload_open(struct engine *engine, const struct config *config,
	struct engine_report *report, struct error *error);
// Applies a part, which takes some tens of microseconds. Returns true once all is applied.
bool engine_reload_some(struct engine_reload *reload);
// Sends the reports of the whole reload together; those of one that takes longer than two seconds
// have begun to leave by then. A reload that is closed before its end keeps what is applied, old
// outputs included, and the next one makes up for the rest.
void engine_reload_close(struct engine_reload *reload);
// The report as one line, such as "+1000 -1 memberships, +1 output, 2 refused".
void engine_report_text(const struct engine_report *report, char *text, size_t size);

// Sends the reports of all changes since the last call, packed together. Call it after each request
// or batch; engine_tick() calls it too.
void engine_flush(struct engine *engine);
// Between the two, engine_tick() does not flush, so that a batch which spans several ticks is
// reported at once: for 100 ms at most.
void engine_hold(struct engine *engine);
void engine_release(struct engine *engine); // does not flush

// ---- Sessions ------------------------------------------------------------------------------

// Four structures are a "session". `struct session` of igmp (member.h) holds memberships and
// nothing else. `struct engine_session` here has one, and adds a name, an output and a UDP port.
// `struct sluice_session` of libsluice (sluice.h) is an application's handle of an engine_session,
// in its own process or in sluiced. On the control socket, "session" is the name or id of one.

// With a name, finds or creates the session. Without one, creates a connected session, which its
// opener closes. udp_port in host byte order, 0 for any; -EBUSY if the session is bound to another
// port.
int engine_session_open(struct engine *engine, const char *name, uint16_t udp_port,
	struct engine_session **session, struct error *error);
struct engine_session *engine_session_find(struct engine *engine, const char *name);
struct engine_session *engine_session_by_id(struct engine *engine, uint64_t id);
void engine_session_close(struct engine_session *session); // leaves all its groups
// The same in parts, for sessions with many groups. From the first call on no function finds the
// session. Returns true once it is gone.
bool engine_session_close_some(struct engine_session *session);
// Leaves the end to engine_tick(), which closes a part of it each time.
void engine_session_close_later(struct engine_session *session);
struct engine_session *engine_session_first(struct engine *engine);
struct engine_session *engine_session_next(struct engine_session *session);
// Walks all sessions in parts, while some are opened and closed in between. A walk that has begun
// has to be ended before the engine is closed.
struct engine_session_walk {
	LIST_ENTRY(engine_session_walk) entry;
	struct engine_session *next;
};
void engine_session_walk_begin(struct engine_session_walk *walk, struct engine *engine);
struct engine_session *engine_session_walk_next(
	struct engine_session_walk *walk); // NULL at the end
void engine_session_walk_end(struct engine_session_walk *walk);
uint64_t engine_session_id(const struct engine_session *session);
const char *engine_session_name(const struct engine_session *session); // NULL: connected
uint16_t engine_session_udp_port(const struct engine_session *session);
struct session *engine_session_memberships(
	struct engine_session *session); // for session_first_member()

// The output of memberships that have none of their own; otherwise those are only counted. The
// caller closes the output, after the session and a flush.
void engine_session_set_output(struct engine_session *session, struct output *output);
// Binds all memberships, present and future, to another UDP port in host byte order, 0 for any.
void engine_session_bind(struct engine_session *session, uint16_t udp_port);
// A new output or port holds for present memberships as soon as this has returned true, and for new
// ones at once. A call takes some tens of microseconds; engine_tick() makes some, too.
bool engine_session_publish_some(struct engine_session *session);
// Who may connect to a share: root, and this user. For the duration of the call.
struct engine_share_client {
	uid_t uid;
	const struct socket_file_access *access; // of the socket's file
};
// Delivers the frames of the session to another process, which opens share_port at `path` and a
// line of it (share.h). Several sessions may use one port. With `existing` the port must exist:
// -ENOENT if there is none at the path, -EPERM if that is of another client. -EBUSY if the session
// has an output. The delivery ends with the session.
int engine_session_share(struct engine_session *session, const char *path, bool existing,
	unsigned ring_size, const struct engine_share_client *client, struct error *error);
// Removes the sockets PREFIX.NUMBER that shares of a killed process left. Returns how many. Any
// thread.
unsigned engine_share_sweep(const char *prefix);
uint64_t engine_session_line(const struct engine_session *session);
// Waits until frames that are already queued have been passed to the other process. -ENOTCONN if
// the session shares none.
int engine_session_settle(struct engine_session *session);
// A pointer for the opener, initially NULL.
void engine_session_set_user(struct engine_session *session, void *user);
void *engine_session_user(const struct engine_session *session);

// ---- Users ---------------------------------------------------------------------------------

// What the sessions of a user hold together.
struct engine_usage {
	uint64_t sessions; // those that are being closed included
	uint64_t groups, sources;
	uint64_t queued_frames; // the size of their rings
};

// A session has no owner at first, and then the same one until its end. -ENOMEM. To be called
// before the session has a membership.
int engine_owner_set(struct engine_session *session, uid_t uid);
// False if nobody owns the session.
bool engine_owner_get(const struct engine_session *session, uid_t *uid);
void engine_owner_usage(const struct engine *engine, uid_t uid, struct engine_usage *usage);
// What one membership counts for. There may be none, or no owner.
void engine_owner_measure(const struct engine_session *session, const struct host *host,
	const struct sluice_addr *group, struct engine_usage *usage);

// ---- Memberships ---------------------------------------------------------------------------

// The arguments of a join, leave, block, unblock or filter call.
struct engine_request {
	struct engine_session *session;
	const char *interface; // NULL: the only one; -EINVAL listing them if there are several
	struct sluice_addr group;
	struct sluice_source_filter filter; // its mode counts for engine_filter() only
	struct engine_output **outputs; // engine_join(), engine_filter(): added to the membership's
	unsigned n_outputs; // a new membership without any is only counted
	bool only_outputs; // engine_filter(): they replace those of the membership, none if 0
};

// Several sources succeed or fail together. Errors as in member.h, and -ENETDOWN for a call that
// requests frames from a removed device. A failed call changes nothing.
//
// When a call returns, the data plane has the change, and the IGMP or MLD host of the interface
// knows it. engine_flush() sends the report, through engine_machine_flush_all() and host_flush().
// engine_tick() sends the retransmissions later, through host_advance(). One flush after several
// calls packs their records together, and a join that is left before the flush sends nothing.
int engine_join(struct engine *engine, const struct engine_request *request, struct error *error);
int engine_leave(struct engine *engine, const struct engine_request *request, struct error *error);
int engine_block(struct engine *engine, const struct engine_request *request, struct error *error);
int engine_unblock(
	struct engine *engine, const struct engine_request *request, struct error *error);
int engine_filter(struct engine *engine, const struct engine_request *request, struct error *error);

// ---- Interfaces and outputs ----------------------------------------------------------------

struct engine_interface *engine_interface_first(struct engine *engine);
struct engine_interface *engine_interface_next(struct engine_interface *interface);
struct engine_interface *engine_interface_named(struct engine *engine, const char *name);
const char *engine_interface_name(const struct engine_interface *interface);
unsigned engine_interface_index(const struct engine_interface *interface); // 1-based
// The device of its port is gone, and with it all groups of the interface.
bool engine_interface_is_removed(const struct engine_interface *interface);
const struct config_interface *engine_interface_config(const struct engine_interface *interface);
struct interface *engine_interface_dataplane(const struct engine_interface *interface);
// All addresses of the interface, including the derived link-local address.
const struct config_address *engine_interface_addresses(
	const struct engine_interface *interface, unsigned *n);
struct host *engine_interface_host(const struct engine_interface *interface, int family);
struct engine_interface *engine_host_interface(const struct host *host);

struct engine_output *engine_output_first(struct engine *engine);
struct engine_output *engine_output_next(struct engine_output *output);
// Walks all outputs in parts, while a reload may open and close some in between. A walk that has
// begun has to be ended before the engine is closed.
struct engine_output_walk {
	LIST_ENTRY(engine_output_walk) entry;
	struct engine_output *next;
};
void engine_output_walk_begin(struct engine_output_walk *walk, struct engine *engine);
struct engine_output *engine_output_walk_next(struct engine_output_walk *walk); // NULL at the end
void engine_output_walk_end(struct engine_output_walk *walk);
struct engine_output *engine_output_find(struct engine *engine, const char *name);
const char *engine_output_name(const struct engine_output *output);
struct output *engine_output_dataplane(const struct engine_output *output);
// The outputs of one membership; 0 if it is only counted.
unsigned engine_member_outputs(const struct member *member, struct engine_output *const **outputs);

struct port *engine_port_first(struct engine *engine);
struct port *engine_port_next(struct engine *engine, struct port *port);
struct dataplane *engine_dataplane(struct engine *engine);

// ---- Statistics ----------------------------------------------------------------------------

void engine_stats_control(const struct engine *engine, struct sluice_control_stats *stats);
void engine_stats_interface(
	const struct engine_interface *interface, struct sluice_interface_stats *stats);
void engine_stats_port(const struct port_info *info, struct sluice_port_stats *stats);
void engine_stats_output(const struct output *output, struct sluice_output_stats *stats);
void engine_stats_worker(const struct worker_info *info, struct sluice_worker_stats *stats);
void engine_stats_querier(const struct host *host, struct sluice_querier_stats *stats);
// -ENOENT if no session has joined the group.
int engine_stats_group(const struct engine_interface *interface, const struct sluice_addr *group,
	struct sluice_group_stats *stats);
// Statistics of the output of the session, its own or the shared one. -ENOTCONN if it has none.
int engine_session_stats(const struct engine_session *session, struct sluice_session_stats *stats);

// Drops by reason.
struct engine_drop {
	const struct engine_interface *interface; // NULL: by the workers
	int family; // of the interface's host that refused it; 0: by the workers
	const char *reason;
	uint64_t count;
};
typedef void (*engine_drop_fn)(void *arg, const struct engine_drop *drop);
// Summed over all workers.
void engine_drops_of_workers(struct engine *engine, engine_drop_fn each, void *arg);
void engine_drops_of_interface(
	const struct engine_interface *interface, engine_drop_fn each, void *arg);
uint64_t engine_now_ms(void); // CLOCK_MONOTONIC
uint64_t engine_now_cpu_ns(void); // of the calling thread

// ---- Datagrams -----------------------------------------------------------------------------

struct engine_datagram {
	struct sluice_addr group;
	uint16_t source_port_be, port_be;
	uint8_t ttl;
	const void *payload;
	size_t len;
};

// Any thread. Builds the frame of a UDP datagram. -EMSGSIZE beyond the MTU,
// -EADDRNOTAVAIL without an address of the family, -EAGAIN without a buffer, -ENETDOWN if the
// device is gone.
int engine_datagram_frame(const struct engine_interface *interface,
	const struct engine_datagram *datagram, struct rte_mbuf **frame);

// Takes over the frame, and sends it to the wire, to local members on this interface, or both.
// -EAGAIN if the port is full.
int engine_datagram_send(
	struct engine_interface *interface, struct rte_mbuf *frame, bool wire, bool loop);

// ---- Events --------------------------------------------------------------------------------

enum engine_event_kind {
	ENGINE_EVENT_PENDING,
	ENGINE_EVENT_JOINED,
	ENGINE_EVENT_LEFT,
	ENGINE_EVENT_LOST, // the device is gone; the membership stays until it is left
	ENGINE_EVENT_LINK, // carrier of a port changed
	ENGINE_EVENT_WORKER, // a worker has made no turn for WORKER_STALL_MS, or goes on again
};
struct engine_event {
	enum engine_event_kind kind;
	struct engine_session *session; // NULL for LINK and WORKER
	struct engine_interface *interface; // NULL for WORKER
	struct sluice_addr group;
	bool link_up;
	unsigned lcore; // of WORKER
	bool stalled;
};
typedef void (*engine_event_fn)(void *arg, const struct engine_event *event);
// Adds a listener, which must not call the engine.
int engine_event_listen(struct engine *engine, engine_event_fn fn, void *arg);
void engine_event_unlisten(struct engine *engine, engine_event_fn fn, void *arg);

#endif
