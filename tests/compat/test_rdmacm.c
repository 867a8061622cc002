// SPDX-License-Identifier: BSD-3-Clause
// Ids, memberships and their events, one thread. The shim is included as librdmacm's programs do.
#include <rdma/rdma_cma.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "fake.h"

static struct rdma_event_channel *channel;

static void channel_open(void)
{
	unsetenv("SLUICE_SOCKET");
	fake_interface_add("tv", "10.9.0.2", "fe80::2");
	channel = rdma_create_event_channel();
	cr_assert(channel);
	cr_assert_eq(fcntl(channel->fd, F_SETFL, O_NONBLOCK), 0);
}

TestSuite(rdmacm, .init = channel_open);

#define EXPECT_ERRNO(call, error)                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		cr_expect_eq(call, -1);                                                            \
		cr_expect_eq(errno, error, "%s", strerror(errno));                                 \
	} while (0)

static struct sockaddr *sockaddr_of(const char *address, uint16_t port)
{
	static struct sockaddr_storage room[4];
	static unsigned next;
	struct sockaddr_storage *addr = &room[next++ % 4];
	struct sluice_addr ip = fake_addr(address);

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

static struct rdma_cm_id *id_open(struct rdma_event_channel *of)
{
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(of, &id, (void *)"id", RDMA_PS_UDP), 0);
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("10.9.0.2", 0)), 0);
	fake_log();
	return id;
}

// Takes and acknowledges an event that must be there.
static void expect_event(
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

static void expect_no_event(void)
{
	struct rdma_cm_event *event;

	EXPECT_ERRNO(rdma_get_cm_event(channel, &event), EAGAIN);
}

static int send_only_join(struct rdma_cm_id *id, struct sockaddr *addr, void *context)
{
	struct rdma_cm_join_mc_attr_ex attr = {
		.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS,
		.join_flags = RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER,
		.addr = addr,
	};

	return rdma_join_multicast_ex(id, &attr, context);
}

Test(rdmacm, join_event_leave)
{
	static int context;
	struct rdma_cm_id *id = id_open(channel);

	cr_expect_eq(id->context, (void *)"id");
	cr_expect_eq(id->channel, channel);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 5004), &context), 0);
	cr_expect_str_eq(fake_log(), "join_async 1 239.1.1.1;");
	expect_no_event();
	fake_complete(fake_session());
	cr_expect_str_eq(fake_log(), "+239.1.1.1;");
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &context);
	expect_no_event();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 5004)), 0);
	cr_expect_str_eq(fake_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
	cr_expect_eq(fake_sessions(), 0);
}

Test(rdmacm, event_parameters)
{
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 239, 1, 1, 1};
	const struct sluice_addr group = fake_addr("ff0e::1");
	struct rdma_cm_id *id = id_open(channel);
	struct rdma_cm_event *event;

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("ff0e::1", 0), NULL), 0);
	fake_complete(fake_session());
	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_arr_eq(event->param.ud.ah_attr.grh.dgid.raw, mapped, 16);
	cr_expect_eq(event->param.ud.ah_attr.is_global, 1);
	cr_expect_eq(event->param.ud.qp_num, 0xffffff);
	cr_expect_eq(event->param.ud.qkey, RDMA_UDP_QKEY);
	cr_expect_eq(event->param.ud.private_data_len, 0);
	rdma_ack_cm_event(event);
	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_arr_eq(event->param.ud.ah_attr.grh.dgid.raw, group.bytes, 16);
	rdma_ack_cm_event(event);
}

Test(rdmacm, leave_cancels, .description = "a leave before the report: none is sent")
{
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	fake_complete(fake_session());
	cr_expect_str_eq(fake_log(), "join_async 1 239.1.1.1;leave 1 239.1.1.1;");
	expect_no_event();
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
}

Test(rdmacm, leave_drops_event, .description = "an event of the join that was not taken is gone")
{
	static int first, second;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &first), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &second), 0);
	fake_complete(fake_session());
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &first);
	expect_no_event();
}

Test(rdmacm, two_joins, .description = "two joins are two entries, the newest is left first")
{
	static int first, second;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &first), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &second), 0);
	fake_complete(fake_session());
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &first);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &second);
	cr_expect_str_eq(fake_log(), "join_async 1 239.1.1.1;join_async 1 239.1.1.1;+239.1.1.1;");
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(fake_log(), "leave 1 239.1.1.1;");
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(fake_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
}

Test(rdmacm, whole_sockaddr, .description = "API-41: another port, scope or family does not match")
{
	struct sockaddr_in6 scoped = *(struct sockaddr_in6 *)sockaddr_of("ff0e::1", 5004);
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 5004), NULL), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("ff0e::1", 5004), NULL), 0);
	fake_complete(fake_session());
	fake_log();
	scoped.sin6_scope_id = 1;
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 5005)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.2", 5004)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_leave_multicast(id, (struct sockaddr *)&scoped), EADDRNOTAVAIL);
	cr_expect_str_empty(fake_log());
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 5004)), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("ff0e::1", 5004)), 0);
}

Test(rdmacm, older_port_left, .description = "each entry keeps its events, whichever is left")
{
	static int first, second, third;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 1), &first), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 2), &second), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 3), &third), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 1)), 0);
	fake_complete(fake_session());
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &third);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &second);
	expect_no_event();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 2)), 0);
	fake_lose(fake_session(), "239.1.1.1", -ENETDOWN);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_ERROR, -ENETDOWN, &third);
	fake_log();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 3)), 0);
	cr_expect_str_eq(fake_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	expect_no_event();
}

Test(rdmacm, send_only, .description = "no report and an event; its leave leaves nothing")
{
	static int context;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(send_only_join(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &context);
	expect_no_event();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_assert_eq(send_only_join(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	expect_no_event();
	cr_expect_str_empty(fake_log());
	// A full member beside it is another entry.
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(send_only_join(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	fake_log();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_empty(fake_log());
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(fake_log(), "leave 1 239.1.1.1;");
}

Test(rdmacm, join_fails, .description = "MULTICAST_ERROR with its status; the leave is still due")
{
	static int context;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	fake_lose(fake_session(), "239.1.1.1", -ENOBUFS);
	fake_log();
	expect_event(id, RDMA_CM_EVENT_MULTICAST_ERROR, -ENOBUFS, &context);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	fake_lose(fake_session(), "239.1.1.1", -ENOBUFS);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0, "not taken yet");
	expect_no_event();
}

Test(rdmacm, group_lost, .description = "MULTICAST_ERROR after a good join")
{
	static int context;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	fake_complete(fake_session());
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &context);
	fake_lose(fake_session(), "239.1.1.1", -ENETDOWN);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_ERROR, -ENETDOWN, &context);
	fake_log();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(fake_log(), "leave 1 239.1.1.1;-239.1.1.1;");
}

Test(rdmacm, destroy_leaves_all, .description = "API-42: 150 groups")
{
	struct rdma_cm_id *id = id_open(channel);
	unsigned left = 0;
	char group[16];

	for (unsigned i = 1; i <= 150; i++) {
		snprintf(group, sizeof(group), "239.1.1.%u", i);
		cr_assert_eq(rdma_join_multicast(id, sockaddr_of(group, 0), NULL), 0);
	}
	cr_assert_eq(send_only_join(id, sockaddr_of("239.9.9.9", 0), NULL), 0);
	fake_complete(fake_session());
	fake_log();
	cr_assert_eq(rdma_destroy_id(id), 0);
	for (const char *at = fake_log(); (at = strstr(at, ";-239.1.1.")); at++)
		left++;
	cr_expect_eq(left, 150);
	expect_no_event();
}

Test(rdmacm, two_ids_one_channel)
{
	struct rdma_cm_id *first = id_open(channel), *second;
	struct sluice_session *session = fake_session();

	second = id_open(channel);
	cr_assert_eq(rdma_join_multicast(first, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(rdma_join_multicast(second, sockaddr_of("239.1.1.1", 0), NULL), 0);
	fake_complete(fake_session());
	expect_event(second, RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL);
	expect_no_event();
	fake_complete(session);
	cr_assert_eq(rdma_destroy_id(second), 0);
	expect_event(first, RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL);
}

Test(rdmacm, synchronous, .description = "an id without a channel blocks, id->event tells")
{
	static int context;
	struct rdma_cm_id *id = id_open(NULL);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	cr_expect_str_eq(fake_log(), "join 1 239.1.1.1;+239.1.1.1;");
	cr_assert(id->event);
	cr_expect_eq(id->event->id, id);
	cr_expect_eq(id->event->event, RDMA_CM_EVENT_MULTICAST_JOIN);
	cr_expect_eq(id->event->param.ud.private_data, &context);
	fake_fail("join", -ENOBUFS);
	EXPECT_ERRNO(rdma_join_multicast(id, sockaddr_of("239.1.1.2", 0), &context), ENOBUFS);
	cr_expect_eq(id->event->event, RDMA_CM_EVENT_MULTICAST_ERROR);
	cr_expect_eq(id->event->status, -ENOBUFS);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.2", 0)), EADDRNOTAVAIL);
	cr_assert_eq(send_only_join(id, sockaddr_of("239.1.1.3", 0), &context), 0);
	cr_expect_eq(id->event->event, RDMA_CM_EVENT_MULTICAST_JOIN);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_null(id->event);
	cr_assert_eq(rdma_destroy_id(id), 0);
	cr_expect_eq(fake_sessions(), 0);
}

Test(rdmacm, join_errors, .description = "API-34 API-41: a failed join changes nothing")
{
	struct sockaddr unknown = {.sa_family = AF_UNIX};
	struct rdma_cm_id *id = id_open(channel);
	struct rdma_cm_join_mc_attr_ex attr = {
		.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS,
		.addr = sockaddr_of("239.1.1.1", 0),
	};

	EXPECT_ERRNO(rdma_join_multicast(NULL, sockaddr_of("239.1.1.1", 0), NULL), EINVAL);
	EXPECT_ERRNO(rdma_join_multicast(id, NULL, NULL), EINVAL);
	EXPECT_ERRNO(rdma_join_multicast(id, &unknown, NULL), EINVAL);
	EXPECT_ERRNO(rdma_join_multicast(id, sockaddr_of("10.0.0.1", 0), NULL), EINVAL);
	fake_fail("join_async", -ENOBUFS);
	EXPECT_ERRNO(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), ENOBUFS);
	EXPECT_ERRNO(rdma_join_multicast_ex(id, NULL, NULL), EINVAL);
	attr.join_flags = RDMA_MC_JOIN_FLAG_RESERVED;
	EXPECT_ERRNO(rdma_join_multicast_ex(id, &attr, NULL), EINVAL);
	attr.join_flags = RDMA_MC_JOIN_FLAG_FULLMEMBER;
	attr.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS;
	EXPECT_ERRNO(rdma_join_multicast_ex(id, &attr, NULL), EINVAL);
	attr.comp_mask = RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS;
	EXPECT_ERRNO(rdma_join_multicast_ex(id, &attr, NULL), EINVAL);
	attr.comp_mask |= RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_RESERVED;
	EXPECT_ERRNO(rdma_join_multicast_ex(id, &attr, NULL), ENOTSUP);
	expect_no_event();
	cr_expect_str_empty(fake_log());
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	attr.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS;
	cr_expect_eq(rdma_join_multicast_ex(id, &attr, NULL), 0);
	cr_expect_str_eq(fake_log(), "join_async 1 239.1.1.1;");
}

Test(rdmacm, leave_errors, .description = "API-12 API-41")
{
	struct sockaddr unknown = {.sa_family = AF_UNIX};
	struct rdma_cm_id *id = id_open(channel);

	EXPECT_ERRNO(rdma_leave_multicast(NULL, sockaddr_of("239.1.1.1", 0)), EINVAL);
	EXPECT_ERRNO(rdma_leave_multicast(id, NULL), EINVAL);
	EXPECT_ERRNO(rdma_leave_multicast(id, &unknown), EINVAL);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	fake_complete(fake_session());
	fake_fail("leave", -EPIPE);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EPIPE);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
}

Test(rdmacm, create_errors)
{
	struct rdma_cm_id *id;

	EXPECT_ERRNO(rdma_create_id(channel, NULL, NULL, RDMA_PS_UDP), EINVAL);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), EPROTONOSUPPORT);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_IPOIB), EPROTONOSUPPORT);
	fake_fail("session_open", -ECONNREFUSED);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), ECONNREFUSED);
	fake_fail("event_fd", -ENOMEM);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), ENOMEM);
	cr_expect_eq(fake_sessions(), 0);
	EXPECT_ERRNO(rdma_destroy_id(NULL), EINVAL);
}

Test(rdmacm, event_errors)
{
	struct rdma_cm_id *id = id_open(channel);
	struct rdma_cm_event *event;

	EXPECT_ERRNO(rdma_get_cm_event(NULL, &event), EINVAL);
	EXPECT_ERRNO(rdma_get_cm_event(channel, NULL), EINVAL);
	EXPECT_ERRNO(rdma_ack_cm_event(NULL), EINVAL);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	fake_complete(fake_session());
	fake_fail("event_get", -EPIPE);
	EXPECT_ERRNO(rdma_get_cm_event(channel, &event), EPIPE);
}

Test(rdmacm, where_ids_open)
{
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	cr_expect_str_eq(fake_log(), "session_open /run/sluice/sluice.sock 0;");
	setenv("SLUICE_SOCKET", "/tmp/environment", 1);
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	cr_expect_str_eq(fake_log(), "session_open /tmp/environment 0;");
	sluice_rdmacm_attach((struct sluice *)&channel, NULL);
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	cr_expect_str_eq(fake_log(), "session_open engine 0;");
	cr_expect_eq(sluice_rdmacm_session(id), fake_session());
}

Test(rdmacm, bind, .description = "API-35: an address chooses the interface, a port the frames")
{
	struct sockaddr_in6 scoped = *(struct sockaddr_in6 *)sockaddr_of("fe80::2", 0);
	struct sockaddr unknown = {.sa_family = AF_UNIX};
	struct rdma_cm_id *id;

	fake_interface_add("tv20", "10.20.0.2", "fe80::2");
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	fake_log();
	EXPECT_ERRNO(rdma_bind_addr(NULL, sockaddr_of("10.9.0.2", 0)), EINVAL);
	EXPECT_ERRNO(rdma_bind_addr(id, NULL), EINVAL);
	EXPECT_ERRNO(rdma_bind_addr(id, &unknown), EINVAL);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("10.9.0.3", 0)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("0.0.0.0", 0)), ENODEV);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("::", 0)), ENODEV);
	EXPECT_ERRNO(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), EINVAL);
	fake_fail("session_bind", -ENOMEM);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("10.20.0.2", 5004)), ENOMEM);
	fake_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("10.20.0.2", 5004)), 0);
	cr_expect_str_eq(fake_log(), "set_multicast_if 2;session_bind 5004;");
	cr_expect_eq(memcmp(rdma_get_local_addr(id), sockaddr_of("10.20.0.2", 5004),
			     sizeof(struct sockaddr_in)),
		0);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("10.20.0.2", 5004)), EINVAL);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_expect_str_eq(fake_log(), "join_async 2 239.1.1.1;");

	// Link-local addresses may repeat; the scope id tells which interface is meant.
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	fake_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("fe80::2", 0)), 0);
	cr_expect_str_eq(fake_log(), "set_multicast_if 1;");
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	fake_log();
	scoped.sin6_scope_id = 2;
	cr_assert_eq(rdma_bind_addr(id, (struct sockaddr *)&scoped), 0);
	cr_expect_str_eq(fake_log(), "set_multicast_if 2;");
}

Test(rdmacm, bind_wildcard)
{
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	fake_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("0.0.0.0", 0)), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_expect_str_eq(fake_log(), "set_multicast_if 0;join_async 0 239.1.1.1;");
}

Test(rdmacm, resolve, .description = "binds unless bound, then ADDR_RESOLVED")
{
	struct sockaddr unknown = {.sa_family = AF_UNIX};
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	fake_log();
	EXPECT_ERRNO(rdma_resolve_addr(NULL, NULL, sockaddr_of("239.1.1.1", 0), 2000), EINVAL);
	EXPECT_ERRNO(rdma_resolve_addr(id, NULL, NULL, 2000), EINVAL);
	EXPECT_ERRNO(rdma_resolve_addr(id, &unknown, sockaddr_of("239.1.1.1", 0), 2000), EINVAL);
	cr_expect_str_empty(fake_log());
	expect_no_event();
	cr_assert_eq(rdma_resolve_addr(
			     id, sockaddr_of("10.9.0.2", 0), sockaddr_of("239.1.1.1", 5004), 2000),
		0);
	cr_expect_str_eq(fake_log(), "set_multicast_if 1;");
	expect_event(id, RDMA_CM_EVENT_ADDR_RESOLVED, 0, NULL);
	cr_expect_eq(memcmp(rdma_get_peer_addr(id), sockaddr_of("239.1.1.1", 5004),
			     sizeof(struct sockaddr_in)),
		0);
	cr_assert_eq(rdma_resolve_addr(id, NULL, sockaddr_of("239.1.1.2", 0), 2000), 0);
	cr_expect_str_empty(fake_log());
	cr_assert_eq(rdma_destroy_id(id), 0);
	expect_no_event();
}

Test(rdmacm, event_names)
{
	cr_expect_str_eq(
		rdma_event_str(RDMA_CM_EVENT_ADDR_RESOLVED), "RDMA_CM_EVENT_ADDR_RESOLVED");
	cr_expect_str_eq(
		rdma_event_str(RDMA_CM_EVENT_MULTICAST_JOIN), "RDMA_CM_EVENT_MULTICAST_JOIN");
	cr_expect_str_eq(
		rdma_event_str(RDMA_CM_EVENT_TIMEWAIT_EXIT), "RDMA_CM_EVENT_TIMEWAIT_EXIT");
	cr_expect_str_eq(rdma_event_str((enum rdma_cm_event_type)16), "UNKNOWN EVENT");
	cr_expect_str_eq(rdma_event_str((enum rdma_cm_event_type) - 1), "UNKNOWN EVENT");
}
