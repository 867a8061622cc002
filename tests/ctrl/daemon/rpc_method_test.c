// SPDX-License-Identifier: BSD-3-Clause
// The effects of the methods of the control socket, as its lists show them.
#include <criterion/criterion.h>
#include <unistd.h>

#include "rpc_fixture.h"

static int client;

static void open_client(void)
{
	rpc_fixture_open();
	client = rpc_fixture_connect();
}

static void close_client(void)
{
	close(client);
	rpc_fixture_close();
}

TestSuite(method, .init = open_client, .fini = close_client, .timeout = 60);

static void succeeds(const char *method, const char *params)
{
	json_t *result = rpc_fixture_call(client, method, params);
	const char *message = json_string_value(json_object_get(result, "message"));

	cr_assert_null(message, "%s %s: %s", method, params, message);
	json_decref(result);
}

static void fails(const char *method, const char *params, const char *name)
{
	json_t *error = rpc_fixture_call(client, method, params);
	const json_t *data = json_object_get(error, "data");

	cr_assert_not_null(data, "%s %s is accepted", method, params);
	cr_assert_str_eq(json_string_value(json_object_get(data, "errno")), name);
	json_decref(error);
}

static void leaves(const char *params, int joins_left)
{
	json_t *result = rpc_fixture_call(client, "group.leave", params);
	const json_t *joins = json_object_get(result, "joins");

	cr_assert(json_is_integer(joins), "group.leave %s", params);
	cr_assert_eq(json_integer_value(joins), joins_left, "group.leave %s", params);
	json_decref(result);
}

static json_t *list_of(const char *method, const char *name)
{
	json_t *result = rpc_fixture_call(client, method, "{}");
	json_t *list = json_incref(json_object_get(result, name));

	cr_assert(json_is_array(list), "%s", method);
	json_decref(result);
	return list;
}

// The list as text, for comparisons. Static: one at a time.
static const char *text_of(const char *method, const char *name)
{
	static char text[8192];
	json_t *list = list_of(method, name);
	size_t len = json_dumpb(list, text, sizeof(text) - 1, JSON_COMPACT);

	cr_assert_lt(len, sizeof(text));
	text[len] = '\0';
	json_decref(list);
	return text;
}

static void expect_groups(const char *expected)
{
	cr_assert_str_eq(text_of("group.list", "groups"), expected);
}

// The session of the configuration is the first one.
// The statistics of a session that receives no frames.
#define NO_FRAMES "\"packets\":null,\"bytes\":null,\"dropped\":null,"
#define CONFIG_SESSION                                                                             \
	"{\"id\":1,\"name\":\"config\",\"user\":null,\"udp_port\":0," NO_FRAMES                    \
	"\"memberships\":[]}"

#define GROUP(interface, group, mode, sources, state, members, outputs)                            \
	"{\"interface\":\"" interface "\",\"group\":\"" group "\",\"mode\":\"" mode                \
	"\",\"sources\":[" sources "],\"state\":\"" state "\",\"members\":" members                \
	",\"packets\":0,\"bytes\":0,\"filtered\":0,\"last_seen_ms\":null,\"outputs\":[" outputs    \
	"]}"

Test(method, join_and_leave,
	.description = "API-10 API-12: joins are counted, the last leave ends the membership")
{
	static const char params[] = "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}";

	succeeds("group.join", params);
	succeeds("group.join", params);
	expect_groups("[" GROUP("tv", "239.1.1.1", "exclude", "", "joined", "1", "") "]");
	leaves(params, 1);
	expect_groups("[" GROUP("tv", "239.1.1.1", "exclude", "", "joined", "1", "") "]");
	leaves(params, 0);
	expect_groups("[" GROUP("tv", "239.1.1.1", "include", "", "leaving", "0", "") "]");
	fails("group.leave", params, "EADDRNOTAVAIL");
}

Test(method, joins_and_filters,
	.description = "API-13 API-28: a leave undoes one join, whatever filter was set in between")
{
	static const char params[] = "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}";

	succeeds("group.join", params);
	succeeds("group.join", params);
	succeeds("group.block", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\","
				"\"sources\":[\"10.0.0.1\"]}");
	succeeds("group.leave", params);
	expect_groups(
		"[" GROUP("tv", "239.1.1.1", "exclude", "\"10.0.0.1\"", "joined", "1", "") "]");
	succeeds("group.filter", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\","
				 "\"mode\":\"include\",\"sources\":[\"10.0.0.2\"]}");
	succeeds("group.leave", params);
	fails("group.leave", params, "EADDRNOTAVAIL");
}

Test(method, sources,
	.description = "API-14 API-15 API-19: either all sources of a call are applied or none")
{
	succeeds("group.join", "{\"group\":\"232.1.1.1\",\"interface\":\"tv\","
			       "\"sources\":[\"10.0.0.2\",\"10.0.0.1\"],\"to\":[\"a\"]}");
	fails("group.join",
		"{\"group\":\"232.1.1.1\",\"interface\":\"tv\","
		"\"sources\":[\"10.0.0.3\",\"10.0.0.1\"]}",
		"EADDRNOTAVAIL");
	expect_groups("[" GROUP("tv", "232.1.1.1", "include", "\"10.0.0.1\",\"10.0.0.2\"", "joined",
		"1", "\"a\"") "]");
	succeeds("group.leave",
		"{\"group\":\"232.1.1.1\",\"interface\":\"tv\",\"sources\":[\"10.0.0.2\"]}");
	expect_groups("[" GROUP(
		"tv", "232.1.1.1", "include", "\"10.0.0.1\"", "joined", "1", "\"a\"") "]");
	fails("group.join", "{\"group\":\"232.1.1.2\",\"interface\":\"tv\"}", "EINVAL");
}

Test(method, block_and_filter,
	.description = "API-23 API-24 API-28: the filter of one membership changes")
{
	succeeds("group.join", "{\"group\":\"ff15::1\",\"interface\":\"tv20\",\"session\":\"s\"}");
	succeeds("group.block", "{\"group\":\"ff15::1\",\"interface\":\"tv20\",\"session\":\"s\","
				"\"sources\":[\"2001:db8::1\"]}");
	expect_groups(
		"[" GROUP("tv20", "ff15::1", "exclude", "\"2001:db8::1\"", "joined", "1", "") "]");
	succeeds("group.unblock", "{\"group\":\"ff15::1\",\"interface\":\"tv20\",\"session\":\"s\","
				  "\"sources\":[\"2001:db8::1\"]}");
	succeeds("group.filter", "{\"group\":\"ff15::1\",\"interface\":\"tv20\",\"session\":\"s\","
				 "\"mode\":\"include\","
				 "\"sources\":[\"2001:db8::2\"],\"to\":[\"b\"]}");
	expect_groups("[" GROUP(
		"tv20", "ff15::1", "include", "\"2001:db8::2\"", "joined", "1", "\"b\"") "]");
}

Test(method, failed_calls_change_nothing, .description = "promise 2 API-41")
{
	static const char *const failing[][2] = {
		{"group.join", "{\"group\":\"239.1.1.1\"}"},
		{"group.join", "{\"group\":\"239.1.1.1\",\"interface\":\"x\",\"session\":\"new\"}"},
		{"group.join", "{\"group\":\"10.0.0.1\",\"interface\":\"tv\",\"session\":\"new\"}"},
		{"group.leave",
			"{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"session\":\"new\"}"},
		{"group.leave", "{\"group\":\"239.9.9.9\",\"interface\":\"tv\",\"sources\":[\"10.0."
				"0.1\"]}"},
		{"group.block", "{\"group\":\"232.1.1.1\",\"interface\":\"tv\",\"sources\":[\"10.0."
				"0.1\"]}"},
		{"group.unblock", "{\"group\":\"239.9.9.9\",\"interface\":\"tv\",\"sources\":[\"10."
				  "0.0.1\"]}"},
		{"group.filter",
			"{\"group\":\"239.9.9.9\",\"interface\":\"tv\",\"mode\":\"include\","
			"\"sources\":[\"::1\"]}"},
		{"group.join",
			"{\"group\":\"239.9.9.9\",\"interface\":\"tv\",\"to\":[\"a\",\"x\"]}"},
		{"session.open", "{\"name\":\"cli\",\"udp_port\":5000}"},
	};
	char before[8192];

	succeeds("group.join", "{\"group\":\"239.9.9.9\",\"interface\":\"tv\"}");
	succeeds("group.join",
		"{\"group\":\"232.1.1.1\",\"interface\":\"tv\",\"sources\":[\"10.0.0.1\"]}");
	strcpy(before, text_of("session.list", "sessions"));
	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		json_t *error = rpc_fixture_call(client, failing[i][0], failing[i][1]);

		cr_expect_not_null(json_object_get(error, "data"), "%s %s is accepted",
			failing[i][0], failing[i][1]);
		json_decref(error);
		cr_expect_str_eq(text_of("session.list", "sessions"), before);
	}
}

Test(method, outputs_add_up)
{
	succeeds("group.join", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"to\":[\"a\"]}");
	succeeds("group.join",
		"{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"to\":[\"b\"],\"session\":\"s\"}");
	succeeds("group.join",
		"{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"to\":[\"a\"],\"session\":\"s\"}");
	expect_groups(
		"[" GROUP("tv", "239.1.1.1", "exclude", "", "joined", "2", "\"a\",\"b\"") "]");
	cr_assert_str_eq(text_of("session.list", "sessions"),
		"[" CONFIG_SESSION
		",{\"id\":2,\"name\":\"cli\",\"user\":null,\"udp_port\":0," NO_FRAMES
		"\"memberships\":["
		"{\"interface\":\"tv\",\"group\":\"239.1.1.1\",\"mode\":\"exclude\",\"sources\":[],"
		"\"joins\":1,\"state\":\"joined\",\"to\":[\"a\"]}]},"
		"{\"id\":3,\"name\":\"s\",\"user\":null,\"udp_port\":0," NO_FRAMES
		"\"memberships\":["
		"{\"interface\":\"tv\",\"group\":\"239.1.1.1\",\"mode\":\"exclude\",\"sources\":[],"
		"\"joins\":2,\"state\":\"joined\",\"to\":[\"b\",\"a\"]}]}]");
}

Test(method, connected_session_ends_with_its_connection,
	.description = "promise 4 API-42: closing a session leaves all its groups")
{
	int other = rpc_fixture_connect();
	json_t *opened = rpc_fixture_call(other, "session.open", "{\"udp_port\":5000}");

	cr_assert(json_is_null(json_object_get(opened, "name")));
	cr_assert_eq(json_integer_value(json_object_get(opened, "session")), 2);
	json_decref(opened);
	succeeds("group.join", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"session\":2}");
	close(other);
	rpc_fixture_turn();
	cr_assert_str_eq(text_of("session.list", "sessions"), "[" CONFIG_SESSION "]");
	expect_groups("[" GROUP("tv", "239.1.1.1", "include", "", "leaving", "0", "") "]");
}

Test(method, named_session_outlives_its_connection,
	.description = "promise 4: a named session lives until it is closed")
{
	int other = rpc_fixture_connect();

	json_decref(rpc_fixture_call(other, "session.open", "{\"name\":\"s\",\"udp_port\":5000}"));
	json_decref(rpc_fixture_call(other, "group.join",
		"{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"session\":\"s\"}"));
	close(other);
	rpc_fixture_turn();
	expect_groups("[" GROUP("tv", "239.1.1.1", "exclude", "", "joined", "1", "") "]");
	succeeds("session.close", "{\"session\":\"s\"}");
	expect_groups("[" GROUP("tv", "239.1.1.1", "include", "", "leaving", "0", "") "]");
}

static void expect_event(int subscriber, const char *event, const char *session)
{
	json_t *message = rpc_fixture_receive(subscriber);
	const json_t *params = json_object_get(message, "params");

	cr_assert_null(json_object_get(message, "id"));
	cr_assert_str_eq(json_string_value(json_object_get(message, "method")), "event");
	cr_assert_str_eq(json_string_value(json_object_get(params, "event")), event);
	cr_assert_str_eq(json_string_value(json_object_get(params, "interface")), "tv");
	cr_assert_str_eq(json_string_value(json_object_get(params, "group")), "239.1.1.1");
	cr_assert_str_eq(json_string_value(json_object_get(params, "session")), session);
	json_decref(message);
}

Test(method, events)
{
	int subscriber = rpc_fixture_connect();

	json_decref(rpc_fixture_call(subscriber, "event.subscribe", "{}"));
	succeeds("group.join", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}");
	succeeds("group.leave", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}");
	expect_event(subscriber, "pending", "cli");
	expect_event(subscriber, "joined", "cli");
	expect_event(subscriber, "left", "cli");
	close(subscriber);
}

Test(method, limits, .description = "API-30 API-38 SEC-6: a call beyond a limit fails")
{
	char params[128];

	for (unsigned i = 1; i <= 100; i++) {
		snprintf(params, sizeof(params), "{\"group\":\"239.1.1.%u\",\"interface\":\"tv\"}",
			i);
		succeeds("group.join", params);
	}
	fails("group.join", "{\"group\":\"239.1.1.101\",\"interface\":\"tv\"}", "ENOBUFS");
}

static const struct {
	const char *method, *name;
	unsigned entries;
	const char *keys; // of the first entry
} lists[] = {
	{"interface.list", "interfaces", 2,
		"name index port vlan inner_vlan addresses configured mac groups igmp_version "
		"mld_version rx_queries rx_reports tx_reports tx_leaves tx_records"},
	{"port.list", "ports", 2,
		"name device driver mac mtu up removed receive_mode receive_mode_reason "
		"multicast_macs rx_queues tx_queues rx_packets rx_bytes rx_missed rx_errors "
		"tx_packets tx_bytes tx_errors"},
	{"output.list", "outputs", 2, "name packets bytes dropped"},
	{"worker.list", "workers", 1,
		"lcore queues stalled_ms rx_packets rx_bytes delivered deliveries punted polls "
		"idle_polls "
		"drops"},
	{"querier.list", "queriers", 4,
		"interface family address version age_ms interval_ms robustness host_version "
		"compat_left_ms queries reports"},
};

Test(method, lists)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		json_t *list = list_of(lists[i].method, lists[i].name), *value;
		char keys[512] = "";
		const char *key;

		cr_expect_eq(json_array_size(list), lists[i].entries, "%s", lists[i].method);
		json_object_foreach (json_array_get(list, 0), key, value) {
			strcat(keys, keys[0] ? " " : "");
			strcat(keys, key);
		}
		cr_expect_str_eq(keys, lists[i].keys);
		json_decref(list);
	}
}

static void expect_macs(int expected)
{
	json_t *list = list_of("port.list", "ports");
	const json_t *port = json_array_get(list, 0);

	cr_expect_eq(json_integer_value(json_object_get(port, "multicast_macs")), expected);
	json_decref(list);
}

Test(method, macs,
	.description =
		"FRM-13 FRM-9: a port's filter has the addresses of all systems and of groups")
{
	expect_macs(2);
	succeeds("group.join", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}");
	expect_macs(3);
	succeeds("group.join", "{\"group\":\"224.129.1.1\",\"interface\":\"tv20\"}");
	expect_macs(3);
	succeeds("group.join", "{\"group\":\"ff1e::1:1\",\"interface\":\"tv20\"}");
	expect_macs(4);
	succeeds("group.leave", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}");
	expect_macs(4);
	succeeds("group.leave", "{\"group\":\"224.129.1.1\",\"interface\":\"tv20\"}");
	expect_macs(3);
}

Test(method, drops)
{
	json_t *list = list_of("drop.list", "drops");
	unsigned dataplane = 0, hosts = 0;
	const json_t *drop;
	size_t i;

	json_array_foreach (list, i, drop) {
		const char *reason = json_string_value(json_object_get(drop, "reason"));

		cr_expect(json_is_integer(json_object_get(drop, "count")));
		cr_expect_str_neq(reason, "rx_query");
		cr_expect_str_neq(reason, "tx_report");
		if (json_is_null(json_object_get(drop, "interface")))
			dataplane++;
		else
			hosts++;
	}
	cr_expect_gt(dataplane, 0);
	cr_expect_eq(hosts % 4, 0, "each interface and family has the same counters");
	cr_expect_gt(hosts, 0);
	json_decref(list);
}
