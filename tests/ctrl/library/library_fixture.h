// SPDX-License-Identifier: BSD-3-Clause
// An engine of the native API on net_ring ports: what a test puts on the wire the engine receives,
// what the engine sends the test reads back.
#ifndef TESTS_LIBRARY_FIXTURE_H
#define TESTS_LIBRARY_FIXTURE_H

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <sluice/sluice.h>
#include "frame_fixture.h"

#define FIXTURE_WIRES 2

struct library_fixture {
	struct sluice *sluice;
	struct rte_mempool *pool; // of the frames the test puts on the wire
	struct rte_ring *rx[FIXTURE_WIRES], *tx[FIXTURE_WIRES];
	uint16_t port[FIXTURE_WIRES];
	struct rte_mbuf *sent[1024]; // what the engine sent by the first wire, reports apart
	unsigned n_sent;
	struct library_fixture_record { // of its reports
		uint8_t type;
		struct sluice_addr group;
		uint8_t ethernet[18]; // the frame's header, tag included
	} records[8192];
	unsigned n_records, n_reports;
	unsigned n_markers; // at most 256, each of a group of its own
};

enum library_fixture_record_type { // RFC 9776 section 4.2.13
	FIXTURE_IS_IN = 1,
	FIXTURE_IS_EX,
	FIXTURE_TO_IN,
	FIXTURE_TO_EX,
	FIXTURE_ALLOW,
	FIXTURE_BLOCK,
};

// For a suite's .init: three lcores, no huge pages.
void library_fixture_eal(void);
// Makes the wires, as devices net_ring_wire0 and net_ring_wire1.
void library_fixture_wires(struct library_fixture *fixture);
// Both, and an engine with interface tv on one of them; each change is reported once.
void library_fixture_open(struct library_fixture *fixture);
// The same with other settings of the configuration's protocol, "{robustness: 3}" for one.
void library_fixture_open_protocol(struct library_fixture *fixture, const char *protocol);
// As library_fixture_open() with interfaces tv, tv20 (VLAN 20 of the same wire) and other, on the
// second wire.
void library_fixture_open_three(struct library_fixture *fixture);
// Frees what the engine sent.
void library_fixture_discard(struct library_fixture *fixture);
// The wire's device tells that it is gone, as the driver of one does that is pulled out.
void library_fixture_remove(struct library_fixture *fixture, unsigned wire);
// Closes the engine and checks that every frame came back to its pool.
void library_fixture_close(struct library_fixture *fixture);

// Fails the test unless it works.
struct sluice_session *library_fixture_session(struct library_fixture *fixture);
struct sluice_addr library_fixture_addr(const char *text);

void library_fixture_put(
	struct library_fixture *fixture, unsigned wire, const struct frame_spec *spec);
// A datagram of 100 bytes to the group by the first wire, and the wait until workers have seen it.
void library_fixture_stream(struct library_fixture *fixture, const char *group, const char *source);
// Waits until the workers have taken all that is on the wires, and are through with it.
void library_fixture_settle(struct library_fixture *fixture);
// Frames the session has waiting; frees them.
unsigned library_fixture_receive(struct sluice_session *session);

// The session's next event, acknowledged; waits for it.
struct sluice_event library_fixture_event(struct sluice_session *session);

// Takes the device of the first wire away, and checks what the session, which nothing has happened
// to, sees of it: its groups there are lost and can be left, none can be joined, and those of
// interface "other", the third, go on.
void library_fixture_expect_lost(struct library_fixture *fixture, struct sluice_session *session);

// Waits until all that calls before have caused is on the first wire: frames overtake none.
void library_fixture_catch_up(struct library_fixture *fixture);
// Reads what the engine sent by the first wire so far.
void library_fixture_listen(struct library_fixture *fixture);
// Records of this type for the group heard so far; type 0: any.
unsigned library_fixture_heard(struct library_fixture *fixture, unsigned type, const char *group);
// Waits until there is one.
void library_fixture_hear(struct library_fixture *fixture, unsigned type, const char *group);

#endif
