// SPDX-License-Identifier: BSD-3-Clause
// How ids are opened and bound.
#include <stdlib.h>
#include "rdmacm_fixture.h"

TestSuite(rdmacm_id, .init = channel_open);

Test(rdmacm_id, create_errors)
{
	struct rdma_cm_id *id;

	EXPECT_ERRNO(rdma_create_id(channel, NULL, NULL, RDMA_PS_UDP), EINVAL);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), EPROTONOSUPPORT);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_IPOIB), EPROTONOSUPPORT);
	library_double_fail("session_open", -ECONNREFUSED);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), ECONNREFUSED);
	library_double_fail("event_fd", -ENOMEM);
	EXPECT_ERRNO(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), ENOMEM);
	cr_expect_eq(library_double_sessions(), 0);
	EXPECT_ERRNO(rdma_destroy_id(NULL), EINVAL);
}

Test(rdmacm_id, where_ids_open)
{
	struct rdma_cm_id *by_default, *by_environment, *id;

	cr_assert_eq(rdma_create_id(channel, &by_default, NULL, RDMA_PS_UDP), 0);
	cr_expect_str_eq(library_double_log(), "session_open /run/sluice/sluice.sock 0;");
	setenv("SLUICE_SOCKET", "/tmp/environment", 1);
	cr_assert_eq(rdma_create_id(channel, &by_environment, NULL, RDMA_PS_UDP), 0);
	cr_expect_str_eq(library_double_log(), "session_open /tmp/environment 0;");
	sluice_rdmacm_attach((struct sluice *)&channel, NULL);
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	cr_expect_str_eq(library_double_log(), "session_open engine 0;");
	cr_expect_eq(sluice_rdmacm_session(id), library_double_session());
	cr_assert_eq(rdma_destroy_id(id), 0);
	cr_assert_eq(rdma_destroy_id(by_environment), 0);
	cr_assert_eq(rdma_destroy_id(by_default), 0);
}

Test(rdmacm_id, bind, .description = "API-35: an address selects the interface, a port the frames")
{
	struct sockaddr_in6 scoped = *(struct sockaddr_in6 *)sockaddr_of("fe80::2", 0);
	struct sockaddr unknown = {.sa_family = AF_UNIX};
	struct rdma_cm_id *id, *other;

	library_double_interface_add("tv20", "10.20.0.2", "fe80::2");
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	library_double_log();
	EXPECT_ERRNO(rdma_bind_addr(NULL, sockaddr_of("10.9.0.2", 0)), EINVAL);
	EXPECT_ERRNO(rdma_bind_addr(id, NULL), EINVAL);
	EXPECT_ERRNO(rdma_bind_addr(id, &unknown), EINVAL);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("10.9.0.3", 0)), EADDRNOTAVAIL);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("0.0.0.0", 0)), ENODEV);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("::", 0)), ENODEV);
	EXPECT_ERRNO(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), EINVAL);
	library_double_fail("session_bind", -ENOMEM);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("10.20.0.2", 5004)), ENOMEM);
	library_double_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("10.20.0.2", 5004)), 0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 2;session_bind 5004;");
	cr_expect_eq(memcmp(rdma_get_local_addr(id), sockaddr_of("10.20.0.2", 5004),
			     sizeof(struct sockaddr_in)),
		0);
	EXPECT_ERRNO(rdma_bind_addr(id, sockaddr_of("10.20.0.2", 5004)), EINVAL);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_expect_str_eq(library_double_log(), "join_async 2 239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);

	// Two interfaces may have the same link-local address; the scope id selects one.
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	library_double_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("fe80::2", 0)), 0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 1;");
	cr_assert_eq(rdma_create_id(channel, &other, NULL, RDMA_PS_UDP), 0);
	library_double_log();
	scoped.sin6_scope_id = 2;
	cr_assert_eq(rdma_bind_addr(other, (struct sockaddr *)&scoped), 0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 2;");
	cr_assert_eq(rdma_destroy_id(other), 0);
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm_id, bind_second_address)
{
	struct rdma_cm_id *id;

	library_double_interface_add("tv20", "10.20.0.2", NULL);
	library_double_address_add("10.20.0.3");
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	library_double_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("10.20.0.3", 0)), 0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 2;");
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm_id, bind_wildcard)
{
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	library_double_log();
	cr_assert_eq(rdma_bind_addr(id, sockaddr_of("0.0.0.0", 0)), 0);
	cr_assert_eq(rdma_join_multicast(id, sockaddr_of("239.1.1.1", 0), NULL), 0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 0;join_async 0 239.1.1.1;");
	cr_assert_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm_id, resolve, .description = "an unbound id is bound, then ADDR_RESOLVED is reported")
{
	struct sockaddr unknown = {.sa_family = AF_UNIX};
	struct rdma_cm_id *id;

	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	library_double_log();
	EXPECT_ERRNO(rdma_resolve_addr(NULL, NULL, sockaddr_of("239.1.1.1", 0), 2000), EINVAL);
	EXPECT_ERRNO(rdma_resolve_addr(id, NULL, NULL, 2000), EINVAL);
	EXPECT_ERRNO(rdma_resolve_addr(id, &unknown, sockaddr_of("239.1.1.1", 0), 2000), EINVAL);
	cr_expect_str_empty(library_double_log());
	expect_no_event();
	cr_assert_eq(rdma_resolve_addr(
			     id, sockaddr_of("10.9.0.2", 0), sockaddr_of("239.1.1.1", 5004), 2000),
		0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 1;");
	expect_event(id, RDMA_CM_EVENT_ADDR_RESOLVED, 0, NULL);
	cr_expect_eq(memcmp(rdma_get_peer_addr(id), sockaddr_of("239.1.1.1", 5004),
			     sizeof(struct sockaddr_in)),
		0);
	cr_assert_eq(rdma_resolve_addr(id, NULL, sockaddr_of("239.1.1.2", 0), 2000), 0);
	cr_expect_str_empty(library_double_log());
	cr_assert_eq(rdma_destroy_id(id), 0);
	expect_no_event();
}

Test(rdmacm_id, event_names)
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
