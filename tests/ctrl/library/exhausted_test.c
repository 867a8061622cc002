// SPDX-License-Identifier: BSD-3-Clause
// No buffer for reports, and no room for them at the port, for as long as a second: calls succeed,
// and what is still true is reported when there is room again.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>
#include <rte_mempool.h>
#include "library_fixture.h"
#include "wire_fixture.h"

#define SECOND_US 1000000

TestSuite(exhausted, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;

static void open_all(void)
{
	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_assert(sluice_event_fd(session) >= 0);
}

static void join(const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	cr_assert_eq(sluice_join(session, 1, &addr), 0);
}

static void leave(const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	cr_assert_eq(sluice_leave(session, 1, &addr), 0);
}

static void expect(enum sluice_event_kind kind)
{
	struct sluice_event event = library_fixture_event(session);

	cr_expect_eq(event.kind, kind, "%d instead of %d", event.kind, kind);
}

// ---- What there is none of ------------------------------------------------------------------

struct shortage {
	void (*begin)(void);
	void (*end)(void);
};

static struct rte_mbuf *held[65536];
static unsigned n_held;

// Some buffers are in the cache of the control thread, where a report finds them.
static void take_buffers(void)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "sluice_tx%u", fixture.port[0]);
	pool = rte_mempool_lookup(name);
	cr_assert_not_null(pool);
	while (n_held < RTE_DIM(held) && (held[n_held] = rte_pktmbuf_alloc(pool)) != NULL)
		n_held++;
	cr_assert_lt(n_held, RTE_DIM(held));
}

static void return_buffers(void)
{
	rte_pktmbuf_free_bulk(held, n_held);
	n_held = 0;
}

// Until nothing fits into the device, nor into the ring in front of it.
static void fill_port(void)
{
	struct sluice_addr group = library_fixture_addr("239.200.0.1");
	unsigned refused = 0;

	cr_assert_eq(sluice_set_multicast_if(session, 1), 0);
	for (unsigned i = 0; refused < 100; i++) {
		cr_assert_lt(i, 100000, "the port is never full");
		if (sluice_send(session, &group, htons(5000), "full", 4) < 0) {
			refused++;
			usleep(1000);
		}
	}
}

static void empty_port(void)
{
	// Only datagrams: the fixture keeps what is behind them.
	for (unsigned n = rte_ring_count(fixture.tx[0]); n > 0; n--)
		rte_pktmbuf_free(wire_fixture_take(fixture.tx[0]));
}

static const struct shortage buffers = {take_buffers, return_buffers},
			     room = {fill_port, empty_port};

// ---- Cases ----------------------------------------------------------------------------------

static void check(const struct shortage *shortage)
{
	struct sluice_event event;

	open_all();
	join("239.1.1.1");
	expect(SLUICE_EVENT_PENDING);
	expect(SLUICE_EVENT_JOINED);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	shortage->begin();
	join("239.1.1.2");
	expect(SLUICE_EVENT_PENDING);
	leave("239.1.1.1");
	expect(SLUICE_EVENT_LEFT);
	join("239.1.1.3");
	expect(SLUICE_EVENT_PENDING);
	leave("239.1.1.3");
	expect(SLUICE_EVENT_LEFT);
	usleep(SECOND_US);
	cr_expect_eq(sluice_event_get(session, &event), -EAGAIN, "joined without a report");
	shortage->end();
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.2");
	expect(SLUICE_EVENT_JOINED);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	usleep(SECOND_US / 5);
	cr_expect_eq(library_fixture_heard(&fixture, FIXTURE_TO_EX, "239.1.1.2"), 1);
	cr_expect_eq(library_fixture_heard(&fixture, FIXTURE_TO_IN, "239.1.1.1"), 1);
	cr_expect_eq(
		library_fixture_heard(&fixture, 0, "239.1.1.3"), 0, "joined and left meanwhile");
	library_fixture_close(&fixture);
}

Test(exhausted, buffers,
	.description = "promise 3: without buffers, what is still true is reported later")
{
	check(&buffers);
}

Test(exhausted, room,
	.description = "promise 3: with a full port, what is still true is reported later")
{
	check(&room);
}
