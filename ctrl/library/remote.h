// SPDX-License-Identifier: BSD-3-Clause
// Sessions on a sluiced: a client for control, a port's queue for frames.
#ifndef LIBRARY_REMOTE_H
#define LIBRARY_REMOTE_H

#include "backend.h"
#include "client.h"
#include "remote_port.h"

struct remote {
	struct sluice_session session; // first
	struct client client;
	struct remote_queue queue;
};

static inline struct remote *remote(struct sluice_session *session)
{
	return (struct remote *)session;
}

// remote_session.c
int remote_session_open(const char *socket, const struct sluice_session_options *options,
	struct sluice_session **session);

// remote_stats.c
int remote_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats);
int remote_stats_session(struct sluice_session *session, struct sluice_session_stats *stats);
int remote_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats);
int remote_stats_worker(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);
int remote_stats_drop(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);

#endif
