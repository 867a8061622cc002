// SPDX-License-Identifier: BSD-3-Clause
#include "loader.h"

#include <errno.h>
#include <rte_config.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"

#define LINES_MAX 100 // of a file with many mistakes

struct loader {
	const char *file; // const
	int fd; // wakes the event loop when the file is read
	sem_t closed; // the thread goes on and frees
	// The thread: wo before it wakes the event loop, ro after `closed`. Control: rw in between.
	struct config *config;
	unsigned n_lines; // thread only
	struct event *event; // these three: control only
	void (*loaded)(void *arg, struct config *config);
	void *arg;
};

static cpu_set_t allowed; // CPUs of the process; const once threads run

void loader_note_cpus(void)
{
	sched_getaffinity(0, sizeof(allowed), &allowed);
}

struct config *loader_read(
	const char *file, bool limits, void (*report)(void *arg, const char *line), void *arg)
{
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE,
		.queues = RTE_MAX_QUEUES_PER_PORT,
		.cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF),
		.limits = limits,
	};

	return config_load(file, &bounds, report, arg);
}

// ---- The thread ----------------------------------------------------------------------------

static void log_mistake(void *arg, const char *line)
{
	struct loader *loader = arg;

	if (loader->n_lines++ < LINES_MAX)
		log_error("reload: %s", line);
}

// On other CPUs than the lcores. If there are none, on that of the control thread.
static void leave_lcores(void)
{
	cpu_set_t cpus = allowed;
	unsigned lcore;

	RTE_LCORE_FOREACH(lcore)
	{
		const cpu_set_t used = rte_lcore_cpuset(lcore);

		for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &used))
				CPU_CLR(cpu, &cpus);
	}
	if (CPU_COUNT(&cpus) > 0)
		pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
}

static void *run(void *arg)
{
	struct loader *loader = arg;

	pthread_setname_np(pthread_self(), "sluice-config");
	leave_lcores();

	loader->config = loader_read(loader->file, false, log_mistake, loader);
	if (loader->n_lines > LINES_MAX)
		log_error("reload: %u more mistakes", loader->n_lines - LINES_MAX);
	eventfd_write(loader->fd, 1);
	while (sem_wait(&loader->closed) < 0)
		;
	config_free(loader->config);
	sem_destroy(&loader->closed);
	close(loader->fd);
	free(loader);
	return NULL;
}

// ---- The control thread --------------------------------------------------------------------

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct loader *loader = arg;
	struct config *config = loader->config;
	eventfd_t n;

	(void)what;
	eventfd_read(fd, &n);
	loader->config = NULL;
	loader->loaded(loader->arg, config);
}

int loader_open(const char *file, struct event_base *base,
	void (*loaded)(void *arg, struct config *config), void *arg, struct loader **loader,
	struct error *error)
{
	struct loader *new = calloc(1, sizeof(*new));
	pthread_t thread;
	int rc = -ENOMEM;

	if (new == NULL)
		goto fail;
	*new = (struct loader){.file = file, .loaded = loaded, .arg = arg};
	new->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (new->fd < 0) {
		rc = -errno;
		goto free_new;
	}
	new->event = event_new(base, new->fd, EV_READ, on_read, new);
	if (new->event == NULL)
		goto close_fd;
	if (event_add(new->event, NULL) < 0)
		goto free_event;
	sem_init(&new->closed, 0, 0);
	// rte_ctrl_thread_create() would wait, and spin meanwhile, until the thread runs.
	rc = -pthread_create(&thread, NULL, run, new);
	if (rc < 0)
		goto destroy;
	pthread_detach(thread);
	*loader = new;
	return 0;

destroy:
	sem_destroy(&new->closed);
free_event:
	event_free(new->event);
close_fd:
	close(new->fd);
free_new:
	free(new);
fail:
	return error_set(error, -rc, "%s: %s", file, strerror(-rc));
}

void loader_close(struct loader *loader, struct config *unused)
{
	// A thread that still reads has a configuration of its own, and there is none to free.
	if (unused != NULL)
		loader->config = unused;
	event_free(loader->event);
	sem_post(&loader->closed);
}
