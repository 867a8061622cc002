// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include "library_fixture.h"
#include "wire_fixture.h"

#define WIRE_SIZE 4096
#define POOL_SIZE 8191
#define PATIENCE_S 60

static const char PORTS[] = "lcores: {workers: [1, 2]}\n"
			    "ports:\n"
			    "  - {name: in0, device: net_ring_wire0}\n";
static const char TV[] = "interfaces:\n"
			 "  - {name: tv, port: in0, addresses: [10.9.0.2/24, \"fe80::2/64\"]}\n";
static const char OTHERS[] =
	"  - {name: tv20, port: in0, vlan: 20, addresses: [10.20.0.2/24, \"2001:db8:20::2/64\"]}\n"
	"  - {name: other, port: in1}\n";

static const char ONCE[] = "{robustness: 1}"; // each change is sent once

void library_fixture_eal(void)
{
	const char *args[] = {"test", "--no-huge", "--no-shconf", "-m", "256", "--no-pci",
		"--no-telemetry", "--lcores", "(0-2)@(0-1)", "--log-level", "error",
		"--mbuf-pool-ops-name", wire_fixture_pool_ops()};

	cr_assert(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
}

void library_fixture_wires(struct library_fixture *fixture)
{
	char name[32];

	*fixture = (struct library_fixture){0};
	fixture->pool = rte_pktmbuf_pool_create(
		"fixture", POOL_SIZE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	cr_assert(fixture->pool != NULL);
	for (unsigned i = 0; i < FIXTURE_WIRES; i++) {
		snprintf(name, sizeof(name), "rx%u", i);
		fixture->rx[i] = rte_ring_create(name, WIRE_SIZE, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "tx%u", i);
		fixture->tx[i] = rte_ring_create(name, WIRE_SIZE, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "wire%u", i);
		fixture->port[i] = wire_fixture_open(name, &fixture->rx[i], 1, &fixture->tx[i], 1);
	}
}

static void open_yaml(struct library_fixture *fixture, const char *yaml)
{
	struct sluice_error error;

	library_fixture_wires(fixture);
	cr_assert(sluice_open(yaml, &fixture->sluice, &error) == 0, "%s", error.text);
}

void library_fixture_open_protocol(struct library_fixture *fixture, const char *protocol)
{
	char yaml[1024];

	snprintf(yaml, sizeof(yaml), "%s%sprotocol: %s\n", PORTS, TV, protocol);
	open_yaml(fixture, yaml);
}

void library_fixture_open(struct library_fixture *fixture)
{
	library_fixture_open_protocol(fixture, ONCE);
}

void library_fixture_open_three(struct library_fixture *fixture)
{
	char yaml[1024];

	snprintf(yaml, sizeof(yaml),
		"%s  - {name: in1, device: net_ring_wire1}\n%s%sprotocol: %s\n", PORTS, TV, OTHERS,
		ONCE);
	open_yaml(fixture, yaml);
}

static void discard(struct rte_ring *ring)
{
	struct rte_mbuf *frame;

	while ((frame = wire_fixture_take(ring)) != NULL)
		rte_pktmbuf_free(frame);
}

void library_fixture_discard(struct library_fixture *fixture)
{
	library_fixture_listen(fixture);
	for (unsigned i = 0; i < fixture->n_sent; i++)
		rte_pktmbuf_free(fixture->sent[i]);
	discard(fixture->tx[1]);
}

void library_fixture_close(struct library_fixture *fixture)
{
	// Sent frames are in the memory of the engine, and so are its last reports.
	library_fixture_discard(fixture);
	sluice_close(fixture->sluice);
	cr_expect_eq(rte_mempool_avail_count(fixture->pool), POOL_SIZE, "frames are missing");
}

// A function that drivers call; its header is not installed.
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(
	struct rte_eth_dev *dev, enum rte_eth_event_type event, void *ret_param);

void library_fixture_remove(struct library_fixture *fixture, unsigned wire)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	cr_assert_eq(rte_eth_dev_get_name_by_port(fixture->port[wire], name), 0);
	rte_eth_dev_callback_process(rte_eth_dev_allocated(name), RTE_ETH_EVENT_INTR_RMV, NULL);
}

struct sluice_session *library_fixture_session(struct library_fixture *fixture)
{
	struct sluice_session *session;

	cr_assert_eq(sluice_session_open(fixture->sluice, NULL, NULL, &session), 0);
	return session;
}

struct sluice_addr library_fixture_addr(const char *text)
{
	struct sluice_addr addr = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};

	cr_assert(inet_pton(addr.family, text, addr.bytes) == 1);
	return addr;
}

// ---- To the engine -------------------------------------------------------------------------

void library_fixture_put(
	struct library_fixture *fixture, unsigned wire, const struct frame_spec *spec)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture->pool);
	struct frame frame;

	frame_build(&frame, spec);
	cr_assert(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, frame.len), frame.bytes, frame.len);
	mbuf->port = fixture->port[wire]; // net_ring does not set it
	cr_assert(rte_ring_enqueue(fixture->rx[wire], mbuf) == 0);
}

static time_t deadline(void)
{
	return time(NULL) + PATIENCE_S;
}

void library_fixture_settle(struct library_fixture *fixture)
{
	struct sluice_addr group = library_fixture_addr("239.255.255.255");
	struct sluice_session *session;
	time_t until = deadline();

	for (unsigned i = 0; i < FIXTURE_WIRES; i++)
		while (!rte_ring_empty(fixture->rx[i])) {
			cr_assert(time(NULL) < until, "the workers do not receive");
			sched_yield();
		}
	// A worker may still hold the last burst. A leave waits for the worker.
	session = library_fixture_session(fixture);
	cr_assert_eq(sluice_join(session, 1, &group), 0);
	cr_assert_eq(sluice_leave(session, 1, &group), 0);
	sluice_session_close(session);
}

void library_fixture_stream(struct library_fixture *fixture, const char *group, const char *source)
{
	library_fixture_put(fixture, 0,
		&(struct frame_spec){.group = group, .source = source, .payload_len = 100});
	library_fixture_settle(fixture);
}

unsigned library_fixture_receive(struct sluice_session *session)
{
	struct rte_mbuf *frames[32];
	unsigned n, sum = 0;

	while ((n = sluice_recv_burst(session, frames, RTE_DIM(frames))) > 0) {
		rte_pktmbuf_free_bulk(frames, n);
		sum += n;
	}
	return sum;
}

struct sluice_event library_fixture_event(struct sluice_session *session)
{
	struct pollfd wait = {.fd = sluice_event_fd(session), .events = POLLIN};
	struct sluice_event event;

	cr_assert_eq(poll(&wait, 1, PATIENCE_S * 1000), 1, "no event");
	cr_assert_eq(sluice_event_get(session, &event), 0);
	cr_assert_eq(sluice_event_ack(session, &event), 0);
	return event;
}

static void expect_event(struct sluice_session *session, enum sluice_event_kind kind, int status,
	const struct sluice_addr *group, void *context)
{
	struct sluice_event event = library_fixture_event(session);

	cr_expect_eq(event.kind, kind, "%d instead of %d", event.kind, kind);
	cr_expect_eq(event.status, status);
	cr_expect(event.ifindex == 1 && sluice_addr_equal(&event.group, group));
	cr_expect_eq(event.context, context);
}

void library_fixture_expect_lost(struct library_fixture *fixture, struct sluice_session *session)
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   next = library_fixture_addr("239.1.1.2");
	struct sluice_event event;
	int a, b;

	cr_assert_eq(sluice_join(session, 3, &group), 0);
	cr_assert_eq(sluice_join_async(session, 1, &group, NULL, &a), 0);
	expect_event(session, SLUICE_EVENT_PENDING, 0, &group, &a);
	expect_event(session, SLUICE_EVENT_JOINED, 0, &group, &a);
	library_fixture_remove(fixture, 0);
	expect_event(session, SLUICE_EVENT_ERROR, -ENETDOWN, &group, &a);
	cr_expect_eq(sluice_join(session, 1, &next), -ENETDOWN);
	cr_expect_eq(
		sluice_join(session, 2, &next), -ENETDOWN, "a VLAN of the same port is lost, too");
	cr_expect_eq(sluice_set_filter(session, 1, &next, SLUICE_EXCLUDE, NULL, 0), -ENETDOWN);
	cr_expect_eq(sluice_set_multicast_if(session, 1), 0);
	cr_expect_eq(sluice_send(session, &group, 1, "a", 1), -ENETDOWN);
	cr_assert_eq(sluice_join_async(session, 1, &next, NULL, &b), 0);
	expect_event(session, SLUICE_EVENT_ERROR, -ENETDOWN, &next, &b);
	cr_expect_eq(sluice_leave(session, 1, &group), 0);
	expect_event(session, SLUICE_EVENT_LEFT, 0, &group, &a);
	cr_expect_eq(sluice_join(session, 3, &next), 0, "another port is not affected");
	cr_expect_eq(sluice_leave(session, 3, &next), 0);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(library_fixture_event(session).ifindex, 3);
	cr_expect_eq(sluice_event_get(session, &event), -EAGAIN);
}

// ---- From the engine -----------------------------------------------------------------------

static void add_record(
	struct library_fixture *fixture, const uint8_t *frame, const uint8_t *at, unsigned family)
{
	struct library_fixture_record *record = &fixture->records[fixture->n_records++];

	cr_assert(fixture->n_records < RTE_DIM(fixture->records));
	record->type = at[0];
	record->group.family = family;
	memcpy(record->group.bytes, at + 4, family == AF_INET ? 4 : 16);
	memcpy(record->ethernet, frame, sizeof(record->ethernet));
}

static bool read_report(struct library_fixture *fixture, const uint8_t *frame)
{
	const uint8_t *ip = frame + (frame[12] == 0x81 ? 18 : 14), *report;
	unsigned family = ip[0] >> 4 == 4 ? AF_INET : AF_INET6;
	unsigned n, width = family == AF_INET ? 4 : 16;
	const uint8_t *at;

	// Reports carry Router Alert: an IPv4 header of six words, or 8 bytes of hop-by-hop
	// options.
	if (family == AF_INET ? ip[9] != IPPROTO_IGMP : ip[6] != IPPROTO_HOPOPTS)
		return false;
	report = ip + (family == AF_INET ? 24 : 48);
	cr_assert(report[0] == (family == AF_INET ? 0x22 : 143));
	fixture->n_reports++;
	n = report[6] << 8 | report[7];
	for (at = report + 8; n > 0; n--) {
		add_record(fixture, frame, at, family);
		at += 4 + width + (at[2] << 8 | at[3]) * width;
	}
	return true;
}

void library_fixture_listen(struct library_fixture *fixture)
{
	struct rte_mbuf *frame;

	while ((frame = wire_fixture_take(fixture->tx[0])) != NULL) {
		if (read_report(fixture, rte_pktmbuf_mtod(frame, uint8_t *))) {
			rte_pktmbuf_free(frame);
			continue;
		}
		cr_assert(fixture->n_sent < RTE_DIM(fixture->sent));
		fixture->sent[fixture->n_sent++] = frame;
	}
}

unsigned library_fixture_heard(struct library_fixture *fixture, unsigned type, const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);
	unsigned n = 0;

	library_fixture_listen(fixture);
	for (unsigned i = 0; i < fixture->n_records; i++)
		if (sluice_addr_equal(&fixture->records[i].group, &addr) &&
			(type == 0 || fixture->records[i].type == type))
			n++;
	return n;
}

void library_fixture_hear(struct library_fixture *fixture, unsigned type, const char *group)
{
	time_t until = deadline();

	while (library_fixture_heard(fixture, type, group) == 0) {
		cr_assert(time(NULL) < until, "no record %u of %s", type, group);
		sched_yield();
	}
}

void library_fixture_catch_up(struct library_fixture *fixture)
{
	struct sluice_session *session = library_fixture_session(fixture);
	char text[INET_ADDRSTRLEN];
	struct sluice_addr marker;

	snprintf(text, sizeof(text), "239.255.254.%u", fixture->n_markers++);
	marker = library_fixture_addr(text);
	cr_assert_eq(sluice_join(session, 1, &marker), 0);
	library_fixture_hear(fixture, FIXTURE_TO_EX, text);
	sluice_session_close(session);
}
