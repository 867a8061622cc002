// SPDX-License-Identifier: BSD-3-Clause
#include "watchdog.h"

#include <errno.h>
#include <event2/event.h>

#include "log.h"
#include "notify.h"

#define FEEDS 3 // within the time of the watchdog

static void on_event(void *arg, const struct engine_event *event)
{
	struct watchdog *watchdog = arg;

	if (event->kind != ENGINE_EVENT_WORKER)
		return;
	if (event->stalled) {
		log_error("worker on lcore %u is stalled: no turn of its loop for %d ms",
			event->lcore, WORKER_STALL_MS);
		notify_send(NOTIFY_STALLED);
	} else {
		log_info("worker on lcore %u runs again", event->lcore);
		if (worker_count_stalled(engine_dataplane(watchdog->engine)) == 0)
			notify_send(NOTIFY_RECOVERED);
	}
}

static void feed(evutil_socket_t fd, short what, void *arg)
{
	struct watchdog *watchdog = arg;
	struct sluice_control_stats stats;

	(void)fd;
	(void)what;
	engine_stats_control(watchdog->engine, &stats);
	if (stats.turns == watchdog->turns ||
		worker_count_stalled(engine_dataplane(watchdog->engine)) > 0)
		return;
	watchdog->turns = stats.turns;
	notify_send(NOTIFY_WATCHDOG);
}

static int start_timer(struct watchdog *watchdog, struct event_base *base, double seconds)
{
	const double us = seconds * 1e6 / FEEDS;
	struct timeval interval = {.tv_sec = (time_t)(us / 1e6)};

	interval.tv_usec = (suseconds_t)(us - (double)interval.tv_sec * 1e6);
	watchdog->timer = event_new(base, -1, EV_PERSIST, feed, watchdog);
	return watchdog->timer && event_add(watchdog->timer, &interval) == 0 ? 0 : -ENOMEM;
}

int watchdog_open(struct watchdog *watchdog, struct event_base *base, struct engine *engine,
	struct error *error)
{
	const double seconds = notify_watchdog_seconds();

	*watchdog = (struct watchdog){.engine = engine};
	if (engine_event_listen(engine, on_event, watchdog) < 0)
		return error_set(error, ENOMEM, "watchdog: out of memory");
	if (seconds > 0 && start_timer(watchdog, base, seconds) < 0) {
		watchdog_close(watchdog);
		return error_set(error, ENOMEM, "watchdog: out of memory");
	}
	return 0;
}

void watchdog_close(struct watchdog *watchdog)
{
	engine_event_unlisten(watchdog->engine, on_event, watchdog);
	if (watchdog->timer)
		event_free(watchdog->timer);
}
