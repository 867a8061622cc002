// SPDX-License-Identifier: BSD-3-Clause
// Calls of an engine in this process, and its control thread.
#include "local.h"
#include <signal.h>
#include <rte_lcore.h>

// ---- Calls ---------------------------------------------------------------------------------

// Under the lock.
static void run_calls(struct sluice *sluice, struct mailbox_call *calls)
{
	struct mailbox_call *next;

	if (calls == NULL)
		return;
	for (struct mailbox_call *call = calls; call != NULL; call = call->next)
		call->run(call);
	engine_flush(sluice->engine);
	for (; calls != NULL; calls = next) {
		next = calls->next;
		calls->finish(calls);
	}
}

static void finish(struct mailbox_call *mailbox_call)
{
	struct local_call *call = (struct local_call *)mailbox_call;

	call->finished = true;
}

int local_run(
	struct sluice *sluice, struct local_call *call, void (*run)(struct mailbox_call *call))
{
	int rc;

	call->call.run = run;
	call->call.finish = finish;
	call->finished = false;
	rc = mailbox_add(&sluice->mailbox, &call->call);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&sluice->lock);
	if (!call->finished)
		run_calls(sluice, mailbox_take(&sluice->mailbox));
	pthread_mutex_unlock(&sluice->lock);
	return call->rc;
}

void local_shut(struct sluice *sluice)
{
	run_calls(sluice, mailbox_shut(&sluice->mailbox));
	sluice->closed = true;
}

struct engine_interface *local_interface(const struct sluice *sluice, unsigned ifindex)
{
	return sluice->interfaces[ifindex - 1];
}

// ---- The control thread --------------------------------------------------------------------

static void *control(void *arg)
{
	struct sluice *sluice = arg;
	uint64_t due_ms = engine_now_ms(), now_ms;
	bool closed = false;

	while (!closed) {
		now_ms = engine_now_ms();
		mailbox_wait(&sluice->mailbox, due_ms > now_ms ? (int)(due_ms - now_ms) : 0);
		pthread_mutex_lock(&sluice->lock);
		run_calls(sluice, mailbox_take(&sluice->mailbox));
		now_ms = engine_now_ms();
		if (now_ms >= due_ms) {
			engine_tick(sluice->engine);
			due_ms = now_ms + ENGINE_TICK_MS;
		}
		closed = sluice->closed;
		pthread_mutex_unlock(&sluice->lock);
	}
	return NULL;
}

// A waiting thread lends its priority to the holder of the lock. The kernel hands such a lock to
// the thread that waits longest, so that a thread that calls all the time does not keep the control
// thread from its timers.
static int open_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int rc;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	rc = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return -rc;
}

// On the CPUs that EAL leaves to control threads; signals are the application's.
static int start_thread(struct sluice *sluice)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = rte_ctrl_thread_create(&sluice->thread, "sluice-control", NULL, control, sluice);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc > 0 ? -rc : rc;
}

int local_start(struct sluice *sluice)
{
	int rc = open_lock(&sluice->lock);

	if (rc < 0)
		return rc;
	rc = mailbox_open(&sluice->mailbox);
	if (rc < 0)
		goto destroy_lock;
	rc = start_thread(sluice);
	if (rc < 0)
		goto close_mailbox;
	return 0;

close_mailbox:
	mailbox_close(&sluice->mailbox);
destroy_lock:
	pthread_mutex_destroy(&sluice->lock);
	return rc;
}

void local_stop(struct sluice *sluice)
{
	pthread_join(sluice->thread, NULL);
	mailbox_close(&sluice->mailbox);
	pthread_mutex_destroy(&sluice->lock);
}
