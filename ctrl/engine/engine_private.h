// SPDX-License-Identifier: BSD-3-Clause
// What the engine's files share. Everything here belongs to the thread that may call the engine.
#ifndef CTRL_ENGINE_PRIVATE_H
#define CTRL_ENGINE_PRIVATE_H

#include <stdatomic.h>
#include <sys/queue.h>
#include "engine.h"

enum { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

struct engine_port {
	const struct config_port *config;
	struct port *port;
};

// One protocol host. Of thousands few have anything to do: those that were touched are flushed, and
// those that are due are advanced.
struct engine_host {
	struct host *host;
	unsigned number; // of engine->due_ms
	bool touched; // since the last flush
	STAILQ_ENTRY(engine_host) next_touched;
};
STAILQ_HEAD(engine_hosts, engine_host);

struct engine_interface {
	struct engine *engine;
	const struct config_interface *config;
	unsigned index; // 1-based
	struct port *port;
	atomic_bool removed; // the port's device is gone; any thread: ro
	struct rte_ether_addr mac;
	struct interface *dataplane;
	struct engine_host hosts[FAMILIES];
	struct config_address *addresses; // the configured ones and the derived link-local
	unsigned n_addresses;
};

struct engine_output {
	TAILQ_ENTRY(engine_output) next;
	struct config_output config; // a copy
	struct output *output;
};
TAILQ_HEAD(engine_outputs, engine_output);

// The outputs of one membership: its member_user(). None at all stands for counting only.
struct output_set {
	unsigned n;
	struct engine_output *outputs[];
};

struct engine_session {
	TAILQ_ENTRY(engine_session) next;
	struct engine *engine;
	struct session *memberships;
	uint64_t id; // also the owner of its lines in the fan-outs
	char *name;
	uint16_t udp_port;
	struct output *output; // of memberships without outputs; NULL: they only count
	void *user;
	struct engine_share *share; // of the output, which is the session's own then
	uint64_t line; // of the share
};
TAILQ_HEAD(engine_sessions, engine_session);

struct engine_share;
TAILQ_HEAD(engine_shares, engine_share);

struct engine_listener {
	LIST_ENTRY(engine_listener) next;
	engine_event_fn fn;
	void *arg;
};

struct engine {
	const struct config *config;
	struct event_base *base; // NULL: the owner ticks
	struct event *tick;
	struct dataplane *dataplane;
	struct engine_port *ports;
	unsigned n_ports;
	struct engine_interface *interfaces;
	unsigned n_interfaces;
	struct engine_hosts touched;
	uint64_t *due_ms; // when each host is to be advanced
	uint64_t next_due_ms; // the first of them, or earlier
	struct engine_outputs outputs;
	struct output *counting; // where a membership without outputs goes
	struct engine_sessions sessions;
	uint64_t last_session_id;
	struct engine_shares shares;
	LIST_HEAD(, engine_listener) listeners;

	// The outputs the membership of the call in progress is to have; the publish hook, which
	// runs inside that call, reads it.
	const struct output_set *publishing;
	struct subscriber *lines; // the hook's scratch space, one for each output
	bool withdrawn; // something was taken out of the data plane since the last flush

	void (*drained)(void *arg);
	void *drained_arg;
	uint64_t drain_until_ms;
};

// engine_interface.c
int engine_interfaces_open(struct engine *engine, struct error *error);
void engine_interfaces_close(struct engine *engine);
void engine_interfaces_advance(struct engine *engine);
void engine_interfaces_set_link(struct engine *engine, struct port *port);
bool engine_interfaces_busy(const struct engine *engine);
int engine_interfaces_reconfigure(struct engine *engine);

// engine_host.c
int engine_host_open(struct engine_interface *interface, unsigned family);
int engine_host_reconfigure(struct engine_interface *interface, unsigned family);
// To be called with whatever may give the host something to send or to wait for.
void engine_host_touch(struct engine_interface *interface, unsigned family);
// Sends what the touched hosts have to say.
void engine_hosts_flush(struct engine *engine, uint64_t now_ms);
void engine_hosts_advance(struct engine *engine, uint64_t now_ms);

// engine_datagram.c
#define ENGINE_HEADER_MAX (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)
#define ENGINE_FRAME_MIN ((size_t)(RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN))
// The Ethernet header to a multicast destination, with the interface's tags; returns its length.
size_t engine_header(const struct engine_interface *interface, uint8_t header[ENGINE_HEADER_MAX],
	const struct sluice_addr *dst, unsigned priority);

// engine_output.c
int engine_output_open(struct engine *engine, const struct config_output *config,
	struct engine_output **output, struct error *error);
void engine_output_close(struct engine_output *output);
void engine_outputs_close(struct engine_outputs *outputs);
// Makes engine->lines large enough for a membership that goes to n outputs.
int engine_outputs_reserve(struct engine *engine, unsigned n);
// The set's lines for a filter, into engine->lines; returns how many.
unsigned engine_output_lines(struct engine *engine, const struct output_set *set,
	const struct engine_session *session, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n_sources);

// The sum of a set and some outputs, as a new set.
int engine_output_set_add(const struct output_set *set, struct engine_output *const *outputs,
	unsigned n, struct output_set **sum);

// engine_member.c
int engine_member_publish_change(
	struct engine_interface *interface, const struct member_change *change);
// Gives a membership other outputs; the old set is the caller's to free. Fails only to add.
int engine_member_set_outputs(struct member *member, struct output_set *set);

// engine_share.c
void engine_session_unshare(struct engine_session *session);

// engine.c
struct port *engine_port_named(const struct engine *engine, const char *name);

// engine_reload.c
// Makes the memberships of the session "config" those of the configuration.
int engine_memberships_apply(struct engine *engine, struct error *error);

// engine_event.c
void engine_emit(struct engine *engine, const struct engine_event *event);
void engine_emit_member(struct engine_interface *interface, enum engine_event_kind kind,
	struct session *session, const struct sluice_addr *group);

#endif
