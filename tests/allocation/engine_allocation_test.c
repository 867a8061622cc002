// SPDX-License-Identifier: BSD-3-Clause
// Each allocation of an engine's life fails in turn: those of its own, of the hosts, of the data
// plane and of DPDK. A call that fails changes nothing that can be seen and sends nothing, and the
// same call succeeds afterwards. After each call engine, hosts and data plane agree.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine_audit_fixture.h"
#include "sweep.h"

#define BASE                                                                                       \
	"lcores: {control: 0, workers: [1]}\n"                                                     \
	"ports:\n"                                                                                 \
	"  - {name: in0, device: \"net_null0,no-rx=1\"}\n"                                         \
	"  - {name: out0, device: \"net_null1,no-rx=1\"}\n"                                        \
	"interfaces:\n"                                                                            \
	"  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n"                                    \
	"  - {name: tv20, port: in0, vlan: 20}\n"
#define LIMITS "limits: {queued_frames: 64, sources_per_filter: 300}\n"
#define FIRST                                                                                      \
	BASE LIMITS "outputs:\n"                                                                   \
		    "  - {name: a, port: out0}\n"                                                  \
		    "  - {name: b}\n"                                                              \
		    "  - {name: c}\n"                                                              \
		    "memberships:\n"                                                               \
		    "  - {interface: tv, group: 239.1.1.1, to: [a, b]}\n"                          \
		    "  - {interface: tv, group: 232.1.1.1, sources: [10.9.0.50], to: [a]}\n"       \
		    "  - {interface: tv20, group: \"ff1e::1\"}\n"
#define SECOND                                                                                     \
	BASE "limits: {queued_frames: 64, sources_per_filter: 200, groups: 5000}\n"                \
	     "protocol: {robustness: 3, ssm_ranges: [232.0.0.0/8, \"ff3e::/32\"]}\n"               \
	     "outputs:\n"                                                                          \
	     "  - {name: a, port: out0, vlan: 7}\n"                                                \
	     "  - {name: b}\n"                                                                     \
	     "  - {name: d}\n"                                                                     \
	     "memberships:\n"                                                                      \
	     "  - {interface: tv, group: 239.1.1.1, to: [a, b, d]}\n"                              \
	     "  - {interface: tv, group: 239.1.1.2, exclude: [10.9.0.7], to: [d]}\n"               \
	     "  - {interface: tv20, group: \"ff1e::2\", to: [b]}\n"

#define BUDGET 60 // runs of a short sweep
#define STEPS_MAX 64
#define MANY 250

static const struct config_bounds BOUNDS = {
	.lcores = RTE_MAX_LCORE, .queues = RTE_MAX_QUEUES_PER_PORT};

static struct event_base *base;
static struct config *first, *second;
static struct engine *engine;
static struct error why;
static char share_path[64];
static struct engine_session *anonymous;
static unsigned done; // of the step with many calls

// ---- Steps ------------------------------------------------------------------------------------

static int open_engine(void)
{
	engine = engine_open(first, base, &why);
	return engine != NULL ? 0 : -ENOMEM;
}

static void tell_nobody(void *arg, const struct engine_event *event)
{
	(void)arg;
	(void)event;
}

static int add_listener(void)
{
	return engine_event_listen(engine, tell_nobody, NULL);
}

static int open_session(const char *name)
{
	struct engine_session *session;

	return engine_session_open(engine, name, 0, &session, &why);
}

static int open_first(void)
{
	return open_session("first");
}

static int open_second(void)
{
	return open_session("second");
}

static int open_anonymous(void)
{
	return engine_session_open(engine, NULL, 5004, &anonymous, &why);
}

static struct sluice_addr address(const char *text)
{
	struct sluice_addr addr = {.family = AF_INET};

	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		return addr;
	addr.family = AF_INET6;
	cr_assert_eq(inet_pton(AF_INET6, text, addr.bytes), 1);
	return addr;
}

typedef int call_fn(
	struct engine *engine, const struct engine_request *request, struct error *error);

struct request {
	const char *session; // NULL: the one without a name
	const char *interface, *group;
	const char *sources; // "10.9.0.1 10.9.0.2"
	unsigned n_numbered; // this many more sources
	const char *outputs; // "abc"
	bool only_outputs;
	enum sluice_filter_mode mode;
};

static int call(call_fn *fn, const struct request *request)
{
	struct engine_output *outputs[4];
	struct sluice_addr sources[300];
	struct engine_request to = {
		.session = request->session != NULL ? engine_session_find(engine, request->session)
						    : anonymous,
		.interface = request->interface,
		.group = address(request->group),
		.filter = {.mode = request->mode, .sources = sources},
		.outputs = outputs,
		.only_outputs = request->only_outputs,
	};
	char words[128], *word, *rest = words;

	snprintf(words, sizeof(words), "%s", request->sources != NULL ? request->sources : "");
	while ((word = strtok_r(rest, " ", &rest)) != NULL)
		sources[to.filter.n_sources++] = address(word);
	for (unsigned i = 0; i < request->n_numbered; i++)
		sources[to.filter.n_sources++] = (struct sluice_addr){AF_INET, {10, 8, i >> 8, i}};
	for (const char *name = request->outputs; name != NULL && *name != '\0'; name++)
		outputs[to.n_outputs++] = engine_output_find(engine, (const char[]){*name, '\0'});
	return fn(engine, &to, &why);
}

#define CALL(name, fn, ...)                                                                        \
	static int name(void)                                                                      \
	{                                                                                          \
		return call(fn, &(struct request){__VA_ARGS__});                                   \
	}

CALL(join, engine_join, "first", "tv", "239.1.1.9")
CALL(join_again, engine_join, "first", "tv", "239.1.1.9")
CALL(join_to, engine_join, "second", "tv", "239.1.1.9", .outputs = "ab")
CALL(join_to_more, engine_join, "second", "tv", "239.1.1.9", .outputs = "bc")
CALL(join_sources, engine_join, "first", "tv", "232.1.1.1", "10.9.0.1 10.9.0.2 10.9.0.3",
	.outputs = "ab")
CALL(join_more_sources, engine_join, "first", "tv", "232.1.1.1", "10.9.0.5 10.9.0.4",
	.outputs = "c")
CALL(leave_sources, engine_leave, "first", "tv", "232.1.1.1", "10.9.0.1 10.9.0.4")
CALL(block, engine_block, "second", "tv", "239.1.1.9", "10.9.0.1 10.9.0.2")
CALL(block_more, engine_block, "second", "tv", "239.1.1.9", "10.9.0.3 10.9.0.4 10.9.0.5")
CALL(unblock, engine_unblock, "second", "tv", "239.1.1.9", "10.9.0.3 10.9.0.1")
CALL(include_many, engine_filter, "first", "tv", "239.1.1.10", .n_numbered = 200, .outputs = "abc",
	.mode = SLUICE_INCLUDE)
CALL(filter_to_fewer, engine_filter, "first", "tv", "239.1.1.10", .n_numbered = 290, .outputs = "b",
	.only_outputs = true, .mode = SLUICE_INCLUDE)
CALL(filter_to_more, engine_filter, "first", "tv", "239.1.1.10", .n_numbered = 295, .outputs = "ac",
	.only_outputs = true, .mode = SLUICE_EXCLUDE)
CALL(filter_to_none, engine_filter, "first", "tv", "239.1.1.10", "10.9.0.9", .only_outputs = true,
	.mode = SLUICE_EXCLUDE)
CALL(same_filter_to_more, engine_filter, "first", "tv", "239.1.1.10", "10.9.0.9", .outputs = "abc",
	.mode = SLUICE_EXCLUDE)
CALL(exclude_many, engine_filter, "second", "tv", "239.1.1.10", .n_numbered = 250,
	.mode = SLUICE_EXCLUDE)
CALL(join_ipv6, engine_join, "first", "tv20", "ff1e::5", .outputs = "b")
CALL(include_ipv6, engine_filter, "second", "tv20", "ff1e::5", "2001:db8::1 2001:db8::2",
	.mode = SLUICE_INCLUDE)
CALL(join_anonymous, engine_join, NULL, "tv", "239.1.1.9")
CALL(include_anonymous, engine_filter, NULL, "tv", "239.1.1.10", .n_numbered = 20,
	.mode = SLUICE_INCLUDE)
CALL(leave, engine_leave, "first", "tv", "239.1.1.9")
CALL(leave_again, engine_leave, "first", "tv", "239.1.1.9")
CALL(leave_ipv6, engine_leave, "first", "tv20", "ff1e::5")

static void publish(struct engine_session *session)
{
	while (!engine_session_publish_some(session))
		;
}

static int bind_session(void)
{
	engine_session_bind(anonymous, 5006);
	publish(anonymous);
	return 0;
}

static const struct engine_share_client client = {.uid = 0};

static int share(struct engine_session *session, bool existing)
{
	int rc = engine_session_share(session, share_path, existing, 16, &client, &why);

	if (rc == 0)
		publish(session);
	return rc;
}

static int share_anonymous(void)
{
	return share(anonymous, false);
}

static int share_second(void)
{
	return share(engine_session_find(engine, "second"), true);
}

static int settle(void)
{
	return engine_session_settle(anonymous);
}

// Goes on with the one that failed.
static int join_many(void)
{
	for (; done < MANY; done++) {
		char group[32];
		int rc;

		snprintf(group, sizeof(group), "239.7.%u.%u", done >> 8, done & 255);
		rc = call(engine_join, &(struct request){"second", "tv20", group});
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int tick(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	engine_tick(engine);
	return 0;
}

static int reload(const struct config *config)
{
	struct engine_report report = {.tell = NULL};
	struct engine_reload *reload = engine_reload_open(engine, config, &report, &why);

	if (reload == NULL)
		return -ENOMEM;
	while (!engine_reload_some(reload))
		;
	engine_reload_close(reload);
	return report.refused > 0 ? -ENOMEM : 0;
}

static int reload_second(void)
{
	return reload(second);
}

static int reload_first(void)
{
	return reload(first);
}

static int close_second(void)
{
	engine_session_close(engine_session_find(engine, "second"));
	return 0;
}

static int close_first_later(void)
{
	engine_session_close_later(engine_session_find(engine, "first"));
	return 0;
}

static int close_anonymous(void)
{
	engine_session_close(anonymous);
	return 0;
}

static const struct step {
	const char *name;
	int (*fn)(void);
	bool partly; // what can be done is done
} steps[] = {
#define STEP(fn)                                                                                   \
	{                                                                                          \
#fn, fn, false                                                                     \
	}
#define PART(fn)                                                                                   \
	{                                                                                          \
#fn, fn, true                                                                      \
	}
	STEP(add_listener),
	STEP(open_first),
	STEP(open_second),
	STEP(open_anonymous),
	STEP(join),
	STEP(join_again),
	STEP(join_to),
	STEP(join_to_more),
	STEP(join_sources),
	STEP(join_more_sources),
	STEP(leave_sources),
	STEP(block),
	STEP(block_more),
	STEP(unblock),
	STEP(tick),
	STEP(include_many),
	STEP(filter_to_fewer),
	STEP(filter_to_more),
	STEP(filter_to_none),
	STEP(same_filter_to_more),
	STEP(exclude_many),
	STEP(join_ipv6),
	STEP(include_ipv6),
	STEP(join_anonymous),
	STEP(include_anonymous),
	STEP(bind_session),
	STEP(share_anonymous),
	STEP(share_second),
	STEP(settle),
	PART(join_many),
	STEP(tick),
	PART(reload_second),
	PART(reload_first),
	STEP(leave),
	STEP(leave_again),
	STEP(leave_ipv6),
	STEP(close_first_later),
	STEP(tick),
	STEP(close_second),
	STEP(close_anonymous),
	STEP(tick),
};
static_assert(RTE_DIM(steps) <= STEPS_MAX, "too many steps");

// ---- Runs -------------------------------------------------------------------------------------

static uint64_t frames_sent(void)
{
	struct port_info info;
	uint64_t n = 0;

	for (struct port *port = engine_port_first(engine); port != NULL;
		port = engine_port_next(engine, port)) {
		port_info(port, &info);
		n += info.tx_packets;
	}
	return n;
}

static const char *describe(void)
{
	const char *text;

	injector_pause();
	text = audit_describe(engine);
	injector_resume();
	return text;
}

static void audit(void)
{
	injector_pause();
	audit_engine(engine);
	injector_resume();
}

// Takes the step, and takes it again if it fails for lack of memory.
static void take(const struct step *step)
{
	uint64_t sent = frames_sent();
	char *before;
	int rc;

	injector_pause();
	before = strdup(describe());
	injector_resume();
	done = 0;
	rc = step->fn();
	if (rc < 0) {
		cr_assert_eq(rc, -ENOMEM, "%s: %d, %s", step->name, rc, why.text);
		injector_disarm();
		if (!step->partly) {
			engine_flush(engine);
			cr_assert_str_eq(describe(), before, "%s", step->name);
			cr_assert_eq(frames_sent(), sent, "%s sent something", step->name);
		}
		audit();
		rc = step->fn();
		cr_assert_eq(rc, 0, "%s fails again: %d, %s", step->name, rc, why.text);
	}
	engine_flush(engine);
	free(before);
}

static void begin(void)
{
	int rc = open_engine();

	if (rc < 0) {
		injector_disarm();
		cr_assert_neq(why.text[0], '\0');
		cr_assert_eq(open_engine(), 0, "%s", why.text);
	}
	engine_flush(engine);
	injector_pause();
	audit_listen(engine);
	injector_resume();
}

// With the outcomes of a clean run; an empty one is filled in.
static void run(char *outcomes[STEPS_MAX])
{
	begin();
	for (unsigned i = 0; i < RTE_DIM(steps); i++) {
		take(&steps[i]);
		audit();
		injector_pause();
		if (outcomes[i] == NULL)
			outcomes[i] = strdup(describe());
		injector_resume();
		cr_assert_str_eq(describe(), outcomes[i], "%s: %sinstead of %s", steps[i].name,
			describe(), outcomes[i]);
	}
	engine_close(engine);
}

static void complain(void *arg, const char *line)
{
	(void)arg;
	cr_assert_fail("%s", line);
}

static void start(void)
{
	const char *args[] = {"test", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--lcores", "0@0,1@0", "--log-level", "critical"};

	cr_assert(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
	base = event_base_new();
	first = config_load_text("first", FIRST, strlen(FIRST), &BOUNDS, complain, NULL);
	second = config_load_text("second", SECOND, strlen(SECOND), &BOUNDS, complain, NULL);
	snprintf(share_path, sizeof(share_path), "/tmp/sluice-allocation-%d.sock", getpid());
}

static void sweep_all(enum sweep_mode mode)
{
	char *outcomes[STEPS_MAX] = {NULL};
	struct sweep sweep;

	start();
	run(outcomes); // what the first use of a library keeps is not counted
	injector_arm(UINT64_MAX / 2, 1);
	run(outcomes);
	injector_disarm();
	sweep = sweep_begin("engine", mode, injector_count(), BUDGET);
	while (sweep_next(&sweep, injector_failed())) {
		run(outcomes);
		injector_disarm();
	}
	for (unsigned i = 0; i < STEPS_MAX; i++)
		free(outcomes[i]);
	config_free(first);
	config_free(second);
	event_base_free(base);
	cr_assert_not(sweep_leaks());
	rte_eal_cleanup();
}

Test(engine_allocation, once, .description = "API-41: one allocation of an engine's life fails")
{
	sweep_all(SWEEP_ONCE);
}

Test(engine_allocation, from,
	.description = "API-41: all allocations fail, until a call has failed")
{
	sweep_all(SWEEP_FROM);
}
