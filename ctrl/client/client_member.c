// SPDX-License-Identifier: BSD-3-Clause
// Memberships of a session on sluiced.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "client.h"

static const char *const methods[] = {
	[MEMBERSHIP_JOIN] = "group.join",
	[MEMBERSHIP_LEAVE] = "group.leave",
	[MEMBERSHIP_JOIN_SOURCE] = "group.join",
	[MEMBERSHIP_LEAVE_SOURCE] = "group.leave",
	[MEMBERSHIP_BLOCK_SOURCE] = "group.block",
	[MEMBERSHIP_UNBLOCK_SOURCE] = "group.unblock",
	[MEMBERSHIP_SET_FILTER] = "group.filter",
};

// NULL without memory: fewer sources would be another filter.
static json_t *source_list(const struct sluice_source_filter *filter)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < filter->n_sources; i++) {
		if (json_array_append_new(
			    list, json_string(address_format(&filter->sources[i], text))) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *change_params(const struct client *client, const struct membership_request *request)
{
	json_t *params = client_group_params(client, request->ifindex, &request->group);

	params = connection_param(params, "session", json_integer(client->session));
	// Without a list any source is meant, with an empty one none.
	if (request->filter.n_sources > 0 || request->call == MEMBERSHIP_SET_FILTER)
		params = connection_param(params, "sources", source_list(&request->filter));
	if (request->call == MEMBERSHIP_SET_FILTER)
		params = connection_param(params, "mode",
			json_string(
				request->filter.mode == SLUICE_INCLUDE ? "include" : "exclude"));
	return params;
}

// sluiced answers a leave with the number of joins that the membership still has. With 0, the event
// LEFT follows and ends its asynchronous joins; otherwise the undone ones are forgotten.
static bool finish_leave(
	struct client *client, const struct membership_request *request, const json_t *result)
{
	const struct events_key key = {.ifindex = request->ifindex, .group = request->group};
	unsigned joins = json_integer_value(json_object_get(result, "joins"));

	if (joins == 0)
		return true;
	if (request->call == MEMBERSHIP_LEAVE_SOURCE)
		events_join_forget(client->events, &key, request->filter.sources, 0);
	else
		events_join_forget(client->events, &key, NULL, joins);
	return false;
}

int client_member_change(
	struct client *client, const struct membership_request *request, bool *ended)
{
	json_t *result;
	int rc;

	*ended = false;
	rc = client_call(client, methods[request->call], change_params(client, request), &result);
	if (rc < 0)
		return rc;
	if (request->call == MEMBERSHIP_LEAVE || request->call == MEMBERSHIP_LEAVE_SOURCE)
		*ended = finish_leave(client, request, result);
	json_decref(result);
	return 0;
}

static int read_sources(const json_t *sources, struct filter_request *request)
{
	for (unsigned i = 0; i < request->n && i < json_array_size(sources); i++) {
		const char *text = json_string_value(json_array_get(sources, i));

		if (text == NULL || !address_parse(text, &request->sources[i]))
			return -EPROTO;
	}
	request->n = json_array_size(sources);
	return 0;
}

int client_member_get_filter(struct client *client, struct filter_request *request)
{
	json_t *params = client_group_params(client, request->ifindex, &request->group), *result;
	const char *mode;
	int rc;

	params = connection_param(params, "session", json_integer(client->session));
	rc = client_call(client, "group.get", params, &result);
	if (rc < 0)
		return rc;
	mode = json_string_value(json_object_get(result, "mode"));
	request->mode =
		mode != NULL && strcmp(mode, "include") == 0 ? SLUICE_INCLUDE : SLUICE_EXCLUDE;
	rc = read_sources(json_object_get(result, "sources"), request);
	json_decref(result);
	return rc;
}

// ---- Asynchronous joins --------------------------------------------------------------------

struct client_join {
	struct events *events;
	struct events_key key;
	uint64_t id; // of the events
};

// sluiced sends the reports of a line before it answers.
static void on_joined(void *arg, int rc, const json_t *body __attribute__((unused)))
{
	struct client_join *join = arg;

	if (rc < 0)
		events_join_failed(join->events, &join->key, join->id, rc);
	else
		events_join_done(join->events, &join->key, join->id, true);
	free(join);
}

int client_member_join_async(
	struct client *client, const struct membership_request *request, void *context)
{
	struct client_join *join = malloc(sizeof(*join));
	int rc;

	if (join == NULL)
		return -ENOMEM;
	*join = (struct client_join){
		.events = client->events,
		.key = {.ifindex = request->ifindex, .group = request->group},
	};
	join->id = events_join_start(join->events, &join->key, request->filter.sources, context);
	rc = join->id == 0 ? -ENOMEM
			   : connection_post(&client->connection, methods[request->call],
				     change_params(client, request), on_joined, join);
	if (rc < 0) {
		events_join_cancel(join->events, &join->key, join->id);
		free(join);
	}
	return rc;
}
