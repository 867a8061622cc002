// SPDX-License-Identifier: BSD-3-Clause
// A test double of the native API for the tests of the faces. It follows the contract of sluice.h,
// completes asynchronous joins and fails calls on request of the test, and logs the calls and the
// messages that the wire would carry.
#ifndef TESTS_FACES_LIBRARY_DOUBLE_FIXTURE_H
#define TESTS_FACES_LIBRARY_DOUBLE_FIXTURE_H

#include <sluice/sluice.h>

// Addresses as text; NULL for none. Interfaces get indexes in order, from 1.
void library_double_interface_add(const char *name, const char *ipv4, const char *ipv6);
// Adds an address to the interface that was added last.
void library_double_address_add(const char *address);

// Makes the next call of the function return rc and do nothing.
void library_double_fail(const char *function, int rc);

// Returns the events since the last call, each followed by ';'. A call is logged by its name
// without sluice_: "join 0 239.1.1.1;". The wire: "+239.1.1.1;" is a report, "-239.1.1.1;" a leave.
const char *library_double_log(void);

// The most recently opened session.
struct sluice_session *library_double_session(void);
unsigned library_double_sessions(void); // number of open sessions

// Acts as the control thread: reports the asynchronous joins of the session and queues their
// events.
void library_double_complete(struct sluice_session *session);
// Queues an ERROR event for the newest join of the group.
void library_double_lose(struct sluice_session *session, const char *group, int status);

// Starts EAL and creates a pool for the frames. Use it as the suite's .init.
void library_double_eal_init(void);
// Queues a received UDP datagram of the group. With port 0 the frame is not UDP.
void library_double_frame_push(struct sluice_session *session, const char *group,
	const char *source, uint16_t source_port, uint16_t port, const char *payload);

struct sluice_addr library_double_addr(const char *text);

#endif
