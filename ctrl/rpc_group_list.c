// SPDX-License-Identifier: BSD-3-Clause
// group.list: the interface state of each group, and what came of it.
#include <errno.h>
#include <stdlib.h>

#include "rpc_private.h"

static const char *const state_names[] = {
	[HOST_GROUP_PENDING] = "pending",
	[HOST_GROUP_JOINED] = "joined",
	[HOST_GROUP_LEAVING] = "leaving",
};

struct walk {
	struct rpc_call *call;
	struct engine_interface *interface;
	struct host *host;
	uint64_t now_ms;
};

static json_t *sources_of(const struct host *host, const struct host_group_info *info)
{
	struct sluice_addr *sources = calloc(info->n_sources + 1, sizeof(*sources));
	struct host_group_info again;
	json_t *list = NULL;

	if (sources && host_group_get(host, &info->group, &again, sources, info->n_sources) == 0)
		list = rpc_addresses(sources, info->n_sources);
	free(sources);
	return list;
}

// Outputs of several sessions' memberships are listed once.
static void add_output(json_t *list, const struct engine_output *output)
{
	const char *name = engine_output_name(output);
	const json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry)
		if (strcmp(json_string_value(entry), name) == 0)
			return;
	json_array_append_new(list, json_string(name));
}

static json_t *outputs_of(const struct walk *walk, const struct host_group_info *info)
{
	struct engine_session *session = engine_session_first(walk->call->engine);
	unsigned left = info->n_members;
	json_t *list = json_array();

	for (; session && left > 0; session = engine_session_next(session)) {
		const struct member *member =
			member_find(engine_session_memberships(session), walk->host, &info->group);
		struct engine_output *const *outputs;
		unsigned n = member ? engine_member_outputs(member, &outputs) : 0;

		if (member)
			left--;
		for (unsigned i = 0; i < n; i++)
			add_output(list, outputs[i]);
	}
	return list;
}

static bool add_group(void *arg, const struct host_group_info *info)
{
	const struct walk *walk = arg;
	struct group_stats stats = {0};
	json_t *seen = json_null();

	interface_group_stats(engine_interface_dataplane(walk->interface), &info->group, &stats);
	if (stats.last_ms)
		seen = json_integer(
			walk->now_ms > stats.last_ms ? walk->now_ms - stats.last_ms : 0);
	rpc_list_add(walk->call,
		json_pack("{s:s, s:o, s:s, s:o, s:s, s:i, s:I, s:I, s:I, s:o, s:o}", "interface",
			engine_interface_name(walk->interface), "group", rpc_address(&info->group),
			"mode", info->mode == SLUICE_INCLUDE ? "include" : "exclude", "sources",
			sources_of(walk->host, info), "state", state_names[info->state], "members",
			info->n_members, "packets", (json_int_t)stats.packets, "bytes",
			(json_int_t)stats.bytes, "filtered", (json_int_t)stats.filtered,
			"last_seen_ms", seen, "outputs", outputs_of(walk, info)));
	return true;
}

static void add_groups(struct rpc_call *call, struct engine_interface *interface)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (unsigned i = 0; i < 2; i++) {
		struct walk walk = {
			.call = call,
			.interface = interface,
			.host = engine_interface_host(interface, families[i]),
			.now_ms = engine_now_ms(),
		};

		host_group_foreach(walk.host, add_group, &walk);
	}
}

int rpc_group_list(struct rpc_call *call)
{
	struct engine_interface *only, *interface;
	int rc = rpc_param_interface(call, "interface", &only);

	if (rc < 0)
		return rc;
	rpc_list_begin(call, "groups");
	interface = engine_interface_first(call->engine);
	for (; interface; interface = engine_interface_next(interface))
		if (!only || interface == only)
			add_groups(call, interface);
	rpc_list_end(call);
	return 0;
}
