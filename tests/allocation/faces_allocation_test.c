// SPDX-License-Identifier: BSD-3-Clause
// Each allocation of the interfaces of NASL, CAPL and librdmacm fails in turn: the call reports it
// in their way, no group stays joined, and the same calls succeed afterwards.
#include <rdma/rdma_cma.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sluice/capl.h>
#include <sluice/nasl.h>

#include "library_fixture.h"
#include "sweep.h"

#define BUDGET 60 // runs of a short sweep
#define GROUP "239.1.0.1"

static struct library_fixture fixture;

// Each returns whether all calls succeed, and checks the error of the one that does not.

static bool nasl(void)
{
	bool done = sluice_nasl_attach(fixture.sluice, NULL, "tv") == 0;

	if (done && join_multicast_group(GROUP) == NULL) {
		cr_assert_eq(nasl_last_error(), NASL_SYSTEM_ERROR);
		done = false;
	}
	if (done && leave_multicast_group(GROUP) == NULL) {
		cr_assert_eq(nasl_last_error(), NASL_SYSTEM_ERROR);
		done = false;
	}
	injector_disarm();
	sluice_nasl_detach();
	return done;
}

static bool is_done(dword socket, long rc)
{
	if (rc == 0)
		return true;
	cr_assert(rc == SOCKET_ERROR && IpGetLastSocketError(socket) == WSAENOBUFS, "%ld, %ld", rc,
		IpGetLastSocketError(socket));
	return false;
}

static bool capl(void)
{
	dword socket = UdpOpen(0, 5000);
	bool done;

	if (socket == INVALID_SOCKET)
		return false;
	done = is_done(socket, IpJoinMulticastGroup(socket, 1, inet_addr(GROUP))) &&
	       is_done(socket, IpSetMulticastInterface(socket, 1)) &&
	       is_done(socket, UdpSendTo(socket, inet_addr(GROUP), 5000, "datagram", 8)) &&
	       is_done(socket, IpLeaveMulticastGroup(socket, 1, inet_addr(GROUP)));
	injector_disarm();
	cr_assert_eq(UdpClose(socket), 0);
	return done;
}

static bool is_joined(struct rdma_event_channel *channel)
{
	struct rdma_cm_event *event;
	bool joined;

	if (rdma_get_cm_event(channel, &event) < 0) {
		cr_assert_eq(errno, ENOMEM);
		return false;
	}
	joined = event->event == RDMA_CM_EVENT_MULTICAST_JOIN;
	cr_assert_eq(event->status, joined ? 0 : -ENOMEM);
	cr_assert_eq(rdma_ack_cm_event(event), 0);
	return joined;
}

static bool join_and_leave(struct rdma_event_channel *channel, struct rdma_cm_id *id)
{
	struct sockaddr_in local = {AF_INET, .sin_addr.s_addr = inet_addr("10.9.0.2")},
			   group = {AF_INET, .sin_addr.s_addr = inet_addr(GROUP)};
	int rc = rdma_bind_addr(id, (struct sockaddr *)&local);

	if (rc == 0)
		rc = rdma_join_multicast(id, (struct sockaddr *)&group, NULL);
	cr_assert(rc == 0 || errno == ENOMEM, "%d", errno);
	if (rc < 0 || !is_joined(channel))
		return false;
	rc = rdma_leave_multicast(id, (struct sockaddr *)&group);
	cr_assert(rc == 0 || errno == ENOMEM, "%d", errno);
	return rc == 0;
}

static bool rdmacm(void)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct rdma_cm_id *id;
	bool done = false;

	if (channel == NULL) {
		cr_assert_eq(errno, ENOMEM);
		return false;
	}
	if (rdma_create_id(channel, &id, NULL, RDMA_PS_UDP) == 0) {
		done = join_and_leave(channel, id);
		injector_disarm();
		cr_assert_eq(rdma_destroy_id(id), 0);
	}
	injector_disarm();
	rdma_destroy_event_channel(channel);
	return done;
}

static void expect_left(const char *name, uint64_t number)
{
	struct sluice_addr group = library_fixture_addr(GROUP);
	struct sluice_session *session = library_fixture_session(&fixture);
	struct sluice_group_stats stats;

	cr_assert_eq(sluice_stats_group(session, 1, &group, &stats), -ENOENT, "%s, number %lu",
		name, (unsigned long)number);
	sluice_session_close(session);
}

static void sweep_face(const char *name, bool (*calls)(void), enum sweep_mode mode)
{
	struct sweep sweep;

	cr_assert(calls());
	injector_arm(UINT64_MAX / 2, 1);
	cr_assert(calls());
	sweep = sweep_begin(name, mode, injector_count(), BUDGET);
	while (sweep_next(&sweep, injector_failed())) {
		bool done = calls();

		injector_disarm();
		cr_assert(done || injector_failed() > 0, "%s", name);
		expect_left(name, sweep.number);
		cr_assert(calls(), "%s, after number %lu", name, (unsigned long)sweep.number);
		library_fixture_discard(&fixture);
		fixture.n_sent = fixture.n_records = 0;
	}
}

static void sweep_both(const char *name, bool (*calls)(void))
{
	library_fixture_eal();
	library_fixture_open(&fixture);
	sluice_capl_attach(fixture.sluice, NULL);
	sluice_rdmacm_attach(fixture.sluice, NULL);
	sweep_face(name, calls, SWEEP_ONCE);
	sweep_face(name, calls, SWEEP_FROM);
	library_fixture_close(&fixture);
	cr_assert_not(sweep_leaks());
}

Test(faces_allocation, nasl, .timeout = 300, .description = "the calls of NASL without memory")
{
	sweep_both("NASL", nasl);
}

Test(faces_allocation, capl, .timeout = 300, .description = "the calls of CAPL without memory")
{
	sweep_both("CAPL", capl);
}

Test(faces_allocation, rdmacm, .timeout = 300,
	.description = "the calls of librdmacm without memory")
{
	sweep_both("librdmacm", rdmacm);
}
