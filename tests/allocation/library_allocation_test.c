// SPDX-License-Identifier: BSD-3-Clause
// Each allocation of a call of the native API fails in turn, with the engine in this process and
// with a sluiced: the call fails with -ENOMEM and the filters are as before, and the same call
// succeeds afterwards.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>

#include "daemon_fixture.h"
#include "sweep.h"

#define BUDGET 10 // runs of a call in a short sweep
#define SOURCES 60

static struct library_fixture fixture;
static struct daemon_process served;
static const char *path; // of sluiced; NULL: the engine is in this process
static struct sluice_session *session;

// jansson 2.14 writes beyond its memory when it cannot enlarge the buffer of a text that it reads.
// So its reader has memory here; what sluiced reads with comes out of its reserve.
__attribute__((visibility("default"))) json_t *json_loadb(
	const char *text, size_t len, size_t flags, json_error_t *error)
{
	typeof(&json_loadb) next = dlsym(RTLD_NEXT, "json_loadb");
	json_t *value;

	injector_pause();
	value = next(text, len, flags, error);
	injector_resume();
	return value;
}

// ---- Calls ------------------------------------------------------------------------------------

static struct sluice_addr address(const char *text)
{
	struct sluice_addr addr = {.family = AF_INET};

	cr_assert_eq(inet_pton(AF_INET, text, addr.bytes), 1);
	return addr;
}

static int open_session(void)
{
	struct sluice_session_options options = {.stay = true};
	struct sluice_session *new;
	int rc = sluice_session_open(path != NULL ? NULL : fixture.sluice, path, &options, &new);

	if (rc == 0)
		sluice_session_close(new);
	return rc;
}

static int join(void)
{
	struct sluice_addr group = address("239.1.0.1");

	return sluice_join(session, 1, &group);
}

static int leave(void)
{
	struct sluice_addr group = address("239.1.0.1");

	return sluice_leave(session, 1, &group);
}

static int join_source(void)
{
	struct sluice_addr group = address("232.1.0.1"), source = address("10.9.0.9");

	return sluice_join_source(session, 1, &group, &source);
}

static int leave_source(void)
{
	struct sluice_addr group = address("232.1.0.1"), source = address("10.9.0.9");

	return sluice_leave_source(session, 1, &group, &source);
}

static int block(void)
{
	struct sluice_addr group = address("239.1.0.2"), source = address("10.9.0.9");

	return sluice_block_source(session, 1, &group, &source);
}

static int unblock(void)
{
	struct sluice_addr group = address("239.1.0.2"), source = address("10.9.0.9");

	return sluice_unblock_source(session, 1, &group, &source);
}

static int set_filter(enum sluice_filter_mode mode, unsigned n)
{
	struct sluice_addr group = address("239.1.0.3"), sources[SOURCES];

	for (unsigned i = 0; i < n; i++)
		sources[i] = (struct sluice_addr){AF_INET, {10, 8, 0, i + 1}};
	return sluice_set_filter(session, 1, &group, mode, sources, n);
}

static int include(void)
{
	return set_filter(SLUICE_INCLUDE, SOURCES);
}

static int exclude(void)
{
	return set_filter(SLUICE_EXCLUDE, SOURCES / 2);
}

static int end(void)
{
	return set_filter(SLUICE_INCLUDE, 0);
}

static int get_filter(void)
{
	struct sluice_addr group = address("239.1.0.2"), sources[4];
	enum sluice_filter_mode mode;
	unsigned n = 4;

	return sluice_get_filter(session, 1, &group, &mode, sources, &n);
}

static int bind_session(void)
{
	return sluice_session_bind(session, htons(5004));
}

static int unbind_session(void)
{
	return sluice_session_bind(session, 0);
}

static int list_interfaces(void)
{
	struct sluice_interface list[4];
	int n = sluice_interface_list(session, list, 4);

	cr_assert(n < 0 || n == 3, "%d interfaces", n);
	return n < 0 ? n : 0;
}

static int read_group(void)
{
	struct sluice_addr group = address("239.1.0.2");
	struct sluice_group_stats stats;

	return sluice_stats_group(session, 1, &group, &stats);
}

static int read_session(void)
{
	struct sluice_session_stats stats;

	return sluice_stats_session(session, &stats);
}

static int read_interface(void)
{
	struct sluice_interface_stats stats;

	return sluice_stats_interface(session, 1, &stats);
}

static int read_workers(void)
{
	struct sluice_worker_stats list[4];
	int n = sluice_stats_workers(session, list, 4);

	cr_assert(n < 0 || n == 2, "%d workers", n);
	return n < 0 ? n : 0;
}

static int read_drops(void)
{
	struct sluice_drop_stats list[4];
	int n = sluice_stats_drops(session, list, 4);

	cr_assert(n < 0 || n > 20, "%d reasons", n);
	return n < 0 ? n : 0;
}

static int send_datagram(void)
{
	struct sluice_addr group = address("239.1.0.9");
	int rc = sluice_set_multicast_if(session, 1);

	return rc < 0 ? rc : sluice_send(session, &group, htons(5000), "datagram", 8);
}

// Waits for the end of the join: JOINED or ERROR.
static int join_async(void)
{
	struct sluice_addr group = address("239.1.0.4");
	int rc = sluice_join_async(session, 1, &group, NULL, &group);
	struct sluice_event event = {.kind = SLUICE_EVENT_PENDING};

	while (rc == 0 && (event.kind == SLUICE_EVENT_PENDING || event.context != &group)) {
		struct pollfd fd = {.fd = sluice_event_fd(session), .events = POLLIN};

		cr_assert_eq(poll(&fd, 1, 20000), 1, "no event");
		if (sluice_event_get(session, &event) < 0)
			continue;
		sluice_event_ack(session, &event);
	}
	return rc == 0 && event.kind == SLUICE_EVENT_ERROR ? event.status : rc;
}

static int leave_async(void)
{
	struct sluice_addr group = address("239.1.0.4");
	struct sluice_event event;
	int rc = sluice_leave(session, 1, &group);

	while (sluice_event_get(session, &event) == 0)
		sluice_event_ack(session, &event);
	return rc;
}

static int nothing(void)
{
	return 0;
}

static const struct call {
	const char *name;
	int (*fn)(void), (*undo)(void);
} calls[] = {
	{"session_open", open_session, nothing},
	{"join", join, leave},
	{"join_source", join_source, leave_source},
	{"block_source", block, unblock},
	{"set_filter", include, end},
	{"set_filter, exclude", exclude, end},
	{"get_filter", get_filter, nothing},
	{"session_bind", bind_session, unbind_session},
	{"interface_list", list_interfaces, nothing},
	{"stats_group", read_group, nothing},
	{"stats_session", read_session, nothing},
	{"stats_interface", read_interface, nothing},
	{"stats_workers", read_workers, nothing},
	{"stats_drops", read_drops, nothing},
	{"send", send_datagram, nothing},
	{"join_async", join_async, leave_async},
};

// ---- State ------------------------------------------------------------------------------------

static void describe(char text[1024])
{
	static const char *const groups[] = {
		"232.1.0.1", "239.1.0.1", "239.1.0.2", "239.1.0.3", "239.1.0.4"};

	text[0] = '\0';
	for (unsigned i = 0; i < RTE_DIM(groups); i++) {
		struct sluice_addr group = address(groups[i]), sources[SOURCES];
		enum sluice_filter_mode mode = SLUICE_INCLUDE;
		unsigned n = SOURCES, sum = 0;
		int rc = sluice_get_filter(session, 1, &group, &mode, sources, &n);

		for (unsigned k = 0; rc == 0 && k < n; k++)
			sum = sum * 31 + sources[k].bytes[3];
		sprintf(text + strlen(text), "%s: %d %d %u %u\n", groups[i], rc, mode,
			rc == 0 ? n : 0, sum);
	}
}

static void sweep_call(const struct call *call, enum sweep_mode mode)
{
	char before[1024], after[1024], now[1024], name[64];
	struct sweep sweep;

	describe(before);
	injector_arm(UINT64_MAX / 2, 1);
	cr_assert_eq(call->fn(), 0, "%s", call->name);
	injector_disarm();
	describe(after);
	cr_assert_eq(call->undo(), 0);
	snprintf(name, sizeof(name), "library %s, %s", path != NULL ? "remote" : "local",
		call->name);
	sweep = sweep_begin(name, mode, injector_count(), BUDGET);
	while (sweep_next(&sweep, injector_failed())) {
		int rc = call->fn();

		injector_disarm();
		if (rc < 0) {
			cr_assert_eq(rc, -ENOMEM, "%s, number %lu: %d", call->name,
				(unsigned long)sweep.number, rc);
			describe(now);
			cr_assert_str_eq(now, before, "%s, number %lu", call->name,
				(unsigned long)sweep.number);
			cr_assert_eq(call->fn(), 0);
		}
		describe(now);
		cr_assert_str_eq(
			now, after, "%s, number %lu", call->name, (unsigned long)sweep.number);
		cr_assert_eq(call->undo(), 0);
	}
}

static void sweep_all(enum sweep_mode longer)
{
	struct sluice_session_options options = {.stay = path != NULL};
	struct sluice_addr group = address("239.1.0.2");

	cr_assert_eq(
		sluice_session_open(path != NULL ? NULL : fixture.sluice, path, &options, &session),
		0);
	sluice_event_fd(session);
	cr_assert_eq(sluice_join(session, 1, &group), 0);
	for (unsigned i = 0; i < RTE_DIM(calls); i++) {
		sweep_call(&calls[i], SWEEP_ONCE);
		sweep_call(&calls[i], longer);
	}
	sluice_session_close(session);
}

Test(library_allocation, local, .timeout = 300,
	.description = "calls without memory, with the engine in the process")
{
	library_fixture_eal();
	library_fixture_open_three(&fixture);
	sweep_all(SWEEP_FROM);
	library_fixture_close(&fixture);
	cr_assert_not(sweep_leaks());
}

// The thread that reads the answers waits for memory, and so it must come back.
Test(library_allocation, remote, .timeout = 300,
	.description = "calls without memory, with a sluiced")
{
	daemon_fork(&served);
	path = served.path;
	sweep_all(SWEEP_WHILE);
	daemon_end(&served, true);
	cr_assert_not(sweep_leaks());
}

// ---- Opening ----------------------------------------------------------------------------------

static const char YAML[] = "lcores: {workers: [1, 2]}\n"
			   "ports:\n"
			   "  - {name: in0, device: net_null0}\n"
			   "interfaces:\n"
			   "  - {name: tv, port: in0, addresses: [10.9.0.2/24, \"fe80::2/64\"]}\n"
			   "  - {name: tv20, port: in0, vlan: 20}\n";

static int open_and_close(struct sluice_error *why)
{
	struct sluice *sluice;
	int rc;

	why->text[0] = '\0';
	rc = sluice_open(YAML, &sluice, why);

	if (rc == 0)
		sluice_close(sluice);
	injector_disarm();
	return rc;
}

// "out of memory", "no memory for 16000 frames", "Cannot allocate memory". A driver that finds no
// memory does not always say so.
static bool is_of_memory(const struct sluice_error *why)
{
	return strstr(why->text, "memory") != NULL ||
	       strstr(why->text, "net_null refuses it") != NULL;
}

static void sweep_open(enum sweep_mode mode)
{
	struct sweep sweep;
	struct sluice_error why;

	injector_arm(UINT64_MAX / 2, 1);
	cr_assert_eq(open_and_close(&why), 0, "%s", why.text);
	sweep = sweep_begin("library, open and close", mode, injector_count(), 10 * BUDGET);
	while (sweep_next(&sweep, injector_failed())) {
		int rc = open_and_close(&why);

		cr_assert(rc == 0 || is_of_memory(&why), "number %lu: %d, \"%s\"",
			(unsigned long)sweep.number, rc, why.text);
		rc = open_and_close(&why);
		cr_assert_eq(rc, 0, "after number %lu: %s", (unsigned long)sweep.number, why.text);
	}
}

Test(library_allocation, open, .timeout = 300,
	.description = "an engine that is opened and closed without memory")
{
	library_fixture_eal();
	sweep_open(SWEEP_ONCE);
	sweep_open(SWEEP_FROM);
	cr_assert_not(sweep_leaks());
}
