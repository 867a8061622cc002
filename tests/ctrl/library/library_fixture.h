// SPDX-License-Identifier: BSD-3-Clause
// An engine of the native API on net_ring ports. The engine receives what a test puts on a wire,
// and the test reads what the engine sends.
#ifndef TESTS_LIBRARY_FIXTURE_H
#define TESTS_LIBRARY_FIXTURE_H

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <sluice/sluice.h>
#include "frame_fixture.h"

#define FIXTURE_WIRES 2

struct library_fixture {
	struct sluice *sluice;
	struct rte_mempool *pool; // frames that the test puts on the wire
	struct rte_ring *rx[FIXTURE_WIRES], *tx[FIXTURE_WIRES];
	uint16_t port[FIXTURE_WIRES];
	struct rte_mbuf *sent[1024]; // frames the engine sent on the first wire, except reports
	unsigned n_sent;
	struct library_fixture_record { // record of a report that the engine sent
		uint8_t type;
		struct sluice_addr group;
		uint8_t ethernet[18]; // header of the frame, including a tag
	} records[8192];
	unsigned n_records, n_reports;
	unsigned n_markers; // at most 256, each in a group of its own
};

enum library_fixture_record_type { // RFC 9776 section 4.2.13
	FIXTURE_IS_IN = 1,
	FIXTURE_IS_EX,
	FIXTURE_TO_IN,
	FIXTURE_TO_EX,
	FIXTURE_ALLOW,
	FIXTURE_BLOCK,
};

// Use it as a suite's .init. Starts EAL with three lcores and no huge pages.
void library_fixture_eal(void);
// Creates the wires as devices net_ring_wire0 and net_ring_wire1.
void library_fixture_wires(struct library_fixture *fixture);
// Creates the wires and an engine with interface tv on the first one. It sends each change once.
void library_fixture_open(struct library_fixture *fixture);
// The same with other settings in the protocol section, such as "{robustness: 3}".
void library_fixture_open_protocol(struct library_fixture *fixture, const char *protocol);
// Like library_fixture_open(), with interfaces tv, tv20 (VLAN 20 on the same wire) and other (on
// the second wire).
void library_fixture_open_three(struct library_fixture *fixture);
// Frees the frames that the engine sent.
void library_fixture_discard(struct library_fixture *fixture);
// Makes the device of the wire report its removal, as a driver does.
void library_fixture_remove(struct library_fixture *fixture, unsigned wire);
// Closes the engine and checks that every frame came back to its pool.
void library_fixture_close(struct library_fixture *fixture);

// Fails the test on an error.
struct sluice_session *library_fixture_session(struct library_fixture *fixture);
struct sluice_addr library_fixture_addr(const char *text);

void library_fixture_put(
	struct library_fixture *fixture, unsigned wire, const struct frame_spec *spec);
// Puts a datagram of 100 bytes to the group on the first wire, and waits until the workers have
// received it.
void library_fixture_stream(struct library_fixture *fixture, const char *group, const char *source);
// Waits until the workers have received and processed all frames on the wires.
void library_fixture_settle(struct library_fixture *fixture);
// Receives and frees the queued frames of the session; returns their number.
unsigned library_fixture_receive(struct sluice_session *session);

// Waits for the next event of the session and acknowledges it.
struct sluice_event library_fixture_event(struct sluice_session *session);

// Removes the device of the first wire, and checks what a new session sees: its groups there are
// lost and can be left, no group can be joined, and groups of interface "other", the third, are not
// affected.
void library_fixture_expect_lost(struct library_fixture *fixture, struct sluice_session *session);

// Waits until everything that earlier calls send is on the first wire. Frames keep their order.
void library_fixture_catch_up(struct library_fixture *fixture);
// Reads what the engine has sent on the first wire so far.
void library_fixture_listen(struct library_fixture *fixture);
// Number of records of this type for the group so far; type 0 means any.
unsigned library_fixture_heard(struct library_fixture *fixture, unsigned type, const char *group);
// Waits until there is such a record.
void library_fixture_hear(struct library_fixture *fixture, unsigned type, const char *group);

#endif
