// SPDX-License-Identifier: BSD-3-Clause
// A program that links without DPDK and sends requests from standard input to a sluiced: "join
// GROUP", "join_async GROUP" or "leave GROUP", one per line. Prints one line per answer and per
// event. usage: client_fixture SOCKET
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include "address.h"
#include "client.h"

static struct events events;
static struct client client;

static void print_event(const struct sluice_event *event)
{
	static const char *const kinds[] = {
		[SLUICE_EVENT_PENDING] = "pending",
		[SLUICE_EVENT_JOINED] = "joined",
		[SLUICE_EVENT_ERROR] = "error",
		[SLUICE_EVENT_LEFT] = "left",
	};
	char text[ADDRESS_TEXT_MAX];

	printf("event %s %s %s\n", kinds[event->kind],
		event->group.family != 0 ? address_format(&event->group, text) : "all",
		event->status < 0 ? strerrorname_np(-event->status) : "0");
}

static int carry_out(const char *command, const char *group)
{
	struct membership_request request = {.ifindex = 0};
	bool ended;
	int rc;

	if (!address_parse(group, &request.group))
		return -EINVAL;
	rc = client_interfaces_resolve(&client.interfaces, &request.ifindex);
	if (rc < 0)
		return rc;
	if (strcmp(command, "join_async") == 0)
		return client_member_join_async(&client, &request, &client);
	request.call = strcmp(command, "join") == 0 ? MEMBERSHIP_JOIN : MEMBERSHIP_LEAVE;
	rc = client_member_change(&client, &request, &ended);
	if (rc == 0 && ended)
		printf("ended %s\n", group);
	return rc;
}

// Returns whether there is more.
static bool read_command(void)
{
	char line[128], command[16], group[64];
	int rc;

	if (fgets(line, sizeof(line), stdin) == NULL ||
		sscanf(line, "%15s %63s", command, group) != 2)
		return false;
	rc = carry_out(command, group);
	printf("%s %s %s\n", command, group, rc < 0 ? strerrorname_np(-rc) : "0");
	return true;
}

static void loop(void)
{
	struct pollfd ready[] = {
		{.fd = 0, .events = POLLIN},
		{.fd = event_queue_fd(&events.queue), .events = POLLIN},
	};
	struct sluice_event event;

	for (;;) {
		poll(ready, 2, -1);
		while (event_queue_get(&events.queue, &event) == 0) {
			print_event(&event);
			event_queue_ack(&events.queue, event.id);
		}
		if (ready[0].revents != 0 && !read_command())
			return;
	}
}

int main(int argc, char **argv)
{
	int rc;

	setlinebuf(stdout);
	setbuf(stdin, NULL); // poll() sees each line
	if (argc != 2 || events_init(&events) < 0)
		return 2;
	rc = client_open(&client, argv[1], 0, &events);
	printf("open %s\n", rc < 0 ? strerrorname_np(-rc) : "0");
	if (rc == 0) {
		loop();
		client_close(&client);
	}
	events_fini(&events);
	return rc < 0;
}
