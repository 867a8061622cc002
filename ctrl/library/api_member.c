// SPDX-License-Identifier: BSD-3-Clause
// Memberships and events: checks the arguments for the backends.
#include <errno.h>
#include "address.h"
#include "api_receive.h"
#include "backend.h"

static bool has_family(const struct sluice_addr *addr)
{
	return addr != NULL && (addr->family == AF_INET || addr->family == AF_INET6);
}

static int change(struct sluice_session *session, const struct sluice_addr *group,
	struct membership_request *request, bool *ended)
{
	const struct sluice_source_filter *filter = &request->filter;
	int rc;

	if (session == NULL || !has_family(group) ||
		(filter->sources == NULL && filter->n_sources > 0))
		return -EINVAL;
	for (unsigned i = 0; i < filter->n_sources; i++)
		if (filter->sources[i].family != group->family)
			return -EINVAL;
	rc = session->backend->resolve(session, &request->ifindex);
	if (rc < 0)
		return rc;
	request->group = *group;
	return session->backend->change(session, request, ended);
}

static int change_group(struct sluice_session *session, enum membership_call call, unsigned ifindex,
	const struct sluice_addr *group)
{
	struct membership_request request = {.call = call, .ifindex = ifindex};
	bool ended;

	return change(session, group, &request, &ended);
}

static int change_source(struct sluice_session *session, enum membership_call call,
	unsigned ifindex, const struct sluice_addr *group, const struct sluice_addr *source)
{
	struct membership_request request = {
		.call = call,
		.ifindex = ifindex,
		.filter = {.n_sources = 1, .sources = source},
	};
	bool ended;

	return change(session, group, &request, &ended);
}

int sluice_join(struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	return change_group(session, MEMBERSHIP_JOIN, ifindex, group);
}

int sluice_leave(struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	return change_group(session, MEMBERSHIP_LEAVE, ifindex, group);
}

int sluice_leave_flush(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	struct membership_request request = {.call = MEMBERSHIP_LEAVE, .ifindex = ifindex};
	bool ended;
	int rc;

	rc = change(session, group, &request, &ended);
	if (rc < 0 || !ended)
		return rc;
	return api_receive_flush(session, request.ifindex, group);
}

int sluice_join_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source)
{
	return change_source(session, MEMBERSHIP_JOIN_SOURCE, ifindex, group, source);
}

int sluice_leave_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source)
{
	return change_source(session, MEMBERSHIP_LEAVE_SOURCE, ifindex, group, source);
}

int sluice_block_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source)
{
	return change_source(session, MEMBERSHIP_BLOCK_SOURCE, ifindex, group, source);
}

int sluice_unblock_source(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source)
{
	return change_source(session, MEMBERSHIP_UNBLOCK_SOURCE, ifindex, group, source);
}

int sluice_set_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n)
{
	struct membership_request request = {
		.call = MEMBERSHIP_SET_FILTER,
		.ifindex = ifindex,
		.filter = {mode, n, sources},
	};
	bool ended;

	if (mode != SLUICE_INCLUDE && mode != SLUICE_EXCLUDE)
		return -EINVAL;
	return change(session, group, &request, &ended);
}

int sluice_get_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n)
{
	struct filter_request filter = {.ifindex = ifindex, .sources = sources};
	int rc;

	if (session == NULL || !has_family(group) || mode == NULL || n == NULL ||
		(sources == NULL && *n > 0))
		return -EINVAL;
	rc = session->backend->resolve(session, &filter.ifindex);
	if (rc < 0)
		return rc;
	filter.group = *group;
	filter.n = *n;
	rc = session->backend->get_filter(session, &filter);
	if (rc < 0)
		return rc;
	*mode = filter.mode;
	*n = filter.n;
	return 0;
}

// ---- Events --------------------------------------------------------------------------------

int sluice_join_async(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source, void *context)
{
	struct membership_request request = {
		.call = source != NULL ? MEMBERSHIP_JOIN_SOURCE : MEMBERSHIP_JOIN,
		.ifindex = ifindex,
		.filter = {.n_sources = source != NULL, .sources = source},
	};
	int rc;

	if (session == NULL || !has_family(group) ||
		(source != NULL && source->family != group->family))
		return -EINVAL;
	rc = session->backend->resolve(session, &request.ifindex);
	if (rc < 0)
		return rc;
	request.group = *group;
	return session->backend->join_async(session, &request, context);
}

int sluice_event_fd(struct sluice_session *session)
{
	return session != NULL ? event_queue_fd(&session->events.queue) : -EINVAL;
}

int sluice_event_get(struct sluice_session *session, struct sluice_event *event)
{
	if (session == NULL || event == NULL)
		return -EINVAL;
	return event_queue_get(&session->events.queue, event);
}

int sluice_event_ack(struct sluice_session *session, const struct sluice_event *event)
{
	if (session == NULL || event == NULL)
		return -EINVAL;
	return event_queue_ack(&session->events.queue, event->id);
}

int sluice_event_drain(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	int rc;

	if (session == NULL || !has_family(group))
		return -EINVAL;
	rc = session->backend->resolve(session, &ifindex);
	if (rc < 0)
		return rc;
	event_queue_drain(&session->events.queue, ifindex, group);
	return 0;
}
