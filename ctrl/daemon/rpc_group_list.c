// SPDX-License-Identifier: BSD-3-Clause
// group.list: the interface state and the statistics of each group. The whole list or a page of it
// is written in parts. The list keeps its position between parts and pages: no group is listed
// twice and none that stays is missed, whatever is joined and left meanwhile.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "host_listing.h"
#include "rpc_private.h"

static const int families[] = {AF_INET, AF_INET6};

#define FAMILIES 2

static const char *const state_names[] = {
	[HOST_GROUP_PENDING] = "pending",
	[HOST_GROUP_JOINED] = "joined",
	[HOST_GROUP_LEAVING] = "leaving",
};

struct rpc_pages {
	unsigned n; // hosts
	unsigned at; // the host that is being listed
	bool has_next; // `next` is the group that the next page begins with
	struct sluice_addr next;
	struct host_listing *hosts[];
};

struct listing {
	struct rpc_call *call;
	struct host *host;
};

static json_t *sources_of(const struct host *host, const struct host_group_info *info)
{
	struct sluice_addr *sources = rpc_memory_get((info->n_sources + 1) * sizeof(*sources));
	struct host_group_info again;
	json_t *list = NULL;

	if (sources && host_group_get(host, &info->group, &again, sources, info->n_sources) == 0)
		list = rpc_result_addresses(sources, info->n_sources);
	rpc_memory_put(sources);
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

static void add_outputs(json_t *list, const struct member *member)
{
	struct engine_output *const *outputs;
	unsigned n = engine_member_outputs(member, &outputs);

	for (unsigned i = 0; i < n; i++)
		add_output(list, outputs[i]);
}

// Most groups have one member, which can be found without its session.
static json_t *outputs_of(
	const struct listing *listing, struct host *host, const struct host_group_info *info)
{
	const struct member *first = member_of_group(host, &info->group);
	struct engine_session *session = engine_session_first(listing->call->engine);
	unsigned left = info->n_members;
	json_t *list = json_array();

	if (left == 1 && first) {
		add_outputs(list, first);
		return list;
	}
	for (; session && left > 0; session = engine_session_next(session)) {
		const struct member *member =
			member_find(engine_session_memberships(session), host, &info->group);

		if (!member)
			continue;
		left--;
		add_outputs(list, member);
	}
	return list;
}

static const char *state_of(
	const struct engine_interface *interface, const struct host_group_info *info)
{
	bool lost = engine_interface_is_removed(interface) && info->state != HOST_GROUP_LEAVING;

	return lost ? "lost" : state_names[info->state];
}

static void add_group(const struct listing *listing, const struct host_group_info *info)
{
	struct engine_interface *interface = engine_host_interface(listing->host);
	struct sluice_group_stats stats;
	json_t *entry;

	engine_stats_group(interface, &info->group, &stats);
	entry = json_pack("{s:s, s:o, s:s, s:o, s:s, s:i}", "interface",
		engine_interface_name(interface), "group", rpc_result_address(&info->group), "mode",
		rpc_result_mode(info->mode), "sources", sources_of(listing->host, info), "state",
		state_of(interface, info), "members", info->n_members);
	rpc_result_statistics(listing->call, entry, stat_group, &stats);
	json_object_set_new(entry, "outputs", outputs_of(listing, listing->host, info));
	rpc_result_list_add(listing->call, entry);
}

// ---- Pages ---------------------------------------------------------------------------------

static unsigned count_hosts(struct engine *engine)
{
	struct engine_interface *interface = engine_interface_first(engine);
	unsigned n = 0;

	for (; interface; interface = engine_interface_next(interface))
		n += FAMILIES;
	return n;
}

static void find_next(struct rpc_pages *pages)
{
	pages->has_next = false;
	for (; pages->at < pages->n && !pages->has_next; pages->at += !pages->has_next)
		pages->has_next = host_listing_next(pages->hosts[pages->at], &pages->next);
}

static void pages_close(struct rpc_pages *pages)
{
	for (unsigned i = 0; i < pages->n; i++)
		host_listing_close(pages->hosts[i]);
	free(pages);
}

static struct rpc_pages *pages_open(struct engine *engine, const struct engine_interface *only)
{
	struct engine_interface *interface = engine_interface_first(engine);
	struct rpc_pages *pages =
		calloc(1, sizeof(*pages) + count_hosts(engine) * sizeof(pages->hosts[0]));

	for (; pages && interface; interface = engine_interface_next(interface)) {
		for (unsigned i = 0; i < FAMILIES && (!only || interface == only); i++) {
			pages->hosts[pages->n] =
				host_listing_open(engine_interface_host(interface, families[i]));
			if (!pages->hosts[pages->n])
				goto close_pages;
			pages->n++;
		}
	}
	if (pages)
		find_next(pages);
	return pages;

close_pages:
	pages_close(pages);
	return NULL;
}

void rpc_group_list_end(struct rpc_connection *connection)
{
	if (connection->pages)
		pages_close(connection->pages);
	connection->pages = NULL;
}

// ---- Writing -------------------------------------------------------------------------------

struct group_list {
	struct rpc_pages *pages;
	bool paged; // the pages belong to the connection and continue with the next call
	unsigned left; // groups of this page
};

static void end_list(struct rpc_call *call)
{
	struct group_list *list = call->state;

	if (!list->paged)
		pages_close(list->pages);
	free(list);
}

// The next group. Groups that were left since the list began are skipped.
static void add_next(struct rpc_call *call, struct group_list *list)
{
	struct rpc_pages *pages = list->pages;
	struct listing listing = {.call = call};
	struct host_group_info info;

	listing.host = host_listing_host(pages->hosts[pages->at]);
	if (listing.host && host_group_get(listing.host, &pages->next, &info, NULL, 0) == 0) {
		add_group(&listing, &info);
		list->left--;
	}
	find_next(pages);
}

static bool write_more(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;
	struct group_list *list = call->state;

	if (list->pages->has_next && list->left > 0) {
		add_next(call, list);
		return true;
	}
	if (list->pages->has_next) {
		evbuffer_add_printf(call->result, "],\"after\":%u}", ++connection->cursor);
		return false;
	}
	if (list->paged)
		rpc_group_list_end(connection);
	rpc_result_list_end(call);
	return false;
}

static int begin_list(struct rpc_call *call, struct rpc_pages *pages, bool paged, unsigned limit)
{
	struct group_list *list = malloc(sizeof(*list));

	if (!list)
		return -ENOMEM;
	*list = (struct group_list){
		.pages = pages, .paged = paged, .left = limit ? limit : UINT_MAX};
	call->state = list;
	call->more = write_more;
	call->end = end_list;
	rpc_result_list_begin(call, "groups");
	return 0;
}

int rpc_group_list(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;
	struct rpc_pages *pages = NULL;
	struct engine_interface *only;
	bool paged;
	unsigned limit = 0, after = 0;
	int rc = rpc_param_interface(call, "interface", &only);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "limit", UINT_MAX, &limit);
	if (rc == 0)
		rc = rpc_param_unsigned(call, "after", UINT_MAX, &after);
	if (rc < 0)
		return rc;
	if (after && (!connection->pages || after != connection->cursor))
		return rpc_param_bad(
			call, "after", "%u does not continue a list of this connection", after);
	if (!after) {
		pages = pages_open(call->engine, only);
		if (!pages)
			return error_set(&call->error, ENOMEM, "out of memory");
	}
	if (!after && limit) {
		rpc_group_list_end(connection);
		connection->pages = pages;
	}
	paged = after || limit;
	rc = begin_list(call, paged ? connection->pages : pages, paged, limit);
	if (rc < 0 && !paged)
		pages_close(pages);
	return rc < 0 ? error_set(&call->error, ENOMEM, "out of memory") : 0;
}
