// SPDX-License-Identifier: BSD-3-Clause
// Memberships on the engine of this process, and their events.
#include <errno.h>
#include <stdlib.h>
#include "local.h"

typedef int (*engine_fn)(
	struct engine *engine, const struct engine_request *request, struct error *error);

static const engine_fn engine_fns[] = {
	[MEMBERSHIP_JOIN] = engine_join,
	[MEMBERSHIP_LEAVE] = engine_leave,
	[MEMBERSHIP_JOIN_SOURCE] = engine_join,
	[MEMBERSHIP_LEAVE_SOURCE] = engine_leave,
	[MEMBERSHIP_BLOCK_SOURCE] = engine_block,
	[MEMBERSHIP_UNBLOCK_SOURCE] = engine_unblock,
	[MEMBERSHIP_SET_FILTER] = engine_filter,
};

static struct member *find(
	const struct local *session, unsigned ifindex, const struct sluice_addr *group)
{
	struct host *host =
		engine_interface_host(local_interface(session->sluice, ifindex), group->family);

	return member_find(engine_session_memberships(session->engine), host, group);
}

// Under the lock.
static int change(struct local *session, const struct membership_request *request)
{
	const struct engine_request engine_request = {
		.session = session->engine,
		.interface =
			engine_interface_name(local_interface(session->sluice, request->ifindex)),
		.group = request->group,
		.filter = request->filter,
	};

	if (session->engine == NULL)
		return -ESHUTDOWN;
	return engine_fns[request->call](session->sluice->engine, &engine_request, NULL);
}

// ---- Calls ---------------------------------------------------------------------------------

struct change_call {
	struct local_call base;
	struct local *session;
	const struct membership_request *request;
	bool ended;
};

static void forget_joins(struct local *session, const struct membership_request *request,
	const struct member *member)
{
	struct events_key key = {.ifindex = request->ifindex, .group = request->group};

	if (request->call == MEMBERSHIP_LEAVE_SOURCE)
		events_join_forget(&session->session.events, &key, request->filter.sources, 0);
	else if (request->call == MEMBERSHIP_LEAVE)
		events_join_forget(&session->session.events, &key, NULL, member_joins(member));
}

static void run_change(struct mailbox_call *mailbox_call)
{
	struct change_call *call = (struct change_call *)mailbox_call;
	const struct membership_request *request = call->request;
	const struct member *member;

	call->base.rc = change(call->session, request);
	if (call->base.rc < 0)
		return;
	member = find(call->session, request->ifindex, &request->group);
	call->ended = member == NULL;
	if (member != NULL)
		forget_joins(call->session, request, member);
}

int local_member_change(
	struct sluice_session *session, const struct membership_request *request, bool *ended)
{
	struct change_call call = {.session = local(session), .request = request};
	int rc;

	rc = local_run(call.session->sluice, &call.base, run_change);
	*ended = call.ended;
	return rc;
}

struct filter_call {
	struct local_call base;
	struct local *session;
	struct filter_request *filter;
};

static void run_get_filter(struct mailbox_call *mailbox_call)
{
	struct filter_call *call = (struct filter_call *)mailbox_call;
	struct filter_request *filter = call->filter;
	struct local *session = call->session;
	struct host *host;

	if (session->engine == NULL) {
		call->base.rc = -ESHUTDOWN;
		return;
	}
	host = engine_interface_host(
		local_interface(session->sluice, filter->ifindex), filter->group.family);
	call->base.rc = member_get_filter(engine_session_memberships(session->engine), host,
		&filter->group, &filter->mode, filter->sources, &filter->n);
}

int local_member_get_filter(struct sluice_session *session, struct filter_request *filter)
{
	struct filter_call call = {.session = local(session), .filter = filter};

	return local_run(call.session->sluice, &call.base, run_get_filter);
}

// ---- Asynchronous joins --------------------------------------------------------------------

struct join_call {
	struct mailbox_call call;
	struct local *session;
	struct membership_request request;
	struct sluice_addr source; // what the request's sources point to
	uint64_t join_id;
};

static void run_join(struct mailbox_call *mailbox_call)
{
	struct join_call *call = (struct join_call *)mailbox_call;
	struct events *events = &call->session->session.events;
	struct events_key key = {.ifindex = call->request.ifindex, .group = call->request.group};
	int rc;

	rc = change(call->session, &call->request);
	if (rc < 0) {
		events_join_failed(events, &key, call->join_id, rc);
		return;
	}
	events_join_done(events, &key, call->join_id,
		member_state(find(call->session, key.ifindex, &key.group)) == MEMBER_JOINED);
}

static void finish_join(struct mailbox_call *call)
{
	free(call);
}

int local_member_join_async(
	struct sluice_session *session, const struct membership_request *request, void *context)
{
	struct events_key key = {.ifindex = request->ifindex, .group = request->group};
	struct join_call *call = calloc(1, sizeof(*call));
	int rc = -ENOMEM;

	if (call == NULL)
		return -ENOMEM;
	call->call = (struct mailbox_call){.run = run_join, .finish = finish_join};
	call->session = local(session);
	call->request = *request;
	if (request->filter.n_sources > 0) {
		call->source = request->filter.sources[0];
		call->request.filter.sources = &call->source;
	}
	call->join_id = events_join_start(&session->events, &key, request->filter.sources, context);
	if (call->join_id == 0)
		goto free_call;
	rc = mailbox_post(&call->session->sluice->mailbox, &call->call);
	if (rc < 0)
		goto cancel_join;
	return 0;

cancel_join:
	events_join_cancel(&session->events, &key, call->join_id);
free_call:
	free(call);
	return rc;
}

// ---- Events --------------------------------------------------------------------------------

static const enum sluice_event_kind event_kinds[] = {
	[ENGINE_EVENT_PENDING] = SLUICE_EVENT_PENDING,
	[ENGINE_EVENT_JOINED] = SLUICE_EVENT_JOINED,
	[ENGINE_EVENT_LEFT] = SLUICE_EVENT_LEFT,
	[ENGINE_EVENT_LOST] = SLUICE_EVENT_ERROR,
};

void local_member_event(void *arg __attribute__((unused)), const struct engine_event *event)
{
	struct events_key key = {0};
	struct local *session;

	if (event->session == NULL)
		return;
	session = engine_session_user(event->session);
	if (session == NULL)
		return;
	key.ifindex = engine_interface_index(event->interface);
	key.group = event->group;
	events_notice(&session->session.events, &key, event_kinds[event->kind],
		event->kind == ENGINE_EVENT_LOST ? -ENETDOWN : 0);
}
