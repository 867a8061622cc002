// SPDX-License-Identifier: BSD-3-Clause
// Shared by the files of the engine. Everything here belongs to the thread that may call the
// engine. A file calls only files that are above it in this list:
//
//   engine_now.c         the time
//   engine_event.c       events to listeners
//   engine_report.c      reports of a reload to the operator
//   engine_port.c        ports
//   engine_datagram.c    Ethernet headers, UDP datagrams
//   engine_machine.c     protocol machines: touched ones are flushed, due ones are advanced
//   engine_output.c      outputs, and the sets of them that memberships deliver to
//   engine_member.c      publishes memberships to the data plane
//   engine_host.c        a protocol machine: the IGMP or MLD host of an interface
//   engine_interface.c   interfaces; passes punted frames to their machines
//   engine_drops.c       drop counters
//   engine_source.c      several sources of a filter at once
//   engine_owner.c       users, and what their sessions hold
//   engine_request.c     join, leave, block, unblock, filter
//   engine_share.c       shares frames of sessions with other processes
//   engine_session_table.c  sessions by number and name
//   engine_session_publish.c   publishes their memberships again
//   engine_session.c     sessions
//   engine_session_close.c     their end
//   engine_membership.c  the configured memberships
//   engine.c             open, tick, close
//   engine_wanted.c      the groups of a configuration
//   engine_reload_walk.c, engine_reload_output.c, engine_reload_limits.c,
//   engine_reload_membership.c   the phases of a reload, see engine_reload.h
//   engine_reload.c      replaces the configuration in parts
#ifndef CTRL_ENGINE_PRIVATE_H
#define CTRL_ENGINE_PRIVATE_H

#include <stdatomic.h>
#include <sys/queue.h>
#include "engine.h"
#include "engine_machine.h"

// The configuration passed to engine_open() or engine_reload_open() may be freed afterwards: ports,
// interfaces and outputs have copies of their parts.
struct engine_port {
	TAILQ_ENTRY(engine_port) next;
	struct config_port config;
	struct port *port;
};
TAILQ_HEAD(engine_ports, engine_port);

// The protocol machine through which sessions join groups of one family on one interface.
struct engine_host {
	struct engine_machine machine;
	struct engine_interface *interface;
	struct host *host; // its context is this engine_host
};

struct engine_interface {
	TAILQ_ENTRY(engine_interface) next;
	struct engine *engine;
	struct config_interface config;
	unsigned index; // 1-based
	struct port *port;
	atomic_bool removed; // the port's device is gone; any thread: ro
	struct rte_ether_addr mac;
	struct interface *dataplane;
	struct engine_machine_list machines; // all machines, including the two hosts
	struct engine_host *igmp, *mld; // where sessions join
	struct config_address *addresses; // the configured ones and the derived link-local
	unsigned n_addresses;
};
TAILQ_HEAD(engine_interfaces, engine_interface);

struct engine_output {
	TAILQ_ENTRY(engine_output) next;
	struct config_output config;
	struct output *output;
	bool kept; // by the reload that runs
	bool stale; // withdrawn by a reload
	bool listed; // while a set is built
};
TAILQ_HEAD(engine_outputs, engine_output);

// The outputs of a membership, stored as its member_user(). NULL means counting only.
struct output_set {
	unsigned n;
	struct engine_output *outputs[];
};

struct engine_session {
	TAILQ_ENTRY(engine_session) next;
	TAILQ_ENTRY(engine_session) next_abandoned;
	LIST_ENTRY(engine_session) same_id, same_name; // in the table, until it is closing
	bool closing; // it cannot be found any more
	bool abandoned; // engine_tick() closes it
	bool publishing; // its memberships are being published again
	TAILQ_ENTRY(engine_session) next_publishing;
	struct member_walk published; // those that are left to publish
	struct engine *engine;
	struct session *memberships;
	uint64_t id; // also the owner of its subscribers in the fan-outs
	char *name;
	uint16_t udp_port;
	struct output *output; // of memberships without outputs; NULL: they only count
	void *user;
	struct engine_owner *owner; // NULL: nobody's
	struct engine_usage held; // what the owner is charged for it
	struct engine_share *share; // of the output, which is the session's own then
	uint64_t line; // of the share
};
TAILQ_HEAD(engine_sessions, engine_session);
LIST_HEAD(engine_session_bucket, engine_session);

struct engine_session_table {
	struct engine_session_bucket *by_id, *by_name; // one allocation
	size_t n_buckets; // of each, a power of two or 0
	size_t n_sessions;
};

struct engine_owner;
struct engine_share;
TAILQ_HEAD(engine_shares, engine_share);

struct engine_listener {
	LIST_ENTRY(engine_listener) next;
	engine_event_fn fn;
	void *arg;
};

struct engine {
	struct config_lcores lcores; // copies of parts of the configuration
	struct config_protocol protocol;
	struct config_limits limits;
	struct event_base *base; // NULL: the owner ticks
	struct event *tick;
	struct dataplane *dataplane;
	struct engine_ports ports;
	struct engine_interfaces interfaces;
	unsigned n_interfaces;
	struct engine_machines machines;
	struct engine_outputs outputs;
	struct engine_output **output_names; // sorted by name; NULL until the next search
	unsigned n_output_names;
	LIST_HEAD(, engine_output_walk) output_walks;
	struct output *counting; // for memberships without outputs
	struct engine_sessions sessions;
	struct engine_sessions abandoned, publishing;
	struct engine_session_table session_table;
	LIST_HEAD(, engine_session_walk) session_walks;
	uint64_t last_session_id;
	LIST_HEAD(, engine_owner) owners;
	struct engine_shares shares;
	LIST_HEAD(, engine_listener) listeners;

	struct subscriber *subscribers; // scratch space for publishing, one for each output
	uint64_t turns, turn_begin_ns, turn_cpu_max_us; // CPU time of the owner's thread
	uint64_t advanced_ms; // the last turn of engine_interface_advance_all(); 0: none
	unsigned n_holders; // of the reports
	uint64_t held_since_ms;
	uint64_t reload_until_ms; // for how long a reload holds them; 0: none does
	bool withdrawn; // something was withdrawn from the data plane since the last flush

	void (*drained)(void *arg);
	void *drained_arg;
	uint64_t drain_until_ms;
};

// engine_event.c
void engine_event_emit(struct engine *engine, const struct engine_event *event);
void engine_event_emit_member(struct engine_interface *interface, enum engine_event_kind kind,
	struct session *session, const struct sluice_addr *group);

// engine_report.c
// One line to the operator. refuse() also counts an entry as not applied.
__attribute__((format(printf, 2, 3))) void engine_report_note(
	struct engine_report *report, const char *format, ...);
__attribute__((format(printf, 2, 3))) void engine_report_refuse(
	struct engine_report *report, const char *format, ...);

// engine_port.c
int engine_port_open(struct engine *engine, const struct config_port *config, struct error *error);
void engine_port_free_all(struct engine *engine); // the data plane closes the ports
struct port *engine_port_named(const struct engine *engine, const char *name);

// engine_datagram.c
#define ENGINE_DATAGRAM_HEADER_MAX (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)
#define ENGINE_DATAGRAM_FRAME_MIN ((size_t)(RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN))
// Writes the Ethernet header to a multicast destination, with the tags of the interface; returns
// its length.
size_t engine_datagram_header(const struct engine_interface *interface,
	uint8_t header[ENGINE_DATAGRAM_HEADER_MAX], const struct sluice_addr *dst,
	unsigned priority);

// engine_output.c
int engine_output_open(struct engine *engine, const struct config_output *config,
	struct engine_output **output, struct error *error);
void engine_output_close_all(struct engine_outputs *outputs);
// Add outputs to those that are listed, or withdraw one. A withdrawn output is not found by name
// any more, even if it is listed again because it could not be closed.
void engine_output_publish(struct engine *engine, struct engine_outputs *outputs);
void engine_output_withdraw(struct engine *engine, struct engine_output *output);
// Makes engine->subscribers large enough for a membership with n outputs.
int engine_output_reserve(struct engine *engine, unsigned n);
// Writes the subscribers of the set for a filter to engine->subscribers; returns their number.
unsigned engine_output_subscribers(struct engine *engine, const struct output_set *set,
	const struct engine_session *session, const struct sluice_source_filter *filter);
// The union of a set and some outputs, as a new set without withdrawn ones; NULL if it is empty.
int engine_output_set_add(struct engine *engine, const struct output_set *set,
	struct engine_output *const *outputs, unsigned n, struct output_set **sum);
// Replaces withdrawn outputs by those that have their names now, or leaves them out.
void engine_output_set_renew(struct engine *engine, struct output_set *set);

// engine_member.c
// What a call passes on as the `arg` of member.h: outputs for the membership.
struct engine_outputs_change {
	struct engine_output *const *outputs;
	unsigned n;
	bool replace; // the outputs of the membership, else they are added to those
	bool published;
};
int engine_member_publish_change(
	struct engine_interface *interface, const struct member_change *change);
// Replaces the outputs of a membership; the caller frees the old set. Can fail only if outputs are
// added.
int engine_member_set_outputs(struct member *member, struct output_set *set);

// engine_host.c
int engine_host_open(struct engine_interface *interface, int family, struct engine_host **host);
// Applies the protocol settings and limits of the engine to the host.
int engine_host_reconfigure(struct engine_host *host);
// Compares the next n groups with them. Returns true once that is done.
bool engine_host_classify_some(struct engine_host *host, unsigned n);

// engine_interface.c
int engine_interface_open(
	struct engine *engine, const struct config_interface *config, struct error *error);
void engine_interface_close_all(struct engine *engine);
void engine_interface_advance_all(struct engine *engine);
void engine_interface_set_link(struct engine *engine, struct port *port);

// engine_owner.c
// Charges the owner of the session, if it has one, for what it holds now in place of before.
void engine_owner_account(struct engine_session *session, const struct engine_usage *before,
	const struct engine_usage *now);
void engine_owner_release(struct engine_session *session);

// engine_share.c
int engine_share_open(struct engine *engine, const char *path, bool existing,
	const struct engine_share_client *client, struct engine_share **share, struct error *error);
int engine_share_add(
	struct engine_share *share, struct output *output, uint64_t *line, struct error *error);
void engine_share_remove(struct engine_share *share, uint64_t line);
// Closes the share if no session uses it.
void engine_share_close_unused(struct engine *engine, struct engine_share *share);
struct share *engine_share_dataplane(const struct engine_share *share);

// engine_session_table.c
// -ENOMEM: it is in no table.
int engine_session_table_put(struct engine_session_table *table, struct engine_session *session);
void engine_session_table_remove(
	struct engine_session_table *table, struct engine_session *session);
struct engine_session *engine_session_table_id(
	const struct engine_session_table *table, uint64_t id);
struct engine_session *engine_session_table_name(
	const struct engine_session_table *table, const char *name);
void engine_session_table_free(struct engine_session_table *table);

// engine_session_publish.c
// Begins again if the memberships are still being published for an earlier change.
void engine_session_publish_begin(struct engine_session *session);
void engine_session_publish_end(struct engine_session *session); // some may be left
void engine_session_publish_advance(struct engine *engine); // a part of all sessions

// engine_session.c
void engine_session_free(struct engine_session *session); // it has left all groups
// engine_session_walk_next(), including sessions that are being closed.
struct engine_session *engine_session_walk_any(struct engine_session_walk *walk);

// engine_session_close.c
void engine_session_close_advance(
	struct engine *engine); // closes abandoned sessions, a part of them
bool engine_session_close_pending(const struct engine *engine);

// engine_source.c
// A filter with sorted sources after some are added or removed. The caller frees the sources of
// `after`. -EADDRNOTAVAIL if one is there already, is not there, or is named twice.
int engine_source_change(const struct sluice_source_filter *before, bool add,
	const struct sluice_addr *sources, unsigned n, struct sluice_source_filter *after);

// engine_request.c
enum engine_operation {
	ENGINE_JOIN,
	ENGINE_LEAVE,
	ENGINE_BLOCK,
	ENGINE_UNBLOCK,
	ENGINE_FILTER,
};
int engine_request_call(enum engine_operation operation, struct engine *engine,
	const struct engine_request *request, struct error *error);

// engine_membership.c
// The only interface if the configuration names none.
struct engine_interface *engine_membership_interface(
	struct engine *engine, const struct config_membership *config);
// Gives the session "config" one of the memberships, or reports why not.
void engine_membership_apply(struct engine *engine, const struct config *config, unsigned index,
	struct engine_report *report);

// engine_wanted.c
struct wanted_group;
struct engine_wanted {
	struct wanted_group *slots; // of a hash table
	size_t n_slots; // a power of two
};
int engine_wanted_open(struct engine_wanted *wanted, unsigned n); // for n groups at most
void engine_wanted_close(struct engine_wanted *wanted);
void engine_wanted_add(struct engine_wanted *wanted, const struct engine_interface *interface,
	const struct sluice_addr *group);
bool engine_wanted_has(const struct engine_wanted *wanted, const struct engine_interface *interface,
	const struct sluice_addr *group);

#endif
