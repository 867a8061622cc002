// SPDX-License-Identifier: BSD-3-Clause
// The engine: interfaces, sessions and memberships over igmp/ and dataplane/. sluiced puts a
// JSON-RPC server on top of it, libsluice the native API.
//
// Thread rule: one thread at a time. In sluiced that is the control thread, in libsluice whoever
// holds the engine's lock (api/local.h). EAL must be up.
#ifndef CTRL_ENGINE_H
#define CTRL_ENGINE_H

#include <event2/event.h>
#include "config.h"
#include "error.h"
#include "dataplane.h"
#include "host.h"
#include "member.h"

struct engine;
struct engine_session;
struct engine_interface;
struct engine_output;

// ---- Life ----------------------------------------------------------------------------------

// Opens ports, interfaces and outputs, starts the workers and joins the configured memberships
// (session "config"). `config` must stay until engine_close() or a reload with another one.
// `base` runs engine_tick(); NULL: the caller does. NULL with the error told; nothing of it is left
// then.
struct engine *engine_open(
	const struct config *config, struct event_base *base, struct error *error);

// Workers make no system call, so nothing wakes anybody when they punt a query: the engine looks,
// so often. Protocol timers are due to 10 ms (TMR-14), this is well below.
enum { ENGINE_TICK_MS = 2 };
void engine_tick(struct engine *engine);

// Leaves all groups on the wire, then calls done(arg) from engine_tick() once the last repeat is
// out (at most about RV-1 times URI, 3 s in any case).
void engine_drain(struct engine *engine, void (*done)(void *arg), void *arg);
void engine_close(struct engine *engine);

// Takes over memberships, outputs, limits and protocol settings of a new configuration without
// touching what stays the same; the old one can be freed then. Refuses, and changes nothing, if
// the socket, EAL arguments, lcores, ports or interfaces differ. A membership that cannot be had
// (a limit, no memory) is logged and left out.
int engine_reload(struct engine *engine, const struct config *config, struct error *error);

// Sends the reports of all changes since the last call. Call it after each request or batch; the
// engine calls it itself before the event loop sleeps.
void engine_flush(struct engine *engine);

// ---- Sessions ------------------------------------------------------------------------------

// name NULL: a connected session, the opener closes it. A named one is found or created.
// udp_port in host order, 0 any; -EBUSY if a session of that name is bound to another one.
int engine_session_open(struct engine *engine, const char *name, uint16_t udp_port,
	struct engine_session **session, struct error *error);
struct engine_session *engine_session_find(struct engine *engine, const char *name);
struct engine_session *engine_session_by_id(struct engine *engine, uint64_t id);
void engine_session_close(struct engine_session *session); // leaves all its groups
struct engine_session *engine_session_first(struct engine *engine);
struct engine_session *engine_session_next(struct engine_session *session);
uint64_t engine_session_id(const struct engine_session *session);
const char *engine_session_name(const struct engine_session *session); // NULL: connected
uint16_t engine_session_udp_port(const struct engine_session *session);
struct session *engine_session_memberships(struct engine_session *session); // for member_first()

// Where memberships without outputs deliver to, in place of counting only. The caller closes the
// output, after the session and a flush.
void engine_session_set_output(struct engine_session *session, struct output *output);
// Binds all memberships, present and future, to another UDP port in host order, 0 any.
void engine_session_bind(struct engine_session *session, uint16_t udp_port);
// Delivers the session's frames to another process, which opens share_port at `path` and a line of
// it (share.h): a port of several sessions if it is an existing one, -ENOENT if there is none at
// the path. -EBUSY if the session has an output of its own. It ends with the session.
int engine_session_share(struct engine_session *session, const char *path, bool existing,
	unsigned ring_size, struct error *error);
uint64_t engine_session_line(const struct engine_session *session);
// What came to the session's output, its own or the shared one's. -ENOTCONN if it has none.
int engine_session_stats(const struct engine_session *session, struct output_stats *stats);
// Waits until frames queued before have gone to the other process. -ENOTCONN if it shares none.
int engine_session_settle(struct engine_session *session);
// A pointer for the opener's own use, NULL at first.
void engine_session_set_user(struct engine_session *session, void *user);
void *engine_session_user(const struct engine_session *session);

// ---- Memberships ---------------------------------------------------------------------------

// What a join, leave, block, unblock or filter call names.
struct engine_request {
	struct engine_session *session;
	const char *interface; // NULL: the only one; -EINVAL listing them if there are several
	struct sluice_addr group;
	enum sluice_filter_mode mode; // engine_filter()
	const struct sluice_addr *sources; // none: any source
	unsigned n_sources;
	struct engine_output **outputs; // engine_join(), engine_filter(): added to the membership's
	unsigned n_outputs; // none at first: counting only
};

// Sources, where there are several, are taken all or none. Errors as member.h, and -ENETDOWN for
// what asks for frames of a device that is gone.
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
const struct config_interface *engine_interface_config(const struct engine_interface *interface);
struct interface *engine_interface_dataplane(const struct engine_interface *interface);
// All its addresses, the derived link-local included.
const struct config_address *engine_interface_addresses(
	const struct engine_interface *interface, unsigned *n);
struct host *engine_interface_host(const struct engine_interface *interface, int family);
struct engine_interface *engine_host_interface(const struct host *host);
// Of both its hosts together.
uint64_t engine_interface_counter(
	const struct engine_interface *interface, enum host_counter counter);

struct engine_output *engine_output_first(struct engine *engine);
struct engine_output *engine_output_next(struct engine_output *output);
struct engine_output *engine_output_find(struct engine *engine, const char *name);
const char *engine_output_name(const struct engine_output *output);
struct output *engine_output_dataplane(const struct engine_output *output);
// The outputs of one membership; 0: counting only.
unsigned engine_member_outputs(const struct member *member, struct engine_output *const **outputs);

struct port *engine_port_first(struct engine *engine);
struct port *engine_port_next(struct engine *engine, struct port *port);
struct dataplane *engine_dataplane(struct engine *engine);

// What is refused, and how often. Those of the workers come first, all workers added up.
struct engine_drop {
	struct engine_interface *interface; // NULL: by the workers
	int family; // of the interface's host that refused it; 0: by the workers
	const char *reason;
	uint64_t count;
};
void engine_drops(
	struct engine *engine, void (*each)(void *arg, const struct engine_drop *drop), void *arg);
uint64_t engine_now_ms(void); // CLOCK_MONOTONIC

// ---- Datagrams -----------------------------------------------------------------------------

struct engine_datagram {
	struct sluice_addr group;
	uint16_t source_port_be, port_be;
	uint8_t ttl;
	const void *payload;
	size_t len;
};

// Any thread. Makes the frame of a UDP datagram. -EMSGSIZE beyond the MTU,
// -EADDRNOTAVAIL without an address of the family, -EAGAIN without a buffer, -ENETDOWN if the
// device is gone.
int engine_datagram_frame(const struct engine_interface *interface,
	const struct engine_datagram *datagram, struct rte_mbuf **frame);

// Takes the frame over, and gives it to the wire, to those here who want it, or both. -EAGAIN if
// the port is full.
int engine_datagram_send(
	struct engine_interface *interface, struct rte_mbuf *frame, bool wire, bool loop);

// ---- Events --------------------------------------------------------------------------------

enum engine_event_kind {
	ENGINE_EVENT_PENDING,
	ENGINE_EVENT_JOINED,
	ENGINE_EVENT_LEFT,
	ENGINE_EVENT_LOST, // the device is gone; the membership stays until it is left
	ENGINE_EVENT_LINK, // carrier of a port changed
};
struct engine_event {
	enum engine_event_kind kind;
	struct engine_session *session; // NULL for LINK
	struct engine_interface *interface;
	struct sluice_addr group;
	bool link_up;
};
typedef void (*engine_event_fn)(void *arg, const struct engine_event *event);
// One listener a call; it must not call back into the engine.
int engine_listen(struct engine *engine, engine_event_fn fn, void *arg);
void engine_unlisten(struct engine *engine, engine_event_fn fn, void *arg);

#endif
