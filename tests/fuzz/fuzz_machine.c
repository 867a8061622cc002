// SPDX-License-Identifier: BSD-3-Clause
// The host under calls, queries, time and faults, compared with a naive model of the filters of the
// sessions: every call returns what the model says, and the state of every group is the merge of
// its filters.
#include "input.h"

#include <errno.h>
#include <router_frame.h>
#include <model.h>
#include <scenario.h>
#include "fuzz_host.h"

#define MEMORY_MAX (4 << 20)
#define SETTLE_MS 600000

enum action {
	ACTION_CALL,
	ACTION_MORE_CALLS, // so that most bytes are calls
	ACTION_RUN,
	ACTION_QUERY,
	ACTION_FOREIGN_REPORT,
	ACTION_LINK,
	ACTION_FULL_PORT,
	ACTION_ADDRESS,
	ACTIONS,
};

struct machine {
	struct fuzz_host fuzz;
	struct session *sessions[SCRIPT_SESSIONS];
	struct model model;
};

static void open_session(struct machine *m, unsigned i)
{
	static const struct session_limits limits = {.groups = SCRIPT_GROUPS, .sources = 64};

	m->sessions[i] = session_open(&limits, NULL);
	REQUIRE(m->sessions[i]);
}

static bool takes_one_source(enum event_type type)
{
	return type >= EVENT_JOIN_SOURCE && type <= EVENT_UNBLOCK;
}

static void call(struct machine *m, struct input *input)
{
	unsigned who = input_u8(input);
	struct event event = {
		.type = input_u8(input) % (EVENT_CLOSE + 1),
		.session = who % SCRIPT_SESSIONS,
		.group = who / SCRIPT_SESSIONS % (SCRIPT_BULK + 4),
		.sources = input_u8(input) % (1 << SCRIPT_SOURCES),
	};

	if (takes_one_source(event.type))
		event.sources = 1u << event.sources % SCRIPT_SOURCES;
	int expected = model_call(&m->model, &event);
	if (event.type == EVENT_CLOSE) {
		session_close(m->sessions[event.session]);
		open_session(m, event.session);
	} else {
		REQUIRE(event_call(m->sessions[event.session], m->fuzz.host, &event) == expected);
	}
	if (who & 128)
		host_flush(m->fuzz.host, m->fuzz.now_ms);
}

static void router_address(int family, struct sluice_addr *addr)
{
	if (family == AF_INET)
		*addr = (struct sluice_addr){AF_INET, {192, 0, 2, 254}};
	else
		*addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 0x99}};
}

static void hear_query(struct machine *m, struct input *input)
{
	int family = host_family(m->fuzz.host);
	unsigned what = input_u8(input), set = input_u8(input);
	struct sluice_addr sources[SCRIPT_SOURCES];
	struct frame_query query = {
		.version = 1 + what % 3,
		.sources = sources,
		.max_response_ms = input_u8(input) * 100,
		.interval_s = set,
		.robustness = what >> 4 & 7,
	};
	uint8_t packet[FRAME_PACKET_MAX];

	if (family == AF_INET6 && query.version == 1)
		query.version = 2;
	router_address(family, &query.src);
	if (what & 128) {
		script_group(family, set % SCRIPT_BULK, &query.group);
		for (unsigned s = 0; s < SCRIPT_SOURCES; s++)
			if (set >> s & 1)
				script_source(family, s, &sources[query.n_sources++]);
	}
	host_input(m->fuzz.host, packet, router_frame_write_query(packet, &query), m->fuzz.now_ms);
}

static void hear_report(struct machine *m, struct input *input)
{
	struct sluice_addr src, group;
	unsigned what = input_u8(input);
	uint8_t packet[FRAME_PACKET_MAX];

	router_address(host_family(m->fuzz.host), &src);
	script_group(host_family(m->fuzz.host), what % SCRIPT_BULK, &group);
	host_input(m->fuzz.host, packet,
		router_frame_write_report(packet, 1 + (what >> 7), &src, &group), m->fuzz.now_ms);
}

static void set_address(struct machine *m, struct input *input)
{
	unsigned what = input_u8(input);
	struct host_address address = {.prefix_length = 24};

	if (host_family(m->fuzz.host) == AF_INET)
		address.addr = (struct sluice_addr){AF_INET, {192, 0, 2, 1 + what % 8}};
	else
		address.addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 1 + what % 8}};
	REQUIRE(host_set_addresses(m->fuzz.host, &address, what >> 7, m->fuzz.now_ms) == 0);
}

static void act(struct machine *m, struct input *input)
{
	switch ((enum action)(input_u8(input) % ACTIONS)) {
	case ACTION_CALL:
	case ACTION_MORE_CALLS:
		call(m, input);
		break;
	case ACTION_RUN:
		host_flush(m->fuzz.host, m->fuzz.now_ms);
		fuzz_host_run(&m->fuzz, input_u16(input) * 4);
		break;
	case ACTION_QUERY:
		hear_query(m, input);
		break;
	case ACTION_FOREIGN_REPORT:
		hear_report(m, input);
		break;
	case ACTION_LINK:
		host_set_link(m->fuzz.host, input_u8(input) & 1, m->fuzz.now_ms);
		break;
	case ACTION_FULL_PORT:
		m->fuzz.full_port = input_u8(input) % 16;
		break;
	case ACTION_ADDRESS:
		set_address(m, input);
		break;
	case ACTIONS:
		break;
	}
}

// STA-4, STA-5: the group of the host equals the merge of the filters of all sessions.
static bool check_group(const struct machine *m, unsigned i)
{
	struct sluice_addr group, sources[SCRIPT_SOURCES];
	struct host_group_info info;
	uint32_t named = 0;

	script_group(host_family(m->fuzz.host), i, &group);
	int error = host_group_get(m->fuzz.host, &group, &info, sources, SCRIPT_SOURCES);
	if (!model_joined(&m->model, i)) {
		REQUIRE(error == -ENOENT || info.state == HOST_GROUP_LEAVING);
		return false;
	}
	REQUIRE(error == 0 && info.state != HOST_GROUP_LEAVING);
	REQUIRE(info.n_sources <= SCRIPT_SOURCES);
	for (unsigned s = 0; s < info.n_sources; s++)
		named |= 1u << script_find_source(&sources[s]);

	REQUIRE(model_wanted(&m->model, i) ==
		(info.mode == SLUICE_EXCLUDE ? ROUTER_ALL & ~named : named));
	return true;
}

static void check(const struct machine *m)
{
	struct host_status status;
	unsigned groups = 0;

	for (unsigned i = 0; i < SCRIPT_BULK + 4; i++)
		groups += check_group(m, i);
	host_status(m->fuzz.host, &status);
	REQUIRE(status.n_groups == groups && status.memory <= MEMORY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input input = {bytes, len};
	int family = input_u8(&input) & 1 ? AF_INET6 : AF_INET;
	struct host_status status;
	struct machine m = {0};

	fuzz_host_open(&m.fuzz, family, input_u8(&input));
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		open_session(&m, i);
	while (input.left) {
		act(&m, &input);
		check(&m);
	}

	// At the end all groups are left and the host becomes idle.
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		session_close(m.sessions[i]);
	m.fuzz.full_port = 0;
	host_set_link(m.fuzz.host, true, m.fuzz.now_ms);
	host_flush(m.fuzz.host, m.fuzz.now_ms);
	fuzz_host_run(&m.fuzz, SETTLE_MS);
	host_status(m.fuzz.host, &status);
	REQUIRE(!host_busy(m.fuzz.host) && !status.n_groups && !status.n_leaving);
	host_close(m.fuzz.host);
	return 0;
}
