// SPDX-License-Identifier: BSD-3-Clause
// Interfaces: each joins one data plane interface with one IGMP and one MLD host.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

// RFC 4291 appendix A: fe80::/64 and the MAC as a modified EUI-64.
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
	const struct config_interface *config = interface->config;
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

static int interface_start(struct engine_interface *interface, struct error *error)
{
	const struct config_interface *config = interface->config;
	struct interface_config dataplane_config = {
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
		rc = engine_host_open(interface, FAMILY_IPV4);
	if (rc == 0)
		rc = engine_host_open(interface, FAMILY_IPV6);
	if (rc < 0)
		return error_set(error, -rc, "interface %s: %s", config->name, strerror(-rc));
	return 0;
}

int engine_interfaces_open(struct engine *engine, struct error *error)
{
	const struct config *config = engine->config;
	int rc;

	engine->interfaces = calloc(config->n_interfaces, sizeof(*engine->interfaces));
	engine->due_ms = calloc(config->n_interfaces * FAMILIES, sizeof(*engine->due_ms));
	if (engine->interfaces == NULL || engine->due_ms == NULL)
		return error_set(error, ENOMEM, "interfaces: out of memory");
	engine->n_interfaces = config->n_interfaces;
	for (unsigned i = 0; i < engine->n_interfaces; i++) {
		struct engine_interface *interface = &engine->interfaces[i];

		interface->engine = engine;
		interface->config = &config->interfaces[i];
		interface->index = i + 1;
		for (unsigned family = 0; family < FAMILIES; family++)
			interface->hosts[family].number = i * FAMILIES + family;
		rc = interface_start(interface, error);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void engine_interfaces_close(struct engine *engine)
{
	for (unsigned i = 0; i < engine->n_interfaces; i++) {
		struct engine_interface *interface = &engine->interfaces[i];

		for (unsigned family = 0; family < FAMILIES; family++)
			if (interface->hosts[family].host != NULL)
				host_close(interface->hosts[family].host);
		free(interface->addresses);
	}
	free(engine->due_ms);
	free(engine->interfaces);
}

// ---- What happens --------------------------------------------------------------------------

void engine_interfaces_advance(struct engine *engine)
{
	uint64_t now_ms = engine_now_ms();
	struct punted punted[32];
	unsigned n;

	do {
		n = punt_burst(engine->dataplane, punted, RTE_DIM(punted));
		for (unsigned i = 0; i < n; i++) {
			struct engine_interface *interface = interface_user(punted[i].interface);
			bool ipv4 = punted[i].len > 0 && punted[i].packet[0] >> 4 == 4;
			unsigned family = ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;

			host_input(interface->hosts[family].host, punted[i].packet, punted[i].len,
				now_ms);
			engine_host_touch(interface, family);
			rte_pktmbuf_free(punted[i].frame);
		}
	} while (n == RTE_DIM(punted));

	engine_hosts_advance(engine, now_ms);
}

// The device is gone: tells whoever had joined a group there.
static void tell_lost(struct engine_interface *interface)
{
	struct engine_session *session;
	struct sluice_addr group;
	struct member *member;

	TAILQ_FOREACH (session, &interface->engine->sessions, next) {
		member = member_first(session->memberships);
		for (; member != NULL; member = member_next(member)) {
			if (engine_host_interface(member_host(member)) != interface)
				continue;
			member_group(member, &group);
			engine_emit_member(
				interface, ENGINE_EVENT_LOST, session->memberships, &group);
		}
	}
}

void engine_interfaces_set_link(struct engine *engine, struct port *port)
{
	uint64_t now_ms = engine_now_ms();
	struct port_info info;

	port_info(port, &info);
	for (unsigned i = 0; i < engine->n_interfaces; i++) {
		struct engine_interface *interface = &engine->interfaces[i];
		struct engine_event event = {
			.kind = ENGINE_EVENT_LINK,
			.interface = interface,
			.link_up = info.up && !info.removed,
		};

		if (interface->port != port)
			continue;
		atomic_store(&interface->removed, info.removed);
		for (unsigned family = 0; family < FAMILIES; family++) {
			host_set_link(interface->hosts[family].host, event.link_up, now_ms);
			engine_host_touch(interface, family);
		}
		engine_emit(engine, &event);
		if (info.removed)
			tell_lost(interface);
	}
}

bool engine_interfaces_busy(const struct engine *engine)
{
	for (unsigned i = 0; i < engine->n_interfaces; i++)
		for (unsigned family = 0; family < FAMILIES; family++)
			if (host_busy(engine->interfaces[i].hosts[family].host))
				return true;
	return false;
}

int engine_interfaces_reconfigure(struct engine *engine)
{
	for (unsigned i = 0; i < engine->n_interfaces; i++) {
		struct engine_interface *interface = &engine->interfaces[i];

		interface->config = &engine->config->interfaces[i];
		for (unsigned family = 0; family < FAMILIES; family++) {
			int rc = engine_host_reconfigure(interface, family);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

// ---- What can be asked ---------------------------------------------------------------------

struct engine_interface *engine_interface_named(struct engine *engine, const char *name)
{
	for (unsigned i = 0; i < engine->n_interfaces; i++)
		if (strcmp(engine->interfaces[i].config->name, name) == 0)
			return &engine->interfaces[i];
	return NULL;
}

struct engine_interface *engine_interface_first(struct engine *engine)
{
	return engine->interfaces;
}

struct engine_interface *engine_interface_next(struct engine_interface *interface)
{
	return interface->index < interface->engine->n_interfaces ? interface + 1 : NULL;
}

const char *engine_interface_name(const struct engine_interface *interface)
{
	return interface->config->name;
}

unsigned engine_interface_index(const struct engine_interface *interface)
{
	return interface->index;
}

const struct config_interface *engine_interface_config(const struct engine_interface *interface)
{
	return interface->config;
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
	return interface->hosts[family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6].host;
}

struct engine_interface *engine_host_interface(const struct host *host)
{
	return host_context(host);
}
