// SPDX-License-Identifier: BSD-3-Clause
#include "eal.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

static char complaint[200]; // one thread, up to eal_running()
static atomic_bool running; // written by the control thread, read by whoever logs

static void keep(const char *text, int len)
{
	snprintf(complaint, sizeof(complaint), "%.*s", len, text);
}

// DPDK's lines are for developers: what happens at start is debugging, later only its errors are
// anybody's business.
static void take_line(const char *text, int len)
{
	bool grave = rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR;

	if (grave && !atomic_load_explicit(&running, memory_order_relaxed)) {
		keep(text, len);
		grave = false;
	}
	log_line(grave ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "%.*s", len, text);
}

static ssize_t take_text(void *cookie, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (stop > text)
			take_line(text, (int)(stop - text));
		text = stop + 1;
	}
	return (ssize_t)size;
}

static int take_log(struct error *error)
{
	static const cookie_io_functions_t functions = {.write = take_text};
	FILE *stream = fopencookie(NULL, "w", functions);

	if (!stream)
		return error_set(error, ENOMEM, "EAL: out of memory");
	rte_openlog_stream(stream);
	return 0;
}

static char *lcore_list(const struct config_lcores *lcores)
{
	size_t size;
	char *list = NULL;
	FILE *text = open_memstream(&list, &size);

	if (!text)
		return NULL;
	fprintf(text, "%u", lcores->control);
	for (unsigned i = 0; i < lcores->n_workers; i++)
		fprintf(text, ",%u", lcores->workers[i]);
	if (fclose(text) == 0)
		return list;
	free(list);
	return NULL;
}

int eal_start(const struct config *config, struct error *error)
{
	char program[] = "sluiced", lcores_option[] = "-l", main_option[] = "--main-lcore";
	char *list = lcore_list(&config->lcores), control[12];
	char **args = calloc(config->n_eal + 6, sizeof(*args));
	int n = 0, rc = 0;

	if (!list || !args) {
		rc = error_set(error, ENOMEM, "EAL: out of memory");
		goto free_args;
	}
	rc = take_log(error);
	if (rc < 0)
		goto free_args;
	snprintf(control, sizeof(control), "%u", config->lcores.control);
	args[n++] = program;
	if (!config_maps_lcores(config)) {
		args[n++] = lcores_option;
		args[n++] = list;
	}
	args[n++] = main_option;
	args[n++] = control;
	for (unsigned i = 0; i < config->n_eal; i++)
		args[n++] = config->eal[i];
	if (rte_eal_init(n, args) < 0)
		rc = error_set(error, rte_errno, "EAL: %s", rte_strerror(rte_errno));
free_args:
	free(args);
	free(list);
	return rc;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}

void eal_running(void)
{
	atomic_store_explicit(&running, true, memory_order_relaxed);
}

const char *eal_complaint(void)
{
	return complaint;
}
