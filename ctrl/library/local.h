// SPDX-License-Identifier: BSD-3-Clause
// The engine in this process: its lock, its control thread, and sessions on it.
//
// Whoever holds the lock is the control thread for the engine and the data plane. A call that its
// sender waits for is run by the sender, for waking another thread and being woken again takes
// longer than most calls; it runs with it what others have asked for meanwhile, who then find
// theirs done. The thread of its own is there for the time that passes, and for the calls that
// nobody waits for.
#ifndef API_LOCAL_H
#define API_LOCAL_H

#include <pthread.h>
#include <sys/queue.h>
#include "backend.h"
#include "engine.h"
#include "mailbox.h"

struct local_session {
	struct sluice_session session; // first
	struct sluice *sluice;
	struct output *output; // const once open
	// Under the lock.
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
	pthread_t thread;
	struct mailbox mailbox;
	atomic_uint n_sending; // datagrams on their way to the control thread
	pthread_mutex_t lock;
	// Under the lock.
	LIST_HEAD(, local_session) sessions;
	bool closed; // all is left, the control thread ends
};

// A call its sender waits for.
struct local_call {
	struct mailbox_call call;
	bool finished; // under the lock
	int rc;
};

// Runs `run` under the lock, and the flush after it. It sets call->rc, which is returned.
// -ESHUTDOWN
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
