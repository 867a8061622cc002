// SPDX-License-Identifier: BSD-3-Clause
// Statistics: checks the arguments for the backends.
#include <errno.h>
#include "backend.h"

int sluice_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats)
{
	int rc;

	if (session == NULL || group == NULL || stats == NULL ||
		(group->family != AF_INET && group->family != AF_INET6))
		return -EINVAL;
	rc = session->backend->resolve(session, &ifindex);
	return rc < 0 ? rc : session->backend->group_stats(session, ifindex, group, stats);
}

int sluice_stats_session(struct sluice_session *session, struct sluice_session_stats *stats)
{
	int rc;

	if (session == NULL || stats == NULL)
		return -EINVAL;
	rc = session->backend->session_stats(session, stats);
	if (rc < 0)
		return rc;
	stats->dropped += atomic_load(&session->backlog_dropped);
	stats->events_lost = event_queue_lost(&session->events.queue);
	return 0;
}

int sluice_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats)
{
	int rc;

	if (session == NULL || stats == NULL)
		return -EINVAL;
	rc = session->backend->resolve(session, &ifindex);
	return rc < 0 ? rc : session->backend->interface_stats(session, ifindex, stats);
}

int sluice_stats_workers(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n)
{
	if (session == NULL || (workers == NULL && n > 0))
		return -EINVAL;
	return session->backend->worker_stats(session, workers, n);
}

int sluice_stats_drops(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n)
{
	if (session == NULL || (drops == NULL && n > 0))
		return -EINVAL;
	return session->backend->drop_stats(session, drops, n);
}
