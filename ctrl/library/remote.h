// SPDX-License-Identifier: BSD-3-Clause
// Sessions on a sluiced, by its control socket.
#ifndef API_REMOTE_H
#define API_REMOTE_H

#include "backend.h"
#include "connection.h"
#include "share.h"

struct remote_session {
	struct sluice_session session; // first
	char *socket; // sluiced's
	struct connection connection;
	json_int_t id;
	// Const once open.
	json_t *listed; // the daemon's interfaces in its words
	struct sluice_interface *interfaces;
	unsigned n_interfaces;
	struct remote_port *port; // NULL: it receives nothing
	struct share_queue *line; // of the port
	LIST_ENTRY(remote_session) of_port; // remote_port.c's
};

int remote_session_open(const char *socket, const struct sluice_session_options *options,
	struct sluice_session **session);

// The index of an interface of the daemon; 0 if there is none of this name, or it is NULL.
unsigned remote_index_of(const struct remote_session *session, const char *name);

static inline struct remote_session *remote(struct sluice_session *session)
{
	return (struct remote_session *)session;
}

// remote_member.c
int remote_change(
	struct sluice_session *session, const struct change_request *request, bool *ended);
int remote_get_filter(struct sluice_session *session, struct filter_request *filter);
int remote_join_async(
	struct sluice_session *session, const struct change_request *request, void *context);
// What each request about a group begins with; NULL without memory.
json_t *remote_group_params(
	const struct remote_session *session, unsigned ifindex, const struct sluice_addr *group);
unsigned remote_number(const json_t *object, const char *key); // 0 if there is none

// remote_stats.c
int remote_group_stats(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats);
int remote_session_stats(struct sluice_session *session, struct sluice_session_stats *stats);
int remote_interface_stats(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats);
int remote_worker_stats(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);
int remote_drop_stats(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);

#endif
