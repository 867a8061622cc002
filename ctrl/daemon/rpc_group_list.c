// SPDX-License-Identifier: BSD-3-Clause
// group.list: the interface state of each group, and what came of it. All at once, which takes
// seconds with a million groups, or in pages. For those the connection notes which groups there are
// when the first is asked for, so that none is told twice and none that stays is missed, whatever
// is joined and left between two pages.
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "rpc_private.h"

static const char *const state_names[] = {
	[HOST_GROUP_PENDING] = "pending",
	[HOST_GROUP_JOINED] = "joined",
	[HOST_GROUP_LEAVING] = "leaving",
};

struct rpc_listed {
	struct host *host;
	struct sluice_addr group;
};

struct walk {
	struct rpc_call *call;
	struct host *host;
};

static json_t *sources_of(const struct host *host, const struct host_group_info *info)
{
	struct sluice_addr *sources = calloc(info->n_sources + 1, sizeof(*sources));
	struct host_group_info again;
	json_t *list = NULL;

	if (sources && host_group_get(host, &info->group, &again, sources, info->n_sources) == 0)
		list = rpc_result_addresses(sources, info->n_sources);
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
	struct engine_interface *interface = engine_host_interface(walk->host);
	struct sluice_group_stats stats;
	json_t *entry;

	engine_group_stats(interface, &info->group, &stats);
	entry = json_pack("{s:s, s:o, s:s, s:o, s:s, s:i}", "interface",
		engine_interface_name(interface), "group", rpc_result_address(&info->group), "mode",
		info->mode == SLUICE_INCLUDE ? "include" : "exclude", "sources",
		sources_of(walk->host, info), "state", state_names[info->state], "members",
		info->n_members);
	rpc_result_statistics(walk->call, entry, stat_group, &stats);
	json_object_set_new(entry, "outputs", outputs_of(walk, info));
	rpc_result_list_add(walk->call, entry);
	return true;
}

static void add_groups(struct walk *walk)
{
	host_group_foreach(walk->host, add_group, walk);
}

static void count_groups(struct walk *walk)
{
	struct host_status status;

	host_status(walk->host, &status);
	walk->call->connection->listing.room += status.n_groups + status.n_leaving;
}

static bool note_group(void *arg, const struct host_group_info *info)
{
	const struct walk *walk = arg;
	struct rpc_listing *listing = &walk->call->connection->listing;

	assert(listing->n < listing->room);
	listing->entries[listing->n++] = (struct rpc_listed){walk->host, info->group};
	return true;
}

static void note_groups(struct walk *walk)
{
	host_group_foreach(walk->host, note_group, walk);
}

static void foreach_host(
	struct rpc_call *call, const struct engine_interface *only, void (*fn)(struct walk *walk))
{
	static const int families[] = {AF_INET, AF_INET6};
	struct engine_interface *interface = engine_interface_first(call->engine);

	for (; interface; interface = engine_interface_next(interface)) {
		for (unsigned i = 0; i < 2 && (!only || interface == only); i++) {
			struct walk walk = {
				.call = call,
				.host = engine_interface_host(interface, families[i]),
			};

			fn(&walk);
		}
	}
}

static int listing_begin(struct rpc_call *call, const struct engine_interface *only)
{
	struct rpc_listing *listing = &call->connection->listing;

	rpc_group_list_end(listing);
	foreach_host(call, only, count_groups);
	listing->entries = calloc(listing->room + 1, sizeof(*listing->entries));
	if (!listing->entries)
		return error_set(&call->error, ENOMEM, "out of memory");
	foreach_host(call, only, note_groups);
	return 0;
}

void rpc_group_list_end(struct rpc_listing *listing)
{
	free(listing->entries);
	*listing = (struct rpc_listing){.cursor = listing->cursor};
}

// The next so many of those noted, all that are left if limit is 0. A group that was left since is
// left out.
static void add_page(struct rpc_call *call, unsigned limit)
{
	struct rpc_listing *listing = &call->connection->listing;
	size_t left = listing->n - listing->next;
	size_t end = limit && limit < left ? listing->next + limit : listing->n;
	struct walk walk = {.call = call};

	for (; listing->next < end; listing->next++) {
		const struct rpc_listed *listed = &listing->entries[listing->next];
		struct host_group_info info;

		walk.host = listed->host;
		if (host_group_get(listed->host, &listed->group, &info, NULL, 0) == 0)
			add_group(&walk, &info);
	}
	if (listing->next < listing->n && !call->out_of_memory) {
		evbuffer_add_printf(call->result, "],\"after\":%u}", ++listing->cursor);
		return;
	}
	rpc_group_list_end(listing);
	rpc_result_list_end(call);
}

int rpc_group_list(struct rpc_call *call)
{
	struct rpc_listing *listing = &call->connection->listing;
	struct engine_interface *only;
	unsigned limit = 0, after = 0;
	int rc = rpc_param_interface(call, "interface", &only);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "limit", UINT_MAX, &limit);
	if (rc == 0)
		rc = rpc_param_unsigned(call, "after", UINT_MAX, &after);
	if (rc < 0)
		return rc;
	if (after && (!listing->entries || after != listing->cursor))
		return rpc_param_bad(
			call, "after", "%u does not continue a list of this connection", after);
	if (limit && !after)
		rc = listing_begin(call, only);
	if (rc < 0)
		return rc;
	rpc_result_list_begin(call, "groups");
	if (limit || after) {
		add_page(call, limit);
	} else {
		foreach_host(call, only, add_groups);
		rpc_result_list_end(call);
	}
	return 0;
}
