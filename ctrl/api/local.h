// SPDX-License-Identifier: BSD-3-Clause
// The engine in this process: its control thread, and sessions on it.
#ifndef API_LOCAL_H
#define API_LOCAL_H

#include <pthread.h>
#include <semaphore.h>
#include <sys/queue.h>
#include "backend.h"
#include "engine.h"
#include "mailbox.h"

struct local_session {
	struct sluice_session session; // first
	struct sluice *sluice;
	struct output *output; // const once open
	// Control thread only.
	struct engine_session *engine;
	LIST_ENTRY(local_session) next;
};

static inline struct local_session *local(struct sluice_session *session)
{
	return (struct local_session *)session;
}

struct sluice {
	// Const once open.
	struct config *config;
	struct engine *engine;
	struct engine_interface **interfaces; // by index - 1
	unsigned n_interfaces;
	struct event_base *base;
	struct event *mail;
	pthread_t thread;
	struct mailbox mailbox;
	atomic_uint n_sending; // datagrams on their way to the control thread
	// Control thread only.
	LIST_HEAD(, local_session) sessions;
};

// A call its sender waits for.
struct local_call {
	struct mailbox_call call;
	sem_t done;
	int rc;
};

// Runs `run` on the control thread and waits until it, and the flush after it, are done. It sets
// call->rc, which is returned. -ESHUTDOWN
int local_run(
	struct sluice *sluice, struct local_call *call, void (*run)(struct mailbox_call *call));

struct engine_interface *local_interface(const struct sluice *sluice, unsigned ifindex);

// local_session.c
int local_session_open(struct sluice *sluice, const struct sluice_session_options *options,
	struct sluice_session **session);
// Frees a session whose engine session is closed.
void local_session_free(struct local_session *session);

// local_member.c
int local_change(struct sluice_session *session, const struct change_request *request, bool *ended);
int local_get_filter(struct sluice_session *session, struct filter_request *filter);
int local_join_async(
	struct sluice_session *session, const struct change_request *request, void *context);
// The engine's listener.
void local_event(void *arg, const struct engine_event *event);

// local_stats.c
int local_group_stats(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats);
int local_session_stats(struct sluice_session *session, struct sluice_session_stats *stats);
int local_interface_stats(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats);
int local_worker_stats(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);
int local_drop_stats(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);

// local_send.c
int local_send(struct sluice_session *session, const struct datagram *datagram);

#endif
