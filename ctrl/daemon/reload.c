// SPDX-License-Identifier: BSD-3-Clause
#include "reload.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "notify.h"

#define TURN_NS 1000000 // CPU time

static void begin(struct reload *reload);

static void schedule(struct reload *reload)
{
	static const struct timeval now = {0};

	// A timer, not event_active(): the loop checks for queries and signals before it.
	event_add(reload->turn, &now);
}

static void end(struct reload *reload, struct config *unused)
{
	loader_close(reload->loader, unused);
	reload->loader = NULL;
	reload->next = NULL;
	notify_send(NOTIFY_READY);
	if (reload->again)
		begin(reload);
}

// ---- Applying ------------------------------------------------------------------------------

static void log_note(void *arg, const char *line)
{
	(void)arg;
	log_warning("reload: %s", line);
}

static void finish(struct reload *reload)
{
	struct config *before = *reload->config;
	char text[256];

	engine_reload_close(reload->applying);
	reload->applying = NULL;
	rpc_reload(reload->rpc, &reload->next->control);
	*reload->config = reload->next;
	engine_report_text(&reload->report, text, sizeof(text));
	if (reload->report.refused > 0)
		log_error("reload: %s", text);
	else
		log_info("reload: done: %s", text);
	end(reload, before);
}

static void turn(evutil_socket_t fd, short what, void *arg)
{
	struct reload *reload = arg;
	uint64_t end_ns;
	bool done;

	(void)fd;
	(void)what;
	engine_turn(reload->engine);
	end_ns = engine_now_cpu_ns() + TURN_NS;
	do
		done = engine_reload_some(reload->applying);
	while (!done && engine_now_cpu_ns() < end_ns);
	if (done)
		finish(reload);
	else
		schedule(reload);
}

// Checks what has to stay as it is, before anything is changed.
static int check(const struct reload *reload, const struct config *config, struct error *error)
{
	const struct config *present = *reload->config;
	const char *fixed = config_same_socket(&config->control, &present->control);

	if (strcmp(config->socket, present->socket) != 0)
		fixed = "socket";
	else if (!config_same_eal(config, present))
		fixed = "eal";
	return fixed ? error_set(error, EINVAL, "a change of `%s` needs a restart", fixed) : 0;
}

static void on_loaded(void *arg, struct config *config)
{
	struct reload *reload = arg;
	struct error error;

	engine_turn(reload->engine);
	if (!config) {
		log_error("reload: nothing is changed");
		end(reload, NULL);
		return;
	}
	reload->report = (struct engine_report){
		.tell = log_note,
		.control = !config_same_roles(&config->control, &(*reload->config)->control),
	};
	if (check(reload, config, &error) == 0)
		reload->applying =
			engine_reload_open(reload->engine, config, &reload->report, &error);
	if (!reload->applying) {
		log_error("reload: %s: %s, nothing is changed", reload->file, error.text);
		end(reload, config);
		return;
	}
	reload->next = config;
	schedule(reload);
}

// ---- Life ----------------------------------------------------------------------------------

int reload_open(struct reload *reload, struct error *error)
{
	reload->turn = event_new(reload->base, -1, 0, turn, reload);
	return reload->turn ? 0 : error_set(error, ENOMEM, "reload: out of memory");
}

static void begin(struct reload *reload)
{
	struct error error;

	reload->again = false;
	notify_send(NOTIFY_RELOADING);
	if (loader_open(reload->file, reload->base, on_loaded, reload, &reload->loader, &error) ==
		0)
		return;
	log_error("reload: %s, nothing is changed", error.text);
	notify_send(NOTIFY_READY);
}

void reload_start(struct reload *reload)
{
	if (!reload->loader) {
		begin(reload);
		return;
	}
	reload->again = true;
	log_info("reload: another one follows the one that is %s",
		reload->next ? "applied" : "read");
}

void reload_close(struct reload *reload)
{
	if (reload->applying)
		engine_reload_close(reload->applying);
	if (reload->loader)
		loader_close(reload->loader, reload->next);
	if (reload->turn)
		event_free(reload->turn);
	*reload = (struct reload){.file = NULL};
}
