// SPDX-License-Identifier: BSD-3-Clause
// The protocol hosts of an interface: their configuration, and their packets to frames.
#include <errno.h>
#include <stdlib.h>
#include <rte_ether.h>
#include <rte_random.h>
#include "address.h"
#include "engine_private.h"
#include "log.h"

// ---- Frames out ----------------------------------------------------------------------------

static int send_packet(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct engine_interface *interface = ctx;
	struct rte_mbuf *frame = port_frame_alloc(interface->port);
	uint8_t header[ENGINE_HEADER_MAX];
	size_t header_len, frame_len;
	uint8_t *data;

	if (frame == NULL)
		return -EAGAIN;
	// Reports are network control: priority 6, as DSCP CS6 in the packet says.
	header_len = engine_header(interface, header, dst, 6);
	frame_len = RTE_MAX(header_len + len, ENGINE_FRAME_MIN);
	data = (uint8_t *)rte_pktmbuf_append(frame, frame_len);
	if (data == NULL)
		goto free_frame;
	memcpy(data, header, header_len);
	memcpy(data + header_len, packet, len);
	memset(data + header_len + len, 0, frame_len - header_len - len);
	if (port_send(interface->port, frame) < 0)
		goto free_frame;
	return 0;

free_frame:
	rte_pktmbuf_free(frame);
	return -EAGAIN;
}

static unsigned family_of(const struct host *host)
{
	return host_family(host) == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
}

static int publish(void *ctx, struct host *host, const struct member_change *change)
{
	engine_host_touch(ctx, family_of(host));
	return engine_member_publish_change(ctx, change);
}

static void joined(void *ctx, struct host *host, struct member *member)
{
	struct sluice_addr group;

	member_group(member, &group);
	engine_emit_member(ctx, ENGINE_EVENT_JOINED, member_session(member), &group);
}

static void log_text(void *ctx, struct host *host, const char *text)
{
	const struct engine_interface *interface = ctx;

	log_warning("%s: %s", interface->config->name, text);
}

static const struct host_ops HOST_OPS = {
	.send = send_packet,
	.publish = publish,
	.joined = joined,
	.log = log_text,
};

// ---- Configuration -------------------------------------------------------------------------

static void set_seconds(uint32_t *ms, double seconds)
{
	if (seconds > 0)
		*ms = (uint32_t)(seconds * 1000 + 0.5);
}

static void set_number(uint32_t *value, unsigned configured)
{
	if (configured > 0)
		*value = configured;
}

static int make_config(struct host_config *host, const struct engine_interface *interface,
	int family, struct host_range **ranges)
{
	const struct config *config = interface->engine->config;
	const struct config_protocol *protocol = &config->protocol;
	struct port_info port;

	host_config_default(host, family);
	if (protocol->robustness > 0)
		host->robustness = protocol->robustness;
	set_seconds(&host->query_interval_ms, protocol->query_interval);
	set_seconds(&host->query_response_interval_ms, protocol->query_response_interval);
	set_seconds(&host->unsolicited_report_interval_ms, protocol->unsolicited_report_interval);
	set_seconds(&host->older_querier_timeout_ms, protocol->older_querier_timeout);
	host->require_router_alert = protocol->require_router_alert;
	host->strict_ttl = protocol->strict_ttl;
	host->ignore_off_subnet = protocol->ignore_off_subnet;
	host->ignore_older_versions = protocol->ignore_older_versions;
	host->always_leave = protocol->always_leave;
	host->ssm_aware = protocol->ssm_aware;
	host->report_link_local = protocol->report_link_local;
	set_number(&host->report_rate, protocol->report_rate);
	set_number(&host->report_burst, protocol->report_burst);
	set_number(&host->max_groups, config->limits.groups);
	set_number(&host->max_sources, config->limits.sources_per_filter);
	port_info(interface->port, &port);
	host->mtu = port.mtu;
	host->seed = rte_rand();

	*ranges = NULL;
	if (protocol->n_ssm_ranges == 0)
		return 0;
	*ranges = calloc(protocol->n_ssm_ranges, sizeof(**ranges));
	if (*ranges == NULL)
		return -ENOMEM;
	host->n_ssm_ranges = 0;
	for (unsigned i = 0; i < protocol->n_ssm_ranges; i++) {
		const struct config_address *range = &protocol->ssm_ranges[i];

		if (range->addr.family == family)
			(*ranges)[host->n_ssm_ranges++] = (struct host_range){
				.prefix = range->addr,
				.length = range->prefix_length,
			};
	}
	// A family the list does not mention keeps the RFC's ranges.
	host->ssm_ranges = host->n_ssm_ranges > 0 ? *ranges : NULL;
	return 0;
}

// ---- Life ----------------------------------------------------------------------------------

static int set_addresses(
	struct host *host, const struct engine_interface *interface, uint64_t now_ms)
{
	struct host_address *addresses;
	unsigned n = 0;
	int rc;

	addresses = calloc(interface->n_addresses, sizeof(*addresses));
	if (addresses == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < interface->n_addresses; i++) {
		const struct config_address *address = &interface->addresses[i];

		if (address->addr.family == host_family(host))
			addresses[n++] = (struct host_address){
				.addr = address->addr,
				.prefix_length = address->prefix_length,
			};
	}
	rc = host_set_addresses(host, addresses, n, now_ms);
	free(addresses);
	return rc;
}

// Queries arrive at the all-hosts and all-nodes groups, which nobody joins.
static int listen_to_queries(struct engine_interface *interface, int family)
{
	static const struct sluice_addr ALL_HOSTS = {AF_INET, {224, 0, 0, 1}};
	static const struct sluice_addr ALL_NODES = {AF_INET6, {0xff, 0x02, [15] = 1}};
	struct rte_ether_addr mac;

	address_ethernet(family == AF_INET ? &ALL_HOSTS : &ALL_NODES, mac.addr_bytes);
	return port_mac_add(interface->port, &mac);
}

int engine_host_open(struct engine_interface *interface, unsigned index)
{
	int family = index == FAMILY_IPV4 ? AF_INET : AF_INET6;
	uint64_t now_ms = engine_now_ms();
	struct host_config config;
	struct host_range *ranges;
	struct port_info port;
	struct host *host;
	int rc;

	rc = make_config(&config, interface, family, &ranges);
	if (rc < 0)
		return rc;
	host = host_open(family, &config, &HOST_OPS, interface, now_ms);
	rc = host == NULL ? -errno : 0;
	free(ranges);
	if (rc < 0)
		return rc;
	interface->hosts[index].host = host;
	engine_host_touch(interface, index);
	rc = set_addresses(host, interface, now_ms);
	if (rc < 0)
		return rc;
	port_info(interface->port, &port);
	host_set_link(host, port.up, now_ms);
	return listen_to_queries(interface, family);
}

int engine_host_reconfigure(struct engine_interface *interface, unsigned index)
{
	struct host *host = interface->hosts[index].host;
	struct host_config config;
	struct host_range *ranges;
	int rc;

	rc = make_config(&config, interface, host_family(host), &ranges);
	if (rc < 0)
		return rc;
	rc = host_reconfigure(host, &config, engine_now_ms());
	engine_host_touch(interface, index);
	free(ranges);
	return rc;
}

// ---- What there is to do -------------------------------------------------------------------

void engine_host_touch(struct engine_interface *interface, unsigned family)
{
	struct engine_host *host = &interface->hosts[family];

	if (host->touched)
		return;
	host->touched = true;
	STAILQ_INSERT_TAIL(&interface->engine->touched, host, next_touched);
}

static void set_due(struct engine *engine, const struct engine_host *host)
{
	uint64_t due_ms = host_next_ms(host->host);

	engine->due_ms[host->number] = due_ms;
	engine->next_due_ms = RTE_MIN(engine->next_due_ms, due_ms);
}

void engine_hosts_flush(struct engine *engine, uint64_t now_ms)
{
	struct engine_host *host;

	while ((host = STAILQ_FIRST(&engine->touched)) != NULL) {
		STAILQ_REMOVE_HEAD(&engine->touched, next_touched);
		host->touched = false;
		host_flush(host->host, now_ms);
		set_due(engine, host);
	}
}

void engine_hosts_advance(struct engine *engine, uint64_t now_ms)
{
	if (now_ms < engine->next_due_ms)
		return;
	engine->next_due_ms = HOST_NEVER;
	for (unsigned i = 0; i < engine->n_interfaces * FAMILIES; i++) {
		struct engine_interface *interface = &engine->interfaces[i / FAMILIES];

		if (engine->due_ms[i] <= now_ms) {
			host_advance(interface->hosts[i % FAMILIES].host, now_ms);
			engine_host_touch(interface, i % FAMILIES);
			set_due(engine, &interface->hosts[i % FAMILIES]);
		} else {
			engine->next_due_ms = RTE_MIN(engine->next_due_ms, engine->due_ms[i]);
		}
	}
}
