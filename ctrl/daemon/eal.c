// SPDX-License-Identifier: BSD-3-Clause
#include "eal.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static char cause[200]; // the first error that EAL logs while it starts; control thread
static FILE *terminal; // stderr while EAL starts, else NULL
static atomic_bool running; // written by the control thread, read by each thread that logs

// The first error is the cause; the later ones are its consequences.
static void keep_cause(const char *text, int len)
{
	const char *start = len > 5 && strncmp(text, "EAL: ", 5) == 0 ? text + 5 : text;

	if (cause[0] == '\0')
		snprintf(cause, sizeof(cause), "%.*s", len - (int)(start - text), start);
}

// DPDK's messages are for developers: during start all are debug lines, later its errors are
// warnings.
static void take_line(const char *text, int len)
{
	bool is_error = rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR;
	bool started = atomic_load_explicit(&running, memory_order_relaxed);
	FILE *muted = stderr;

	if (is_error && terminal)
		keep_cause(text, len);
	if (terminal)
		stderr = terminal;
	if (is_error && started)
		log_limited(LOG_LEVEL_WARNING, "%.*s", len, text);
	else
		log_debug("%.*s", len, text);
	stderr = muted;
}

static ssize_t take_text(void *cookie, const char *text, size_t size)
{
	const char *end = text + size;

	(void)cookie;
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

// What to do about errors of EAL whose texts do not say it.
static const struct {
	const char *cause, *text;
} hints[] = {
	{"rtemap_",
		"the user of the daemon may not create files on hugetlbfs: mount it with uid= of "
		"the user, or without files: eal: [\"--in-memory\"]"},
	{"hugepage", "no hugepages are free: reserve some (sysctl vm.nr_hugepages=256), or give up "
		     "hugepages in the configuration: eal: [\"--no-huge\", \"-m\", \"256\"]"},
	{"Main lcore", "the lcore of lcores.control is not among those that `eal` maps"},
	{"memseg", "the memory that -m in `eal` requests is not available: request less"},
	{"services array", "the memory that -m in `eal` requests is not available: request less"},
};

// `printed` has the line that getopt() prints about a wrong argument: "PROGRAM: TEXT".
static int explain(const char *printed, struct error *error)
{
	int code = rte_errno > 0 ? rte_errno : EIO;
	const char *wrong = strstr(printed, ": ");

	if (strstr(cause, "command line"))
		return error_set(error, code,
			"EAL: an argument in `eal` is wrong%.*s (see the EAL parameters of DPDK)",
			wrong ? (int)strcspn(wrong, "\n") : 0, wrong ? wrong : "");
	for (unsigned i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strstr(cause, hints[i].cause))
			return error_set(error, code, "EAL: %s", hints[i].text);
	return error_set(error, code, "EAL: %s", cause[0] ? cause : rte_strerror(code));
}

// EAL and its option parser also print to stderr. *printed is for the caller to free; NULL without
// memory.
static int start_muted(int n, char **args, char **printed)
{
	size_t size;
	FILE *text = open_memstream(printed, &size);
	int rc;

	if (!text)
		return rte_eal_init(n, args);
	terminal = stderr;
	stderr = text;
	rc = rte_eal_init(n, args);
	stderr = terminal;
	terminal = NULL;
	fclose(text);
	return rc;
}

// EAL would print its help and end the process with status 0.
static bool asks_for_help(const char *arg)
{
	return strncmp(arg, "-h", 2) == 0 ||
	       (strlen(arg) > 2 && strncmp("--help", arg, strlen(arg)) == 0);
}

int eal_start(const struct config *config, struct error *error)
{
	char program[] = "sluiced", lcores_option[] = "-l", main_option[] = "--main-lcore";
	char *list = lcore_list(&config->lcores), *printed = NULL, control[12];
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
	if (!config->lcores.mapped) {
		args[n++] = lcores_option;
		args[n++] = list;
	}
	args[n++] = main_option;
	args[n++] = control;
	for (unsigned i = 0; i < config->n_eal; i++) {
		args[n++] = config->eal[i];
		if (asks_for_help(config->eal[i])) {
			rc = error_set(error, EINVAL, "EAL: %s in `eal` only prints a text",
				config->eal[i]);
			goto free_args;
		}
	}
	if (start_muted(n, args, &printed) < 0)
		rc = explain(printed ? printed : "", error);
	free(printed);
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
