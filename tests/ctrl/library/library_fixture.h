// SPDX-License-Identifier: BSD-3-Clause
// An engine of the native API on net_ring ports: what a test puts on the wire the engine receives,
// what the engine sends the test reads back.
#ifndef TESTS_API_KIT_H
#define TESTS_API_KIT_H

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <sluice/sluice.h>
#include "frame.h"

#define KIT_WIRES 2

struct kit {
	struct sluice *sluice;
	struct rte_mempool *pool; // of the frames the test puts on the wire
	struct rte_ring *rx[KIT_WIRES], *tx[KIT_WIRES];
	uint16_t port[KIT_WIRES];
	struct rte_mbuf *sent[1024]; // what the engine sent by the first wire, reports apart
	unsigned n_sent;
	struct kit_record { // of its reports
		uint8_t type;
		struct sluice_addr group;
		uint8_t ethernet[18]; // the frame's header, tag included
	} records[8192];
	unsigned n_records, n_reports;
	unsigned n_markers; // at most 256, each of a group of its own
};

enum kit_record_type { // RFC 9776 section 4.2.13
	KIT_IS_IN = 1,
	KIT_IS_EX,
	KIT_TO_IN,
	KIT_TO_EX,
	KIT_ALLOW,
	KIT_BLOCK,
};

// For a suite's .init: three lcores, no huge pages.
void kit_eal(void);
// Makes the wires, as devices net_ring_wire0 and net_ring_wire1.
void kit_wires(struct kit *kit);
// Both, and an engine with interface tv on one of them; each change is reported once.
void kit_open(struct kit *kit);
// The same with other settings of the configuration's protocol, "{robustness: 3}" for one.
void kit_open_protocol(struct kit *kit, const char *protocol);
// As kit_open() with interfaces tv, tv20 (VLAN 20 of the same wire) and other, on the second wire.
void kit_open_three(struct kit *kit);
// Frees what the engine sent.
void kit_discard(struct kit *kit);
// The wire's device tells that it is gone, as the driver of one does that is pulled out.
void kit_remove(struct kit *kit, unsigned wire);
// Closes the engine and checks that every frame came back to its pool.
void kit_close(struct kit *kit);

// Fails the test unless it works.
struct sluice_session *kit_session(struct kit *kit);
struct sluice_addr kit_addr(const char *text);

void kit_put(struct kit *kit, unsigned wire, const struct frame_spec *spec);
// A datagram of 100 bytes to the group by the first wire, and the wait until workers have seen it.
void kit_stream(struct kit *kit, const char *group, const char *source);
// Waits until the workers have taken all that is on the wires, and are through with it.
void kit_settle(struct kit *kit);
// Frames the session has waiting; frees them.
unsigned kit_receive(struct sluice_session *session);

// The session's next event, acknowledged; waits for it.
struct sluice_event kit_event(struct sluice_session *session);

// Takes the device of the first wire away, and checks what the session, which nothing has happened
// to, sees of it: its groups there are lost and can be left, none can be joined, and those of
// interface "other", the third, go on.
void kit_expect_lost(struct kit *kit, struct sluice_session *session);

// Waits until all that calls before have caused is on the first wire: frames overtake none.
void kit_catch_up(struct kit *kit);
// Reads what the engine sent by the first wire so far.
void kit_listen(struct kit *kit);
// Records of this type for the group heard so far; type 0: any.
unsigned kit_heard(struct kit *kit, unsigned type, const char *group);
// Waits until there is one.
void kit_hear(struct kit *kit, unsigned type, const char *group);

#endif
