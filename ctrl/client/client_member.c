// SPDX-License-Identifier: BSD-3-Clause
// Memberships of a session on a sluiced.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "remote.h"

static json_t *address(const struct sluice_addr *addr)
{
	char text[ADDRESS_TEXT_MAX];

	return json_string(address_format(addr, text));
}

unsigned remote_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

json_t *remote_group_params(
	const struct remote_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	return json_pack("{s:s, s:o}", "interface", session->interfaces[ifindex - 1].name, "group",
		address(group));
}

static const char *const methods[] = {
	[CHANGE_JOIN] = "group.join",
	[CHANGE_LEAVE] = "group.leave",
	[CHANGE_JOIN_SOURCE] = "group.join",
	[CHANGE_LEAVE_SOURCE] = "group.leave",
	[CHANGE_BLOCK_SOURCE] = "group.block",
	[CHANGE_UNBLOCK_SOURCE] = "group.unblock",
	[CHANGE_SET_FILTER] = "group.filter",
};

static json_t *change_params(struct remote_session *session, const struct change_request *request)
{
	json_t *params = remote_group_params(session, request->ifindex, &request->group);
	json_t *sources = json_array();

	for (unsigned i = 0; i < request->n_sources; i++)
		json_array_append_new(sources, address(&request->sources[i]));
	json_object_set_new(params, "session", json_integer(session->id));
	json_object_set_new(params, "sources", sources);
	if (request->kind == CHANGE_SET_FILTER)
		json_object_set_new(params, "mode",
			json_string(request->mode == SLUICE_INCLUDE ? "include" : "exclude"));
	return params;
}

static int get_membership(struct remote_session *session, unsigned ifindex,
	const struct sluice_addr *group, json_t **result)
{
	json_t *params = remote_group_params(session, ifindex, group);

	json_object_set_new(params, "session", json_integer(session->id));
	return connection_call(&session->connection, "group.get", params, result);
}

int remote_change(struct sluice_session *session, const struct change_request *request, bool *ended)
{
	struct events_key key = {.ifindex = request->ifindex, .group = request->group};
	json_t *membership;
	int rc;

	*ended = false;
	rc = connection_call(&remote(session)->connection, methods[request->kind],
		change_params(remote(session), request), NULL);
	if (rc < 0 || (request->kind != CHANGE_LEAVE && request->kind != CHANGE_LEAVE_SOURCE))
		return rc;
	if (get_membership(remote(session), key.ifindex, &key.group, &membership) < 0) {
		*ended = true;
		return 0;
	}
	if (request->kind == CHANGE_LEAVE_SOURCE)
		events_unwatch(&session->events, &key, request->sources, 0);
	else
		events_unwatch(&session->events, &key, NULL, remote_number(membership, "joins"));
	json_decref(membership);
	return 0;
}

int remote_get_filter(struct sluice_session *session, struct filter_request *filter)
{
	const char *mode;
	json_t *result;
	const json_t *sources;
	int rc;

	rc = get_membership(remote(session), filter->ifindex, &filter->group, &result);
	if (rc < 0)
		return rc;
	mode = json_string_value(json_object_get(result, "mode"));
	filter->mode =
		mode != NULL && strcmp(mode, "include") == 0 ? SLUICE_INCLUDE : SLUICE_EXCLUDE;
	sources = json_object_get(result, "sources");
	for (unsigned i = 0; i < filter->n && i < json_array_size(sources); i++) {
		const char *text = json_string_value(json_array_get(sources, i));

		filter->sources[i] = (struct sluice_addr){0};
		if (text == NULL || !address_parse(text, &filter->sources[i]))
			rc = -EPROTO;
	}
	filter->n = json_array_size(sources);
	json_decref(result);
	return rc;
}

struct join {
	struct remote_session *session;
	struct events_key key;
	uint64_t watch;
};

// sluiced has sent the reports of a line before it answers.
static void joined(void *arg, int rc, const json_t *result)
{
	struct join *join = arg;
	struct events *events = &join->session->session.events;

	if (rc < 0)
		events_watch_failed(events, &join->key, join->watch, rc);
	else
		events_watch_done(events, &join->key, join->watch, true);
	free(join);
}

int remote_join_async(
	struct sluice_session *session, const struct change_request *request, void *context)
{
	struct join *join = malloc(sizeof(*join));
	int rc;

	if (join == NULL)
		return -ENOMEM;
	*join = (struct join){
		.session = remote(session),
		.key = {.ifindex = request->ifindex, .group = request->group},
	};
	join->watch = events_watch(&session->events, &join->key, request->sources, context);
	rc = join->watch == 0
		     ? -ENOMEM
		     : connection_post(&remote(session)->connection, methods[request->kind],
			       change_params(remote(session), request), joined, join);
	if (rc < 0) {
		events_watch_cancel(&session->events, &join->key, join->watch);
		free(join);
	}
	return rc;
}
