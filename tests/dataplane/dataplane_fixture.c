// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#include "dataplane_fixture.h"
#include "wire_fixture.h"

#define RING_SIZE 1024
#define POOL_SIZE 4095
#define PATIENCE_S 20

void fixture_eal(void)
{
	const char *args[] = {"test", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--log-level", "error", "--mbuf-pool-ops-name",
		wire_fixture_pool_ops(), "--lcores",
		sysconf(_SC_NPROCESSORS_ONLN) > 1 ? "0@0,1@1,2@1" : "0@0,1@0,2@0"};

	cr_assert(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
}

void fixture_open(struct dataplane_fixture *fixture, unsigned n_workers, unsigned punt_rate)
{
	const unsigned lcores[] = {1, 2};
	struct dataplane_config config = {
		.worker_lcores = lcores,
		.n_workers = n_workers,
		.mbufs = 2048,
		.punt_rate = punt_rate,
	};
	struct dataplane_error error;

	*fixture = (struct dataplane_fixture){0};
	fixture->pool = rte_pktmbuf_pool_create(
		"fixture", POOL_SIZE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	cr_assert(fixture->pool != NULL);
	fixture->dp = dataplane_open(&config, &error);
	cr_assert(fixture->dp != NULL, "%s", error.text);
}

void fixture_wire(struct dataplane_fixture *fixture, struct wire *wire, const char *name,
	unsigned n_rx, unsigned n_tx)
{
	struct dataplane_error error;
	struct port_config config = {.name = name, .device = wire->device, .queues = n_rx};
	char ring[32];

	*wire = (struct wire){.n_rx = n_rx, .n_tx = n_tx};
	for (unsigned i = 0; i < n_rx; i++) {
		snprintf(ring, sizeof(ring), "%s_rx%u", name, i);
		wire->rx[i] = rte_ring_create(ring, RING_SIZE, SOCKET_ID_ANY, 0);
	}
	for (unsigned i = 0; i < n_tx; i++) {
		snprintf(ring, sizeof(ring), "%s_tx%u", name, i);
		wire->tx[i] = rte_ring_create(ring, RING_SIZE, SOCKET_ID_ANY, 0);
	}
	wire_fixture_open(name, wire->rx, n_rx, wire->tx, n_tx);
	snprintf(wire->device, sizeof(wire->device), "net_ring_%s", name);
	cr_assert(dataplane_add_port(fixture->dp, &config, &wire->port, &error) == 0, "%s",
		error.text);
}

void fixture_start(struct dataplane_fixture *fixture)
{
	struct dataplane_error error;

	cr_assert(dataplane_start(fixture->dp, &error) == 0, "%s", error.text);
}

void fixture_close(struct dataplane_fixture *fixture)
{
	dataplane_close(fixture->dp);
	cr_assert_eq(rte_mempool_avail_count(fixture->pool), POOL_SIZE, "frames are missing");
}

struct interface *fixture_interface(struct wire *wire, uint16_t outer_vlan, uint16_t inner_vlan)
{
	struct interface_config config = {.outer_vlan = outer_vlan, .inner_vlan = inner_vlan};
	struct interface *interface;
	struct dataplane_error error;

	cr_assert(interface_open(wire->port, &config, &interface, &error) == 0, "%s", error.text);
	return interface;
}

struct output *fixture_output(struct dataplane_fixture *fixture, const struct output_config *config)
{
	struct dataplane_error error;
	struct output *output;

	cr_assert(output_open(fixture->dp, config, &output, &error) == 0, "%s", error.text);
	return output;
}

struct output *fixture_ring(struct dataplane_fixture *fixture, unsigned size)
{
	return fixture_output(
		fixture, &(struct output_config){.kind = OUTPUT_RING, .ring_size = size});
}

struct sluice_addr fixture_address(const char *text)
{
	struct sluice_addr addr = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};

	cr_assert(inet_pton(addr.family, text, addr.bytes) == 1);
	return addr;
}

void fixture_join_filter(struct interface *interface, const char *group, uint64_t owner,
	struct output *output, enum sluice_filter_mode mode, const char *source, uint16_t udp_port)
{
	struct sluice_addr addr = fixture_address(group), source_addr;
	struct subscriber subscriber = {
		.owner = owner,
		.output = output,
		.filter.mode = mode,
		.udp_port_be = htons(udp_port),
	};

	if (source != NULL) {
		source_addr = fixture_address(source);
		subscriber.filter.sources = &source_addr;
		subscriber.filter.n_sources = 1;
	}
	cr_assert(interface_subscribe(interface, &addr, owner, &subscriber, 1) == 0);
}

void fixture_join(
	struct interface *interface, const char *group, uint64_t owner, struct output *output)
{
	fixture_join_filter(interface, group, owner, output, SLUICE_EXCLUDE, NULL, 0);
}

void fixture_leave(struct interface *interface, const char *group, uint64_t owner)
{
	struct sluice_addr addr = fixture_address(group);

	cr_assert(interface_subscribe(interface, &addr, owner, NULL, 0) == 0);
}

struct rte_mbuf *fixture_mbuf(struct dataplane_fixture *fixture, const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture->pool);

	cr_assert(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, frame->len), frame->bytes, frame->len);
	return mbuf;
}

void fixture_send_mbuf(struct dataplane_fixture *fixture, struct wire *wire, unsigned queue,
	struct rte_mbuf *frame)
{
	cr_assert(rte_ring_enqueue(wire->rx[queue], frame) == 0);
	fixture->sent++;
}

void fixture_send(struct dataplane_fixture *fixture, struct wire *wire, unsigned queue,
	const struct frame *frame)
{
	fixture_send_mbuf(fixture, wire, queue, fixture_mbuf(fixture, frame));
}

static uint64_t received(const struct dataplane_fixture *fixture)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < worker_count(fixture->dp); i++) {
		struct worker_info info;

		worker_info(fixture->dp, i, &info);
		sum += info.rx_packets;
	}
	return sum;
}

void fixture_settle(struct dataplane_fixture *fixture)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE_S * rte_get_timer_hz();

	while (received(fixture) < fixture->sent) {
		cr_assert(rte_get_timer_cycles() < deadline, "%" PRIu64 " of %" PRIu64 " received",
			received(fixture), fixture->sent);
		sched_yield();
	}
	// One pass for the iteration that received them, one for frames handed to the queue of
	// another worker.
	dataplane_synchronize(fixture->dp);
	dataplane_synchronize(fixture->dp);
}

// Functions that drivers call; their header is not installed.
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(
	struct rte_eth_dev *dev, enum rte_eth_event_type event, void *ret_param);

void fixture_remove(uint16_t id)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	cr_assert_eq(rte_eth_dev_get_name_by_port(id, name), 0);
	rte_eth_dev_callback_process(rte_eth_dev_allocated(name), RTE_ETH_EVENT_INTR_RMV, NULL);
}

unsigned fixture_drain(struct output *output)
{
	struct rte_mbuf *frame;
	unsigned n = 0;

	while (output_receive_burst(output, &frame, 1) == 1) {
		rte_pktmbuf_free(frame);
		n++;
	}
	return n;
}

bool fixture_sent(struct wire *wire, struct frame *frame)
{
	for (unsigned i = 0; i < wire->n_tx; i++) {
		struct rte_mbuf *mbuf = wire_fixture_take(wire->tx[i]);
		const void *bytes;

		if (mbuf == NULL)
			continue;
		rte_mbuf_sanity_check(mbuf, 1);
		cr_assert_not(mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED);
		frame->len = mbuf->pkt_len;
		bytes = rte_pktmbuf_read(mbuf, 0, frame->len, frame->bytes);
		cr_assert(bytes != NULL);
		if (bytes != frame->bytes)
			memcpy(frame->bytes, bytes, frame->len);
		rte_pktmbuf_free(mbuf);
		return true;
	}
	return false;
}

uint64_t fixture_drops(const struct dataplane_fixture *fixture, enum drop_reason reason)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < worker_count(fixture->dp); i++) {
		struct worker_info info;

		worker_info(fixture->dp, i, &info);
		sum += info.drops[reason];
	}
	return sum;
}
