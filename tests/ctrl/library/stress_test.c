// SPDX-License-Identifier: BSD-3-Clause
// Promises 1 to 7 under load: eight application threads join, leave, filter, flush and receive at
// random while two workers deliver. Each thread is checked against a naive model of its session.
// SLUICE_STRESS_SECONDS is the number of seconds.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include "library_fixture.h"
#include "wire_fixture.h"

enum { THREADS = 8, GROUPS = 20, SOURCES = 3, SECONDS = 3, RING = 256 };

TestSuite(stress, .init = library_fixture_eal, .timeout = 3600);

static struct library_fixture fixture;
static atomic_bool stop;
static atomic_uint_least64_t n_put, n_got, n_changes;

// The assertions of Criterion work only in its own thread.
#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct membership {
	enum membership_kind { NONE, ANY, ONE, ALL_BUT_ONE } kind;
	unsigned joins; // unless NONE
	unsigned source; // ONE, ALL_BUT_ONE
};

struct caller {
	pthread_t thread;
	unsigned seed;
	struct sluice_session *session;
	struct membership memberships[GROUPS];
	struct rte_mbuf *own[GROUPS * SOURCES]; // one of each kind
};

static struct sluice_addr group_of(unsigned i)
{
	// 239.1.1.i and 239.129.1.i share a MAC.
	return (struct sluice_addr){AF_INET, {239, i & 1 ? 129 : 1, 1, i / 2}};
}

static struct sluice_addr source_of(unsigned i)
{
	return (struct sluice_addr){AF_INET, {10, 0, 0, 1 + i}};
}

static bool wants(const struct membership *membership, unsigned source)
{
	switch (membership->kind) {
	case ANY:
		return true;
	case ONE:
		return source == membership->source;
	case ALL_BUT_ONE:
		return source != membership->source;
	default:
		return false;
	}
}

static void describe(unsigned i, struct frame *frame)
{
	struct sluice_addr group = group_of(i / SOURCES), source = source_of(i % SOURCES);
	char group_text[INET_ADDRSTRLEN], source_text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, group.bytes, group_text, sizeof(group_text));
	inet_ntop(AF_INET, source.bytes, source_text, sizeof(source_text));
	frame_build(frame, &(struct frame_spec){.group = group_text, .source = source_text});
}

static struct rte_mbuf *make(const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);

	if (mbuf != NULL)
		memcpy(rte_pktmbuf_append(mbuf, frame->len), frame->bytes, frame->len);
	return mbuf;
}

// ---- The load ------------------------------------------------------------------------------

static void *generate(void *arg)
{
	static struct frame frames[GROUPS * SOURCES];
	unsigned seed = 1;

	(void)arg;
	for (unsigned i = 0; i < GROUPS * SOURCES; i++)
		describe(i, &frames[i]);
	while (!atomic_load(&stop)) {
		struct rte_mbuf *mbuf = make(&frames[rand_r(&seed) % (GROUPS * SOURCES)]);

		if (mbuf != NULL && rte_ring_enqueue(fixture.rx[0], mbuf) == 0) {
			atomic_fetch_add(&n_put, 1);
			continue;
		}
		rte_pktmbuf_free(mbuf);
		sched_yield();
	}
	return NULL;
}

// Discards the reports.
static void *swallow(void *arg)
{
	struct rte_mbuf *frame;

	(void)arg;
	while (!atomic_load(&stop))
		if ((frame = wire_fixture_take(fixture.tx[0])) != NULL)
			rte_pktmbuf_free(frame);
		else
			sched_yield();
	return NULL;
}

// ---- One application thread ----------------------------------------------------------------

static unsigned pick(struct caller *caller, unsigned n)
{
	return rand_r(&caller->seed) % n;
}

static void open_session(struct caller *caller)
{
	struct sluice_session_options options = {.ring_size = RING};

	check(sluice_session_open(fixture.sluice, NULL, &options, &caller->session) == 0);
	memset(caller->memberships, 0, sizeof(caller->memberships));
}

static void expect_wanted(const struct caller *caller, const struct rte_mbuf *frame)
{
	struct sluice_frame info;
	unsigned group, source;

	check(sluice_frame_read(frame, &info) == 0);
	group = info.group.bytes[3] * 2 + (info.group.bytes[1] == 129);
	source = info.source.bytes[3] - 1;
	check(group < GROUPS && source < SOURCES);
	check(wants(&caller->memberships[group], source));
}

// Frames queued before the last change stay readable: at most those a flush kept, and a full ring.
// All later frames match the current filter.
static void receive(struct caller *caller)
{
	struct rte_mbuf *frames[32];
	unsigned n, seen = 0;

	for (unsigned turns = 0; turns < 4 * RING / 32; turns++) {
		n = sluice_recv_burst(caller->session, frames, 32);
		if (n == 0)
			break;
		for (unsigned i = 0; i < n; i++)
			if (seen++ >= 2 * RING)
				expect_wanted(caller, frames[i]);
		rte_pktmbuf_free_bulk(frames, n);
		atomic_fetch_add(&n_got, n);
	}
}

static void left(struct membership *membership, int rc)
{
	check(rc == (membership->kind == NONE ? -EADDRNOTAVAIL : 0));
	if (membership->kind != NONE && --membership->joins == 0)
		membership->kind = NONE;
}

// A filter that creates a membership counts as one join. On an existing one it does not change the
// count.
static void set_filter(struct membership *membership, enum membership_kind kind, unsigned source)
{
	if (membership->kind == NONE)
		membership->joins = 1;
	membership->kind = kind;
	membership->source = source;
}

static void change(struct caller *caller)
{
	unsigned i = pick(caller, GROUPS), k = pick(caller, SOURCES);
	struct membership *membership = &caller->memberships[i];
	struct sluice_addr group = group_of(i), source = source_of(k);
	struct sluice_session *session = caller->session;

	switch (pick(caller, 6)) {
	case 0:
		check(sluice_join(session, 1, &group) == (membership->kind == ONE ? -EINVAL : 0));
		if (membership->kind == NONE)
			*membership = (struct membership){.kind = ANY};
		if (membership->kind != ONE)
			membership->joins++;
		break;
	case 1:
		left(membership, sluice_leave(session, 1, &group));
		break;
	case 2:
		left(membership, sluice_leave_flush(session, 1, &group));
		break;
	case 3:
		check(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, &source, 1) == 0);
		set_filter(membership, ONE, k);
		break;
	case 4:
		check(sluice_set_filter(session, 1, &group, SLUICE_EXCLUDE, &source, 1) == 0);
		set_filter(membership, ALL_BUT_ONE, k);
		break;
	case 5:
		check(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, NULL, 0) == 0);
		membership->kind = NONE;
		break;
	}
}

// Filter results agree with the model immediately and exactly, whatever other threads change.
static void judge(struct caller *caller)
{
	uint64_t expected = 0;

	for (unsigned i = 0; i < GROUPS * SOURCES; i++)
		expected |= (uint64_t)wants(&caller->memberships[i / SOURCES], i % SOURCES) << i;
	check(sluice_filter_burst(caller->session, 1, caller->own, GROUPS * SOURCES) == expected);
}

static void *live(void *arg)
{
	struct caller *caller = arg;
	struct frame frame;

	for (unsigned i = 0; i < GROUPS * SOURCES; i++) {
		describe(i, &frame);
		caller->own[i] = make(&frame);
		check(caller->own[i] != NULL);
	}
	open_session(caller);
	while (!atomic_load(&stop)) {
		change(caller);
		judge(caller);
		receive(caller);
		atomic_fetch_add(&n_changes, 1);
		if (pick(caller, 200) == 0) {
			sluice_session_close(caller->session);
			open_session(caller);
		}
	}
	sluice_session_close(caller->session);
	rte_pktmbuf_free_bulk(caller->own, GROUPS * SOURCES);
	return NULL;
}

Test(stress, random,
	.description =
		"promise 1 promise 2 promise 4 promise 5 promise 6 promise 7: random calls of "
		"eight threads under load agree with a naive model")
{
	const char *seconds = getenv("SLUICE_STRESS_SECONDS");
	static struct caller callers[THREADS];
	struct sluice_session *slow;
	pthread_t load, sink;

	library_fixture_open(&fixture);
	slow = library_fixture_session(&fixture);
	for (unsigned i = 0; i < GROUPS; i++) {
		struct sluice_addr group = group_of(i);

		cr_assert_eq(sluice_join(slow, 1, &group), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i].seed = i + 1;
		cr_assert_eq(pthread_create(&callers[i].thread, NULL, live, &callers[i]), 0);
	}
	cr_assert_eq(pthread_create(&load, NULL, generate, NULL), 0);
	cr_assert_eq(pthread_create(&sink, NULL, swallow, NULL), 0);
	sleep(seconds != NULL ? atoi(seconds) : SECONDS);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(callers[i].thread, NULL);
	pthread_join(load, NULL);
	pthread_join(sink, NULL);
	sluice_session_close(slow);
	for (unsigned i = 0; i < GROUPS; i++) {
		struct sluice_addr group = group_of(i);
		struct sluice_session *last = library_fixture_session(&fixture);
		struct sluice_group_stats stats;

		cr_expect_eq(sluice_stats_group(last, 1, &group, &stats), -ENOENT, "group %u", i);
		sluice_session_close(last);
	}
	cr_expect_gt(atomic_load(&n_changes), 0);
	cr_expect_gt(atomic_load(&n_got), 0);
	cr_log_info("%lu frames, %lu received, %lu changes", atomic_load(&n_put),
		atomic_load(&n_got), atomic_load(&n_changes));
	library_fixture_close(&fixture);
}
