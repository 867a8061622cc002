// SPDX-License-Identifier: BSD-3-Clause
// Sessions on the engine of this process.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "address.h"
#include "local.h"

static const struct backend backend;

// ---- Life ----------------------------------------------------------------------------------

struct session_call {
	struct local_call base;
	struct local *session;
	uint16_t udp_port_be;
};

static int open_output(struct local *session)
{
	struct output_config config = {
		.kind = OUTPUT_RING,
		.ring_size = session->session.ring_size,
	};

	return output_open(
		engine_dataplane(session->sluice->engine), &config, &session->output, NULL);
}

// An application waits for its own sessions only.
static void publish(struct engine_session *session)
{
	while (!engine_session_publish_some(session))
		;
}

static void open_session(struct mailbox_call *mailbox_call)
{
	struct session_call *call = (struct session_call *)mailbox_call;
	struct local *session = call->session;

	call->base.rc = open_output(session);
	if (call->base.rc < 0)
		return;
	call->base.rc = engine_session_open(
		session->sluice->engine, NULL, ntohs(call->udp_port_be), &session->engine, NULL);
	if (call->base.rc < 0) {
		output_close(session->output);
		return;
	}
	engine_session_set_output(session->engine, session->output);
	publish(session->engine);
	engine_session_set_user(session->engine, session);
	LIST_INSERT_HEAD(&session->sluice->sessions, session, next);
}

int local_session_open(struct sluice *sluice, const struct sluice_session_options *options,
	struct sluice_session **session)
{
	struct session_call call = {0};
	struct sluice_session *new;
	int rc;

	rc = backend_session_new(sizeof(struct local), &backend, options, &new);
	if (rc < 0)
		return rc;
	call.session = local(new);
	call.session->sluice = sluice;
	call.udp_port_be = atomic_load(&new->udp_port_be);
	rc = local_run(sluice, &call.base, open_session);
	if (rc < 0)
		backend_session_free(new);
	else
		*session = new;
	return rc;
}

void local_session_free(struct local *session)
{
	output_close(session->output);
	backend_session_free(&session->session);
}

static void close_session(struct mailbox_call *mailbox_call)
{
	struct local *session = ((struct session_call *)mailbox_call)->session;

	// NULL: the engine is closing and has left the groups already.
	if (session->engine != NULL)
		engine_session_close(session->engine);
	engine_flush(session->sluice->engine);
	LIST_REMOVE(session, next);
	output_close(session->output);
}

static void close_and_free(struct sluice_session *session)
{
	struct session_call call = {.session = local(session)};

	if (local_run(local(session)->sluice, &call.base, close_session) < 0)
		return;
	backend_session_free(session);
}

static void bind_session(struct mailbox_call *mailbox_call)
{
	struct session_call *call = (struct session_call *)mailbox_call;

	call->base.rc = call->session->engine != NULL ? 0 : -ESHUTDOWN;
	if (call->base.rc < 0)
		return;
	engine_session_bind(call->session->engine, ntohs(call->udp_port_be));
	publish(call->session->engine);
}

static int session_bind(struct sluice_session *session, uint16_t udp_port_be)
{
	struct session_call call = {.session = local(session), .udp_port_be = udp_port_be};

	return local_run(local(session)->sluice, &call.base, bind_session);
}

// ---- Interfaces ----------------------------------------------------------------------------

static int resolve(struct sluice_session *session, unsigned *ifindex)
{
	unsigned n = local(session)->sluice->n_interfaces;

	if (*ifindex == 0 && n == 1)
		*ifindex = 1;
	return *ifindex > 0 && *ifindex <= n ? 0 : -ENODEV;
}

static void describe(const struct engine_interface *interface, struct sluice_interface *info)
{
	const struct config_interface *config = engine_interface_config(interface);
	const struct config_address *addresses;
	struct port_info port;
	unsigned n;

	port_info(interface_port(engine_interface_dataplane(interface)), &port);
	*info = (struct sluice_interface){
		.index = engine_interface_index(interface),
		.vlan = config->vlan,
		.inner_vlan = config->inner_vlan,
		.mtu = port.mtu,
		.up = port.up,
	};
	snprintf(info->name, sizeof(info->name), "%s", engine_interface_name(interface));
	memcpy(info->mac, port.mac.addr_bytes, sizeof(info->mac));
	addresses = engine_interface_addresses(interface, &n);
	for (unsigned i = 0; i < n; i++) {
		struct sluice_addr *addr =
			addresses[i].addr.family == AF_INET ? &info->ipv4 : &info->ipv6;

		if (addr->family == 0)
			*addr = addresses[i].addr;
	}
}

struct interfaces_call {
	struct local_call base;
	const struct sluice *sluice;
	struct sluice_interface *interfaces;
	unsigned n;
};

static void list_interfaces(struct mailbox_call *mailbox_call)
{
	struct interfaces_call *call = (struct interfaces_call *)mailbox_call;
	const struct sluice *sluice = call->sluice;

	for (unsigned i = 0; i < sluice->n_interfaces && i < call->n; i++)
		describe(sluice->interfaces[i], &call->interfaces[i]);
	call->base.rc = sluice->n_interfaces;
}

static int interfaces(struct sluice_session *session, struct sluice_interface *list, unsigned n)
{
	struct sluice *sluice = local(session)->sluice;
	struct interfaces_call call = {.sluice = sluice, .interfaces = list, .n = n};

	return local_run(sluice, &call.base, list_interfaces);
}

// An engine of this process keeps the configuration it was opened with.
static int addresses(
	struct sluice_session *session, unsigned ifindex, struct sluice_addr *list, unsigned n)
{
	const struct config_interface *config =
		engine_interface_config(local_interface(local(session)->sluice, ifindex));

	for (unsigned i = 0; i < config->n_addresses && i < n; i++)
		list[i] = config->addresses[i].addr;
	return config->n_addresses;
}

// ---- Frames --------------------------------------------------------------------------------

static unsigned receive(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	return output_receive_burst(local(session)->output, frames, n);
}

static struct interface *dataplane_interface(struct sluice_session *session, unsigned ifindex)
{
	return engine_interface_dataplane(local_interface(local(session)->sluice, ifindex));
}

static bool received_on(struct sluice_session *session, unsigned ifindex,
	const struct rte_mbuf *frame, const struct sluice_frame *info)
{
	return interface_received(
		dataplane_interface(session, ifindex), frame, info->vlan, info->inner_vlan);
}

static uint64_t filter_burst(struct sluice_session *session, unsigned ifindex,
	struct rte_mbuf *const *frames, unsigned n)
{
	return app_filter_burst(
		dataplane_interface(session, ifindex), local(session)->output, frames, n);
}

static const struct backend backend = {
	.bind = session_bind,
	.close = close_and_free,
	.resolve = resolve,
	.interfaces = interfaces,
	.addresses = addresses,
	.change = local_member_change,
	.get_filter = local_member_get_filter,
	.join_async = local_member_join_async,
	.receive = receive,
	.received_on = received_on,
	.filter_burst = filter_burst,
	.send = local_send,
	.group_stats = local_stats_group,
	.session_stats = local_stats_session,
	.interface_stats = local_stats_interface,
	.worker_stats = local_stats_worker,
	.drop_stats = local_stats_drop,
};
