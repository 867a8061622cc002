// SPDX-License-Identifier: BSD-3-Clause
// An engine with a control thread of its own.
#include "local.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_lcore.h>
#include "config.h"

// ---- The control thread --------------------------------------------------------------------

static void run_calls(struct sluice *sluice, struct mailbox_call *calls)
{
	struct mailbox_call *next;

	for (struct mailbox_call *call = calls; call != NULL; call = call->next)
		call->run(call);
	engine_flush(sluice->engine);
	for (; calls != NULL; calls = next) {
		next = calls->next;
		calls->finish(calls);
	}
}

static void mail(evutil_socket_t fd, short what, void *arg)
{
	struct sluice *sluice = arg;

	run_calls(sluice, mailbox_take(&sluice->mailbox));
}

static void *control(void *arg)
{
	struct sluice *sluice = arg;

	event_base_dispatch(sluice->base);
	return NULL;
}

static void finish(struct mailbox_call *mailbox_call)
{
	struct local_call *call = (struct local_call *)mailbox_call;

	sem_post(&call->done);
}

int local_run(
	struct sluice *sluice, struct local_call *call, void (*run)(struct mailbox_call *call))
{
	int rc;

	call->call.run = run;
	call->call.finish = finish;
	sem_init(&call->done, 0, 0);
	rc = mailbox_post(&sluice->mailbox, &call->call);
	if (rc == 0) {
		while (sem_wait(&call->done) < 0)
			;
		rc = call->rc;
	}
	sem_destroy(&call->done);
	return rc;
}

struct engine_interface *local_interface(const struct sluice *sluice, unsigned ifindex)
{
	return sluice->interfaces[ifindex - 1];
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

static int open_engine(struct sluice *sluice, struct error *error)
{
	sluice->base = event_base_new();
	if (sluice->base == NULL)
		return error_set(error, ENOMEM, "event loop: out of memory");
	sluice->engine = engine_open(sluice->config, sluice->base, error);
	if (sluice->engine == NULL) {
		event_base_free(sluice->base);
		return -EIO;
	}
	return 0;
}

static int open_mailbox(struct sluice *sluice)
{
	int rc;

	rc = mailbox_open(&sluice->mailbox);
	if (rc < 0)
		return rc;
	sluice->mail =
		event_new(sluice->base, sluice->mailbox.fd, EV_READ | EV_PERSIST, mail, sluice);
	if (sluice->mail == NULL || event_add(sluice->mail, NULL) < 0 ||
		engine_listen(sluice->engine, local_event, sluice) < 0) {
		rc = -ENOMEM;
		goto free_mail;
	}
	return 0;

free_mail:
	if (sluice->mail != NULL)
		event_free(sluice->mail);
	mailbox_close(&sluice->mailbox);
	return rc;
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

static int open_all(struct sluice *sluice, struct error *error)
{
	int rc;

	rc = open_engine(sluice, error);
	if (rc < 0)
		return rc;
	rc = list_interfaces(sluice);
	if (rc < 0) {
		error_set(error, -rc, "interfaces: out of memory");
		goto close_engine;
	}
	rc = open_mailbox(sluice);
	if (rc < 0) {
		error_set(error, -rc, "mailbox: %s", strerror(-rc));
		goto free_interfaces;
	}
	rc = start_thread(sluice);
	if (rc != 0) {
		rc = error_set(error, abs(rc), "control thread: %s", strerror(abs(rc)));
		goto close_mailbox;
	}
	return 0;

close_mailbox:
	event_free(sluice->mail);
	mailbox_close(&sluice->mailbox);
free_interfaces:
	free(sluice->interfaces);
close_engine:
	engine_close(sluice->engine);
	event_base_free(sluice->base);
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
	event_base_loopbreak(sluice->base);
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
	event_free(sluice->mail);
	mailbox_close(&sluice->mailbox);
	engine_close(sluice->engine);
	event_base_free(sluice->base);
	free(sluice->interfaces);
	config_free(sluice->config);
	free(sluice);
}
