// SPDX-License-Identifier: BSD-3-Clause
// Memberships and their events in a single thread.
#include <stdio.h>
#include "rdmacm_fixture.h"

TestSuite(rdmacm, .init = channel_open);

static char id_context[] = "id";

static struct rdma_cm_id *id_open(struct rdma_event_channel *of)
{
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(of, &id, id_context, RDMA_PS_UDP), 0);
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("10.9.0.2", 0)), 0);
	library_double_log();
	return id;
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

	cr_expect_eq(id->context, id_context);
	cr_expect_eq(id->channel, channel);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 5004), &context), 0);
	cr_expect_str_eq(library_double_log(), "join_async 1 239.1.1.1;");
	expect_no_event();
	library_double_complete(library_double_session());
	cr_expect_str_eq(library_double_log(), "+239.1.1.1;");
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &context);
	expect_no_event();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 5004)), 0);
	cr_expect_str_eq(library_double_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
	cr_expect_eq(library_double_sessions(), 0);
}

Test(rdmacm, event_parameters)
{
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 239, 1, 1, 1};
	const struct sluice_addr group = library_double_addr("ff0e::1");
	struct rdma_cm_id *id = id_open(channel);
	struct rdma_cm_event *event;

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("ff0e::1", 0), NULL), 0);
	library_double_complete(library_double_session());
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
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, leave_cancels, .description = "after a leave before the report, no report is sent")
{
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	library_double_complete(library_double_session());
	cr_expect_str_eq(library_double_log(), "join_async 1 239.1.1.1;leave 1 239.1.1.1;");
	expect_no_event();
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, leave_drops_event, .description = "a leave drops the pending event of the join")
{
	static int first, second;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &first), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &second), 0);
	library_double_complete(library_double_session());
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &first);
	expect_no_event();
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, two_joins, .description = "two joins are two entries; the newest is left first")
{
	static int first, second;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &first), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &second), 0);
	library_double_complete(library_double_session());
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &first);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &second);
	cr_expect_str_eq(
		library_double_log(), "join_async 1 239.1.1.1;join_async 1 239.1.1.1;+239.1.1.1;");
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(library_double_log(), "leave 1 239.1.1.1;");
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(library_double_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, whole_sockaddr, .description = "API-41: another port, scope or family does not match")
{
	struct sockaddr_in6 scoped = *(struct sockaddr_in6 *)sockaddr_of("ff0e::1", 5004);
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 5004), NULL), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("ff0e::1", 5004), NULL), 0);
	library_double_complete(library_double_session());
	library_double_log();
	scoped.sin6_scope_id = 1;
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 5005)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.2", 5004)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_leave_multicast(id, (struct sockaddr *)&scoped), EADDRNOTAVAIL);
	cr_expect_str_empty(library_double_log());
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 5004)), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("ff0e::1", 5004)), 0);
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, older_port_left, .description = "each entry keeps its events when another one is left")
{
	static int first, second, third;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 1), &first), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 2), &second), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 3), &third), 0);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 1)), 0);
	library_double_complete(library_double_session());
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &third);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &second);
	expect_no_event();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 2)), 0);
	library_double_lose(library_double_session(), "239.1.1.1", -ENETDOWN);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_ERROR, -ENETDOWN, &third);
	library_double_log();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 3)), 0);
	cr_expect_str_eq(library_double_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	expect_no_event();
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, send_only,
	.description = "send-only gives an event but no report, and its leave sends nothing")
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
	cr_expect_str_empty(library_double_log());
	// A full member of the same group is another entry.
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(send_only_join(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	library_double_log();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_empty(library_double_log());
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(library_double_log(), "leave 1 239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, join_fails,
	.description = "MULTICAST_ERROR has its status, and a leave is still required")
{
	static int context;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	library_double_lose(library_double_session(), "239.1.1.1", -ENOBUFS);
	library_double_log();
	expect_event(id, RDMA_CM_EVENT_MULTICAST_ERROR, -ENOBUFS, &context);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	library_double_lose(library_double_session(), "239.1.1.1", -ENOBUFS);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0,
		"the event is still pending");
	expect_no_event();
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, group_lost, .description = "MULTICAST_ERROR after a successful join")
{
	static int context;
	struct rdma_cm_id *id = id_open(channel);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	library_double_complete(library_double_session());
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, &context);
	library_double_lose(library_double_session(), "239.1.1.1", -ENETDOWN);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_ERROR, -ENETDOWN, &context);
	library_double_log();
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_str_eq(library_double_log(), "leave 1 239.1.1.1;-239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);
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
	library_double_complete(library_double_session());
	library_double_log();
	cr_assert_eq(rdma_destroy_id(id), 0);
	for (const char *at = library_double_log(); (at = strstr(at, ";-239.1.1.")); at++)
		left++;
	cr_expect_eq(left, 150);
	expect_no_event();
}

Test(rdmacm, two_ids_one_channel)
{
	struct rdma_cm_id *first = id_open(channel), *second;
	struct sluice_session *session = library_double_session();

	second = id_open(channel);
	cr_assert_eq(rdma_join_multicast(first, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_assert_eq(rdma_join_multicast(second, sockaddr_of("239.1.1.1", 0), NULL), 0);
	library_double_complete(library_double_session());
	expect_event(second, RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL);
	expect_no_event();
	library_double_complete(session);
	cr_assert_eq(rdma_destroy_id(second), 0);
	expect_event(first, RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL);
	cr_assert_eq(rdma_destroy_id(first), 0);
}

Test(rdmacm, synchronous, .description = "an id without a channel blocks and sets id->event")
{
	static int context;
	struct rdma_cm_id *id = id_open(NULL);

	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), &context), 0);
	cr_expect_str_eq(library_double_log(), "join 1 239.1.1.1;+239.1.1.1;");
	cr_assert(id->event);
	cr_expect_eq(id->event->id, id);
	cr_expect_eq(id->event->event, RDMA_CM_EVENT_MULTICAST_JOIN);
	cr_expect_eq(id->event->param.ud.private_data, &context);
	library_double_fail("join", -ENOBUFS);
	EXPECT_ERRNO(rdma_join_multicast(id, sockaddr_of("239.1.1.2", 0), &context), ENOBUFS);
	cr_expect_eq(id->event->event, RDMA_CM_EVENT_MULTICAST_ERROR);
	cr_expect_eq(id->event->status, -ENOBUFS);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.2", 0)), EADDRNOTAVAIL);
	cr_assert_eq(send_only_join(id, sockaddr_of("239.1.1.3", 0), &context), 0);
	cr_expect_eq(id->event->event, RDMA_CM_EVENT_MULTICAST_JOIN);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_expect_null(id->event);
	cr_assert_eq(rdma_destroy_id(id), 0);
	cr_expect_eq(library_double_sessions(), 0);
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
	library_double_fail("join_async", -ENOBUFS);
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
	cr_expect_str_empty(library_double_log());
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EADDRNOTAVAIL);
	attr.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS;
	cr_expect_eq(rdma_join_multicast_ex(id, &attr, NULL), 0);
	cr_expect_str_eq(library_double_log(), "join_async 1 239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);
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
	library_double_complete(library_double_session());
	library_double_fail("leave", -EPIPE);
	EXPECT_ERRNO(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), EPIPE);
	expect_event(id, RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL);
	cr_assert_eq(rdma_leave_multicast(id, sockaddr_of("239.1.1.1", 0)), 0);
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm, event_errors)
{
	struct rdma_cm_id *id = id_open(channel);
	struct rdma_cm_event *event;

	EXPECT_ERRNO(rdma_get_cm_event(NULL, &event), EINVAL);
	EXPECT_ERRNO(rdma_get_cm_event(channel, NULL), EINVAL);
	EXPECT_ERRNO(rdma_ack_cm_event(NULL), EINVAL);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	library_double_complete(library_double_session());
	library_double_fail("event_get", -EPIPE);
	EXPECT_ERRNO(rdma_get_cm_event(channel, &event), EPIPE);
	cr_assert_eq(rdma_destroy_id(id), 0);
}
