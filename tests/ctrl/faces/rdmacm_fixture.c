// SPDX-License-Identifier: BSD-3-Clause
#include "rdmacm_fixture.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

struct rdma_event_channel *channel;

void channel_open(void)
{
	unsetenv("SLUICE_SOCKET");
	library_double_interface_add("tv", "10.9.0.2", "fe80::2");
	channel = rdma_create_event_channel();
	cr_assert(channel);
	cr_assert_eq(fcntl(channel->fd, F_SETFL, O_NONBLOCK), 0);
}

struct sockaddr *sockaddr_of(const char *address, uint16_t port)
{
	static struct sockaddr_storage room[4];
	static unsigned next;
	struct sockaddr_storage *addr = &room[next++ % 4];
	struct sluice_addr ip = library_double_addr(address);

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = ip.family;
	if (ip.family == AF_INET) {
		memcpy(&((struct sockaddr_in *)addr)->sin_addr, ip.bytes, 4);
		((struct sockaddr_in *)addr)->sin_port = htons(port);
	} else {
		memcpy(&((struct sockaddr_in6 *)addr)->sin6_addr, ip.bytes, 16);
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
	}
	return (struct sockaddr *)addr;
}

void expect_event(
	struct rdma_cm_id *id, enum rdma_cm_event_type type, int status, const void *context)
{
	struct rdma_cm_event *event;
	struct pollfd readable = {.fd = channel->fd, .events = POLLIN};

	cr_assert_eq(poll(&readable, 1, 0), 1);
	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_eq(event->id, id);
	cr_expect_eq(event->event, type, "%s", rdma_event_str(event->event));
	cr_expect_eq(event->status, status);
	cr_expect_eq(event->param.ud.private_data, context);
	cr_assert_eq(rdma_ack_cm_event(event), 0);
}

void expect_no_event(void)
{
	struct rdma_cm_event *event;

	EXPECT_ERRNO(rdma_get_cm_event(channel, &event), EAGAIN);
}
