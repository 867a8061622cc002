// SPDX-License-Identifier: BSD-3-Clause
// Reports of groups: what a record says, and sending. host->report is the packet under
// construction: it is sent or dropped before the next one begins. Private to igmp/host.
#ifndef IGMP_REPORT_H
#define IGMP_REPORT_H

#include "source.h"

struct group;
struct host;

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
