// SPDX-License-Identifier: BSD-3-Clause
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static const char *const texts[NOTIFY_STATES] = {
	[NOTIFY_READY] = "READY=1\nSTATUS=Running",
	[NOTIFY_RELOADING] = "RELOADING=1\nSTATUS=Reading the configuration",
	[NOTIFY_STOPPING] = "STOPPING=1\nSTATUS=Leaving all groups",
	[NOTIFY_STALLED] = "STATUS=A worker is stalled",
	[NOTIFY_RECOVERED] = "STATUS=Running",
	[NOTIFY_WATCHDOG] = "WATCHDOG=1",
};

static int pipe_fd = -1; // control thread

void notify_use_pipe(int fd)
{
	pipe_fd = fd;
}

static void send_text(const char *path, const char *text)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const size_t len = strlen(path);
	int fd;

	if (len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warning("service manager: %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void notify_send(enum notify_state state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const uint8_t number = (uint8_t)state;
	char text[128];
	struct timespec now;

	if (pipe_fd >= 0) {
		if (write(pipe_fd, &number, sizeof(number)) < 0)
			log_warning("parent: %s", strerror(errno));
		return;
	}
	if (!path || path[0] == '\0')
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "%s", texts[state]);
	if (state == NOTIFY_RELOADING)
		snprintf(text, sizeof(text), "%s\nMONOTONIC_USEC=%" PRIu64, texts[state],
			(uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	send_text(path, text);
}

double notify_watchdog_seconds(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!us || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtod(us, NULL) / 1e6;
}
