// SPDX-License-Identifier: BSD-3-Clause
// The fixture of the single-threaded tests of the rdma_cm face: a channel that does not block, and
// interface tv with 10.9.0.2 and fe80::2.
#ifndef TESTS_RDMACM_FIXTURE_H
#define TESTS_RDMACM_FIXTURE_H

#include <rdma/rdma_cma.h>
#include <criterion/criterion.h>
#include <errno.h>
#include "library_double_fixture.h"

extern struct rdma_event_channel *channel;

void channel_open(void); // a suite's .init

#define EXPECT_ERRNO(call, error)                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		cr_expect_eq(call, -1);                                                            \
		cr_expect_eq(errno, error, "%s", strerror(errno));                                 \
	} while (0)

// Valid until the fourth call from here.
struct sockaddr *sockaddr_of(const char *address, uint16_t port);
// Gets and acknowledges an event. Fails the test if there is none.
void expect_event(
	struct rdma_cm_id *id, enum rdma_cm_event_type type, int status, const void *context);
void expect_no_event(void);

#endif
