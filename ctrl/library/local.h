// SPDX-License-Identifier: BSD-3-Clause
// The engine in this process: its lock, its control thread, and sessions on it.
//
// The thread that holds the lock is the control thread of the engine and the data plane.
// Synchronous calls run on the caller's thread, under the lock, because waking another thread and
// being woken again takes longer than most calls; with its own call a caller runs those that other
// threads have queued meanwhile. The control thread runs the timers, and the calls that no thread
// waits for.
#ifndef LIBRARY_LOCAL_H
#define LIBRARY_LOCAL_H

#include <pthread.h>
#include <sys/queue.h>
#include "backend.h"
#include "engine.h"
#include "mailbox.h"

struct local {
	struct sluice_session session; // first
	struct sluice *sluice;
	struct output *output; // const once open
	// Under the lock.
	struct engine_session *engine;
	LIST_ENTRY(local) next;
};

static inline struct local *local(struct sluice_session *session)
{
	return (struct local *)session;
}

struct sluice {
	// Const once open.
	struct config *config;
	struct engine *engine;
	struct engine_interface **interfaces; // by index - 1
	unsigned n_interfaces;
	pthread_t thread;
	struct mailbox mailbox;
	atomic_uint n_sending; // datagrams queued to the control thread
	pthread_mutex_t lock;
	// Under the lock.
	LIST_HEAD(, local) sessions;
	bool closed; // all groups are left, the control thread ends
};

// A synchronous call.
struct local_call {
	struct mailbox_call call;
	bool finished; // under the lock
	int rc;
};

// Opens the lock and the mailbox and starts the control thread of an engine that is open, and takes
// that back. On failure nothing is left to close.
int local_start(struct sluice *sluice);
void local_stop(struct sluice *sluice);
// Under the lock: runs the calls that are queued, refuses all later ones, and ends the control
// thread.
void local_shut(struct sluice *sluice);

// Runs `run` under the lock, and then flushes the engine. `run` sets call->rc, which is returned;
// -ESHUTDOWN once the engine is closing. Any thread.
int local_run(
	struct sluice *sluice, struct local_call *call, void (*run)(struct mailbox_call *call));

struct engine_interface *local_interface(const struct sluice *sluice, unsigned ifindex);

// local_session.c
int local_session_open(struct sluice *sluice, const struct sluice_session_options *options,
	struct sluice_session **session);
// Frees a session whose engine session is closed.
void local_session_free(struct local *session);

// local_member.c
int local_member_change(
	struct sluice_session *session, const struct membership_request *request, bool *ended);
int local_member_get_filter(struct sluice_session *session, struct filter_request *request);
int local_member_join_async(
	struct sluice_session *session, const struct membership_request *request, void *context);
// The engine's listener.
void local_member_event(void *arg, const struct engine_event *event);

// local_stats.c
int local_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats);
int local_stats_session(struct sluice_session *session, struct sluice_session_stats *stats);
int local_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats);
int local_stats_worker(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n);
int local_stats_drop(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n);

// local_send.c
int local_send(struct sluice_session *session, const struct send_request *request);

#endif
