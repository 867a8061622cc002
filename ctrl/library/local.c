// SPDX-License-Identifier: BSD-3-Clause
// An engine with a lock, and a control thread of its own.
#include "local.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_lcore.h>
#include "config.h"

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

// ---- Open ----------------------------------------------------------------------------------

// Keeps the first of the configuration's problems.
static void report(void *arg, const char *line)
{
	struct error *error = arg;

	if (error->text[0] == '\0')
		snprintf(error->text, sizeof(error->text), "%s", line);
}

static int list_interfaces(struct sluice *sluice)
{
	struct engine_interface *interface = engine_interface_first(sluice->engine);

	sluice->interfaces = calloc(sluice->config->n_interfaces, sizeof(*sluice->interfaces));
	if (sluice->interfaces == NULL)
		return -ENOMEM;
	for (; interface != NULL; interface = engine_interface_next(interface))
		sluice->interfaces[sluice->n_interfaces++] = interface;
	return 0;
}

// Handed to whoever waits longest, so that a thread that calls all the time does not keep the
// control thread from its timers; and whoever waits lends the holder its priority.
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

// On the CPUs EAL leaves to threads like this one; signals are the application's.
static int start_thread(struct sluice *sluice)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = rte_ctrl_thread_create(&sluice->thread, "sluice-control", NULL, control, sluice);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int open_calls(struct sluice *sluice)
{
	int rc = open_lock(&sluice->lock);

	if (rc < 0)
		return rc;
	rc = mailbox_open(&sluice->mailbox);
	if (rc < 0)
		pthread_mutex_destroy(&sluice->lock);
	return rc;
}

static void close_calls(struct sluice *sluice)
{
	mailbox_close(&sluice->mailbox);
	pthread_mutex_destroy(&sluice->lock);
}

static int open_all(struct sluice *sluice, struct error *error)
{
	int rc;

	sluice->engine = engine_open(sluice->config, NULL, error);
	if (sluice->engine == NULL)
		return -EIO;
	rc = list_interfaces(sluice);
	if (rc == 0)
		rc = engine_listen(sluice->engine, local_event, sluice);
	if (rc < 0) {
		error_set(error, -rc, "engine: %s", strerror(-rc));
		goto close_engine;
	}
	rc = open_calls(sluice);
	if (rc < 0) {
		error_set(error, -rc, "mailbox: %s", strerror(-rc));
		goto close_engine;
	}
	rc = start_thread(sluice);
	if (rc != 0) {
		rc = error_set(error, abs(rc), "control thread: %s", strerror(abs(rc)));
		goto close_calls;
	}
	return 0;

close_calls:
	close_calls(sluice);
close_engine:
	free(sluice->interfaces);
	engine_close(sluice->engine);
	return rc;
}

int sluice_open(const char *yaml, struct sluice **sluice, struct sluice_error *sluice_error)
{
	struct error error = {.text = ""};
	struct sluice *new;
	int rc = -ENOMEM;

	if (yaml == NULL || sluice == NULL)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	LIST_INIT(&new->sessions);
	new->config = config_load_text("configuration", yaml, strlen(yaml), report, &error);
	if (new->config == NULL) {
		rc = -EINVAL;
		goto free_new;
	}
	new->config->embedded = true;
	rc = open_all(new, &error);
	if (rc < 0)
		goto free_config;
	*sluice = new;
	return 0;

free_config:
	config_free(new->config);
free_new:
	free(new);
	if (sluice_error != NULL)
		snprintf(sluice_error->text, sizeof(sluice_error->text), "%s", error.text);
	return rc;
}

// ---- Close ---------------------------------------------------------------------------------

struct close_call {
	struct local_call base;
	struct sluice *sluice;
};

static void drained(void *arg)
{
	struct sluice *sluice = arg;

	// The calls that came meanwhile have their answers, and the next ones are refused.
	run_calls(sluice, mailbox_shut(&sluice->mailbox));
	sluice->closed = true;
}

static void drain(struct mailbox_call *call)
{
	struct sluice *sluice = ((struct close_call *)call)->sluice;
	struct local_session *session;

	LIST_FOREACH (session, &sluice->sessions, next)
		session->engine = NULL;
	engine_drain(sluice->engine, drained, sluice);
}

void sluice_close(struct sluice *sluice)
{
	struct close_call call = {.sluice = sluice};
	struct local_session *session;

	if (sluice == NULL)
		return;
	local_run(sluice, &call.base, drain);
	pthread_join(sluice->thread, NULL);
	while ((session = LIST_FIRST(&sluice->sessions)) != NULL) {
		LIST_REMOVE(session, next);
		local_session_free(session);
	}
	close_calls(sluice);
	engine_close(sluice->engine);
	free(sluice->interfaces);
	config_free(sluice->config);
	free(sluice);
}
