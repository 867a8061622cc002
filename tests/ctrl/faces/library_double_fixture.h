// SPDX-License-Identifier: BSD-3-Clause
// A double of the native API for the faces' tests: it keeps to what sluice.h says, carries out
// asynchronous joins when the test wants it, fails when told to, and writes down what was called
// and what would have gone out on the wire.
#ifndef TESTS_FACES_LIBRARY_DOUBLE_FIXTURE_H
#define TESTS_FACES_LIBRARY_DOUBLE_FIXTURE_H

#include <sluice/sluice.h>

// Addresses as text, NULL for none. Indexes are given in order, from 1.
void library_double_interface_add(const char *name, const char *ipv4, const char *ipv6);
// One more address of the interface added last.
void library_double_address_add(const char *address);

// The next call of the function returns rc and does nothing.
void library_double_fail(const char *function, int rc);

// What happened since the last call, each followed by ';'. Calls by their names without sluice_:
// "join 0 239.1.1.1;". Wire: "+239.1.1.1;" for a report, "-239.1.1.1;" for a leave.
const char *library_double_log(void);

// The session opened last.
struct sluice_session *library_double_session(void);
unsigned library_double_sessions(void); // how many are open

// The control thread's turn: reports the asynchronous joins of the session and queues their events.
void library_double_complete(struct sluice_session *session);
// Queues an ERROR event for the newest join of the group.
void library_double_lose(struct sluice_session *session, const char *group, int status);

// EAL and a pool for the frames; the suite's init.
void library_double_eal_init(void);
// Queues a UDP datagram that came to the group; port 0 makes it none.
void library_double_frame_push(struct sluice_session *session, const char *group,
	const char *source, uint16_t source_port, uint16_t port, const char *payload);

struct sluice_addr library_double_addr(const char *text);

#endif
