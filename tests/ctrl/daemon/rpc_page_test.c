// SPDX-License-Identifier: BSD-3-Clause
// group.list returns pages while groups are joined and left.
#include <criterion/criterion.h>
#include <limits.h>
#include <unistd.h>

#include "rpc_fixture.h"

#define GROUPS 40 // on each of two interfaces, half of them IPv6

static int client;
static json_t *shown; // group and interface -> number of times that the pages list it

// A group that is never reported is removed as soon as it is left. The odd numbers are such groups,
// of IPv6.
static void change(const char *method, const char *interface, unsigned number)
{
	char params[128];
	json_t *result;

	snprintf(params, sizeof(params), "{\"group\":\"%s%u\",\"interface\":\"%s\"}",
		number % 2 ? "ff01::" : "239.1.1.", number, interface);
	result = rpc_fixture_call(client, method, params);
	cr_assert_null(json_object_get(result, "message"), "%s %s", method, params);
	json_decref(result);
}

static void open_client(void)
{
	rpc_fixture_open();
	client = rpc_fixture_connect();
	shown = json_object();
	for (unsigned i = 1; i <= GROUPS; i++) {
		change("group.join", "tv", i);
		change("group.join", "tv20", i);
	}
}

static void close_client(void)
{
	json_decref(shown);
	close(client);
	rpc_fixture_close();
}

TestSuite(page, .init = open_client, .fini = close_client, .timeout = 60);

static json_t *call_list(int asker, const char *more, unsigned limit, json_int_t after)
{
	char params[128];

	snprintf(params, sizeof(params), "{%s\"limit\":%u,\"after\":%" JSON_INTEGER_FORMAT "}",
		more, limit, after);
	return rpc_fixture_call(asker, "group.list", params);
}

// Requests the next page and counts its groups. Returns the page's `after`, 0 at the end.
static json_int_t turn(const char *more, unsigned limit, json_int_t after)
{
	json_t *page = call_list(client, more, limit, after), *group;
	json_t *groups = json_object_get(page, "groups");
	json_int_t next = json_integer_value(json_object_get(page, "after"));
	size_t i;

	cr_assert(json_is_array(groups));
	cr_assert(limit == 0 || json_array_size(groups) <= limit);
	cr_assert(next == 0 || next != after, "each page ends with another number");
	json_array_foreach (groups, i, group) {
		json_t *key =
			json_sprintf("%s %s", json_string_value(json_object_get(group, "group")),
				json_string_value(json_object_get(group, "interface")));
		const char *text = json_string_value(key);

		json_object_set_new(shown, text,
			json_integer(json_integer_value(json_object_get(shown, text)) + 1));
		json_decref(key);
	}
	json_decref(page);
	return next;
}

static void turn_all(const char *more, unsigned limit, json_int_t after)
{
	do
		after = turn(more, limit, after);
	while (after);
}

static unsigned times_shown(const char *group)
{
	return json_integer_value(json_object_get(shown, group));
}

static void expect_once_each(size_t n)
{
	const char *group;
	json_t *times;

	cr_expect_eq(json_object_size(shown), n, "%zu groups", json_object_size(shown));
	json_object_foreach (shown, group, times)
		cr_expect_eq(json_integer_value(times), 1, "%s", group);
}

static void is_refused(int asker, json_int_t after)
{
	json_t *error = call_list(asker, "", 5, after);

	cr_expect_eq(json_integer_value(json_object_get(error, "code")), -32602);
	json_decref(error);
}

Test(page, tell_what_one_list_does)
{
	static const unsigned limits[] = {1, 7, GROUPS, 2 * GROUPS, 1000, UINT_MAX};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		turn_all("", limits[i], 0);
		expect_once_each(2 * GROUPS);
		json_object_clear(shown);
		turn_all("\"interface\":\"tv20\",", limits[i], 0);
		expect_once_each(GROUPS);
		json_object_clear(shown);
	}
	cr_expect_eq(turn("", 2 * GROUPS, 0), 0, "a full page may be the last");
}

Test(page, without_limit_the_rest)
{
	turn("", 0, turn("", 3, 0));
	expect_once_each(2 * GROUPS);
}

Test(page, groups_come_and_go)
{
	json_int_t after = turn("", 1, 0);

	for (unsigned i = 1; i < GROUPS; i += 2)
		change("group.leave", "tv20", i);
	for (unsigned i = 1; i <= 10; i++)
		change("group.join", "tv", GROUPS + i);
	turn_all("", 9, after);
	expect_once_each(2 * GROUPS - GROUPS / 2);
	cr_expect_eq(times_shown("ff01::39 tv"), 1);
	cr_expect_eq(times_shown("ff01::39 tv20"), 0);
	cr_expect_eq(times_shown("ff01::49 tv"), 0);
	json_object_clear(shown);
	turn_all("", 9, 0);
	expect_once_each(2 * GROUPS - GROUPS / 2 + 10);
	cr_expect_eq(times_shown("ff01::49 tv"), 1);
}

Test(page, bad_cursors, .description = "promise 8: pages can only be requested in order")
{
	int other = rpc_fixture_connect();
	json_int_t first, second;

	is_refused(client, 1);
	first = turn("", 5, 0);
	is_refused(client, first + 1);
	is_refused(client, -1);
	is_refused(other, first);
	second = turn("", 5, first);
	is_refused(client, first);
	// None of them ended the list.
	turn_all("", 0, second);
	expect_once_each(2 * GROUPS);
	is_refused(client, second);
	close(other);
}

Test(page, another_list_begins_anew)
{
	json_int_t after = turn("", 5, 0);

	json_object_clear(shown);
	turn_all("", 5, turn("", 5, 0));
	expect_once_each(2 * GROUPS);
	is_refused(client, after);
}

Test(page, a_whole_list_in_between)
{
	json_int_t after = turn("", 5, 0);

	json_decref(rpc_fixture_call(client, "group.list", "{}"));
	turn_all("", 5, after);
	expect_once_each(2 * GROUPS);
}
