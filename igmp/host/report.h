// SPDX-License-Identifier: BSD-3-Clause
// Builds and sends frames. There is one at a time, and it is sent or thrown away before the next.
// Private to igmp/.
#ifndef IGMP_REPORT_H
#define IGMP_REPORT_H

#include "source.h"
#include "wire.h"

struct group;
struct host;

// The frame under construction.
struct frame {
	uint8_t *bytes; // mtu
	unsigned len;
	unsigned record_at; // the record under construction
	unsigned n_records;
	unsigned n_sources; // of the record
};

int report_open(struct host *host, unsigned mtu);
void report_close(struct host *host);

void report_begin(struct host *host);
// Each adds to the frame; false if that has no room.
bool report_record(struct host *host, enum wire_record type, const struct group *group);
bool report_source(struct host *host, const uint8_t addr[16]);
void report_record_undo(struct host *host);
unsigned report_room(const struct host *host); // bytes left

// False if the port is full.
bool report_send(struct host *host);
bool report_send_older(struct host *host, const struct group *group, bool leave);

// What became of a list that was to go into the frame.
enum report_result {
	REPORT_WHOLE, // it is in
	REPORT_PART, // the frame is full with the first part of it
	REPORT_FULL, // nothing of it is in: send the frame and try again
};

// Adds a record of the group's mode and list: to answer with, or for routers that know another
// mode. A list that does not fit in an empty frame is split, or if it excludes, cut (CHG-14,
// CHG-15). It begins at the place and moves it on.
enum report_result report_current_state(
	struct host *host, const struct group *group, struct source_place *place);
enum report_result report_mode_change(
	struct host *host, const struct group *group, struct source_place *place);

#endif
