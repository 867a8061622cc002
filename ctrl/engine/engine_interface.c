// SPDX-License-Identifier: BSD-3-Clause
// An interface combines one data plane interface with its protocol machines.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"
#include "log.h"

#define PUNTED_BURST 8
#define PUNTED_MAX 128
#define TURN_MS 2
#define ANNOUNCE_AFTER_MS 10000 // without a turn: the process was stopped

// RFC 4291 appendix A: fe80::/64 and the MAC address as a modified EUI-64.
static struct config_address link_local_from_mac(const struct rte_ether_addr *mac)
{
	const uint8_t *b = mac->addr_bytes;

	return (struct config_address){
		.addr = {.family = AF_INET6,
			.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, b[0] ^ 2, b[1], b[2], 0xff, 0xfe,
				b[3], b[4], b[5]}},
		.prefix_length = 64,
	};
}

static int addresses_make(struct engine_interface *interface)
{
	const struct config_interface *config = &interface->config;
	bool has_link_local = false;

	interface->addresses = calloc(config->n_addresses + 1, sizeof(*interface->addresses));
	if (interface->addresses == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < config->n_addresses; i++) {
		interface->addresses[interface->n_addresses++] = config->addresses[i];
		has_link_local |= address_is_link_local(&config->addresses[i].addr);
	}
	if (!has_link_local)
		interface->addresses[interface->n_addresses++] =
			link_local_from_mac(&interface->mac);
	return 0;
}

// ---- Life ----------------------------------------------------------------------------------

static int start(struct engine_interface *interface, struct error *error)
{
	const struct config_interface *config = &interface->config;
	const struct interface_config dataplane_config = {
		.outer_vlan = config->vlan,
		.inner_vlan = config->inner_vlan,
		.user = interface,
	};
	struct dataplane_error why;
	struct port_info port;
	int rc;

	interface->port = engine_port_named(interface->engine, config->port);
	if (interface->port == NULL)
		return error_set(error, ENODEV, "interface %s: no port named %s", config->name,
			config->port);
	port_info(interface->port, &port);
	interface->mac = port.mac;
	rc = interface_open(interface->port, &dataplane_config, &interface->dataplane, &why);
	if (rc < 0)
		return error_set(error, -rc, "interface %s: %s", config->name, why.text);
	rc = addresses_make(interface);
	if (rc == 0)
		rc = engine_host_open(interface, AF_INET, &interface->igmp);
	if (rc == 0)
		rc = engine_host_open(interface, AF_INET6, &interface->mld);
	if (rc < 0)
		return error_set(error, -rc, "interface %s: %s", config->name, strerror(-rc));
	return 0;
}

int engine_interface_open(
	struct engine *engine, const struct config_interface *config, struct error *error)
{
	struct engine_interface *new = calloc(1, sizeof(*new));

	if (new == NULL || config_copy_interface(&new->config, config) < 0) {
		free(new);
		return error_set(error, ENOMEM, "interface %s: out of memory", config->name);
	}
	new->engine = engine;
	new->index = ++engine->n_interfaces;
	STAILQ_INIT(&new->machines);
	// From here on engine_interface_close_all() frees the interface.
	TAILQ_INSERT_TAIL(&engine->interfaces, new, next);
	return start(new, error);
}

void engine_interface_close_all(struct engine *engine)
{
	struct engine_interface *interface;
	struct engine_machine *machine;

	while ((interface = TAILQ_FIRST(&engine->interfaces)) != NULL) {
		TAILQ_REMOVE(&engine->interfaces, interface, next);
		while ((machine = STAILQ_FIRST(&interface->machines)) != NULL)
			engine_machine_remove(&engine->machines, &interface->machines, machine);
		config_free_interface(&interface->config);
		free(interface->addresses);
		free(interface);
	}
}

// ---- Events --------------------------------------------------------------------------------

static void take_frame(const struct punted *punted, uint64_t now_ms)
{
	struct engine_interface *interface = interface_user(punted->interface);
	bool ipv4 = punted->len > 0 && punted->packet[0] >> 4 == 4;
	struct engine_machine *machine;

	STAILQ_FOREACH (machine, &interface->machines, next) {
		if (machine->family != (ipv4 ? AF_INET : AF_INET6))
			continue;
		machine->ops->input(machine, punted->packet, punted->len, now_ms);
		engine_machine_touch(&interface->engine->machines, machine);
	}
}

// At most PUNTED_MAX frames per tick, and no longer than TURN_MS, because a message may concern all
// groups.
static void take_frames(struct engine *engine, uint64_t now_ms)
{
	unsigned n = PUNTED_BURST;

	for (unsigned taken = 0; n == PUNTED_BURST && taken < PUNTED_MAX; taken += n) {
		struct punted punted[PUNTED_BURST];

		if (engine_now_ms() - now_ms >= TURN_MS)
			return;
		n = punt_burst(engine->dataplane, punted, RTE_DIM(punted));
		for (unsigned i = 0; i < n; i++) {
			take_frame(&punted[i], now_ms);
			rte_pktmbuf_free(punted[i].frame);
		}
	}
}

// Queries were missed, and the queriers may have forgotten the groups. The next query may be
// minutes away.
static void announce_all(struct engine *engine, uint64_t now_ms)
{
	struct engine_interface *interface;
	struct engine_machine *machine;
	struct port_info port;

	log_warning("no turn for %u s: all groups are announced again",
		(unsigned)((now_ms - engine->advanced_ms) / 1000));
	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		port_info(interface->port, &port);
		if (!port.up || port.removed)
			continue;
		STAILQ_FOREACH (machine, &interface->machines, next) {
			machine->ops->set_link(machine, false, now_ms);
			machine->ops->set_link(machine, true, now_ms);
			engine_machine_touch(&engine->machines, machine);
		}
	}
}

void engine_interface_advance_all(struct engine *engine)
{
	uint64_t now_ms = engine_now_ms();

	if (engine->advanced_ms > 0 && now_ms - engine->advanced_ms >= ANNOUNCE_AFTER_MS)
		announce_all(engine, now_ms);
	engine->advanced_ms = now_ms;
	take_frames(engine, now_ms);
	engine_machine_advance_all(&engine->machines, now_ms);
}

// The device is gone: each membership on the interface loses its group.
static void tell_lost(struct engine_interface *interface)
{
	struct engine_session *session;
	struct sluice_addr group;
	struct member *member;

	TAILQ_FOREACH (session, &interface->engine->sessions, next) {
		member = session_first_member(session->memberships);
		for (; member != NULL; member = session_next_member(member)) {
			if (engine_host_interface(member_host(member)) != interface)
				continue;
			member_group(member, &group);
			engine_event_emit_member(
				interface, ENGINE_EVENT_LOST, session->memberships, &group);
		}
	}
}

void engine_interface_set_link(struct engine *engine, struct port *port)
{
	uint64_t now_ms = engine_now_ms();
	struct engine_interface *interface;
	struct engine_machine *machine;
	struct port_info info;

	port_info(port, &info);
	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		struct engine_event event = {
			.kind = ENGINE_EVENT_LINK,
			.interface = interface,
			.link_up = info.up && !info.removed,
		};

		if (interface->port != port)
			continue;
		atomic_store(&interface->removed, info.removed);
		STAILQ_FOREACH (machine, &interface->machines, next) {
			machine->ops->set_link(machine, event.link_up, now_ms);
			engine_machine_touch(&engine->machines, machine);
		}
		engine_event_emit(engine, &event);
		if (info.removed)
			tell_lost(interface);
	}
}

// ---- Accessors -----------------------------------------------------------------------------

struct engine_interface *engine_interface_named(struct engine *engine, const char *name)
{
	struct engine_interface *interface;

	TAILQ_FOREACH (interface, &engine->interfaces, next)
		if (strcmp(interface->config.name, name) == 0)
			return interface;
	return NULL;
}

struct engine_interface *engine_interface_first(struct engine *engine)
{
	return TAILQ_FIRST(&engine->interfaces);
}

struct engine_interface *engine_interface_next(struct engine_interface *interface)
{
	return TAILQ_NEXT(interface, next);
}

const char *engine_interface_name(const struct engine_interface *interface)
{
	return interface->config.name;
}

unsigned engine_interface_index(const struct engine_interface *interface)
{
	return interface->index;
}

bool engine_interface_is_removed(const struct engine_interface *interface)
{
	return atomic_load(&interface->removed);
}

const struct config_interface *engine_interface_config(const struct engine_interface *interface)
{
	return &interface->config;
}

struct interface *engine_interface_dataplane(const struct engine_interface *interface)
{
	return interface->dataplane;
}

const struct config_address *engine_interface_addresses(
	const struct engine_interface *interface, unsigned *n)
{
	*n = interface->n_addresses;
	return interface->addresses;
}

struct host *engine_interface_host(const struct engine_interface *interface, int family)
{
	return (family == AF_INET ? interface->igmp : interface->mld)->host;
}
