// SPDX-License-Identifier: BSD-3-Clause
// The IGMP or MLD host of an interface as a protocol machine: its configuration, and the conversion
// of its packets to frames.
#include <assert.h>
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
	const struct engine_host *sender = ctx;
	const struct engine_interface *interface = sender->interface;
	struct rte_mbuf *frame = port_frame_alloc(interface->port);
	uint8_t header[ENGINE_DATAGRAM_HEADER_MAX];
	size_t header_len, frame_len;
	uint8_t *data;

	if (frame == NULL)
		return -EAGAIN;
	// Reports are network control traffic: priority 6, to match DSCP CS6 in the packet.
	header_len = engine_datagram_header(interface, header, dst, 6);
	frame_len = RTE_MAX(header_len + len, ENGINE_DATAGRAM_FRAME_MIN);
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

static int publish(void *ctx, struct host *host, const struct member_change *change)
{
	struct engine_host *publisher = ctx;

	(void)host;
	engine_machine_touch(&publisher->interface->engine->machines, &publisher->machine);
	return engine_member_publish_change(publisher->interface, change);
}

static void joined(void *ctx, struct host *host, struct member *member)
{
	struct engine_host *joiner = ctx;
	struct sluice_addr group;

	(void)host;
	member_group(member, &group);
	engine_event_emit_member(
		joiner->interface, ENGINE_EVENT_JOINED, member_session(member), &group);
}

static void log_text(void *ctx, struct host *host, const char *text)
{
	const struct engine_host *logger = ctx;

	(void)host;
	log_warning("%s: %s", logger->interface->config.name, text);
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
	const struct config_protocol *protocol = &interface->engine->protocol;
	const struct config_limits *limits = &interface->engine->limits;
	struct port_info port;

	host_config_default(host);
	if (protocol->robustness > 0)
		host->robustness = protocol->robustness;
	set_seconds(&host->query_interval_ms, protocol->query_interval);
	set_seconds(&host->query_response_interval_ms, protocol->query_response_interval);
	set_seconds(&host->unsolicited_report_interval_ms, protocol->unsolicited_report_interval);
	set_seconds(&host->older_querier_timeout_ms, protocol->older_querier_timeout);
	host->require_router_alert = protocol->require_router_alert;
	host->strict_ttl = protocol->strict_ttl;
	host->ignore_off_subnet = protocol->ignore_off_subnet;
	host->learn_off_subnet = protocol->learn_off_subnet;
	host->ignore_older_versions = protocol->ignore_older_versions;
	host->always_leave = protocol->always_leave;
	host->ssm_aware = protocol->ssm_aware;
	host->report_link_local = protocol->report_link_local;
	set_number(&host->report_rate, protocol->report_rate);
	set_number(&host->report_burst, protocol->report_burst);
	set_number(&host->max_groups, limits->groups);
	set_number(&host->max_sources, limits->sources_per_filter);
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
	// A family that the list does not name keeps the ranges of the RFC.
	host->ssm_ranges = host->n_ssm_ranges > 0 ? *ranges : NULL;
	return 0;
}

// ---- Addresses -----------------------------------------------------------------------------

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

// Queries are sent to the all-hosts and all-nodes groups, which no session joins.
static int listen_to_queries(struct engine_interface *interface, int family)
{
	static const struct sluice_addr ALL_HOSTS = {AF_INET, {224, 0, 0, 1}};
	static const struct sluice_addr ALL_NODES = {AF_INET6, {0xff, 0x02, [15] = 1}};
	struct rte_ether_addr mac;

	address_ethernet(family == AF_INET ? &ALL_HOSTS : &ALL_NODES, mac.addr_bytes);
	return port_mac_add(interface->port, &mac);
}

// ---- As a protocol machine -----------------------------------------------------------------

static struct host *host_of(const struct engine_machine *machine)
{
	return container_of(machine, const struct engine_host, machine)->host;
}

static void input(
	struct engine_machine *machine, const uint8_t *packet, size_t len, uint64_t now_ms)
{
	const struct engine_host *host = container_of(machine, const struct engine_host, machine);
	struct host_status status;

	host_input(host->host, packet, len, now_ms);
	host_status(host->host, &status);
	if (status.querier.family != AF_UNSPEC && status.querier_heard_ms == now_ms)
		interface_querier_heard(host->interface->dataplane, &status.querier, now_ms);
}

static void flush(struct engine_machine *machine, uint64_t now_ms)
{
	host_flush(host_of(machine), now_ms);
}

static void advance(struct engine_machine *machine, uint64_t now_ms)
{
	host_advance(host_of(machine), now_ms);
}

static uint64_t next_ms(const struct engine_machine *machine)
{
	return host_next_ms(host_of(machine));
}

static bool busy(const struct engine_machine *machine)
{
	return host_busy(host_of(machine));
}

static void set_link(struct engine_machine *machine, bool up, uint64_t now_ms)
{
	host_set_link(host_of(machine), up, now_ms);
}

static void close_host(struct engine_machine *machine)
{
	struct engine_host *host = container_of(machine, struct engine_host, machine);

	host_close(host->host);
	free(host);
}

static_assert(HOST_NEVER == ENGINE_MACHINE_NEVER, "no deadline has the same value in both");
static const struct engine_machine_ops MACHINE_OPS = {
	.input = input,
	.flush = flush,
	.advance = advance,
	.next_ms = next_ms,
	.busy = busy,
	.set_link = set_link,
	.close = close_host,
};

// ---- Life ----------------------------------------------------------------------------------

static int new_host(struct engine_interface *interface, int family, struct engine_host **host)
{
	struct engine_host *new = calloc(1, sizeof(*new));
	struct host_config config;
	struct host_range *ranges;
	int rc;

	if (new == NULL)
		return -ENOMEM;
	rc = make_config(&config, interface, family, &ranges);
	if (rc < 0)
		goto free_new;
	new->host = host_open(family, &config, &HOST_OPS, new, engine_now_ms());
	rc = new->host == NULL ? -errno : 0;
	free(ranges);
	if (rc < 0)
		goto free_new;
	new->interface = interface;
	new->machine = (struct engine_machine){.ops = &MACHINE_OPS, .family = family};
	rc = engine_machine_add(&interface->engine->machines, &interface->machines, &new->machine);
	if (rc < 0)
		goto close_host;
	*host = new;
	return 0;

close_host:
	host_close(new->host);
free_new:
	free(new);
	return rc;
}

int engine_host_open(struct engine_interface *interface, int family, struct engine_host **host)
{
	uint64_t now_ms = engine_now_ms();
	struct port_info port;
	int rc;

	rc = new_host(interface, family, host);
	if (rc == 0)
		rc = set_addresses((*host)->host, interface, now_ms);
	if (rc < 0)
		return rc;
	port_info(interface->port, &port);
	host_set_link((*host)->host, port.up, now_ms);
	return listen_to_queries(interface, family);
}

int engine_host_reconfigure(struct engine_host *host)
{
	struct engine_interface *interface = host->interface;
	struct host_config config;
	struct host_range *ranges;
	int rc;

	rc = make_config(&config, interface, host->machine.family, &ranges);
	if (rc < 0)
		return rc;
	rc = host_reconfigure(host->host, &config, engine_now_ms());
	engine_machine_touch(&interface->engine->machines, &host->machine);
	free(ranges);
	return rc;
}

bool engine_host_classify_some(struct engine_host *host, unsigned n)
{
	engine_machine_touch(&host->interface->engine->machines, &host->machine);
	return host_classify_some(host->host, n);
}

struct engine_interface *engine_host_interface(const struct host *host)
{
	const struct engine_host *of_host = host_context(host);

	return of_host->interface;
}
