// SPDX-License-Identifier: BSD-3-Clause
// The records of groups in reports, and sending. host->report is the packet under
// construction: it is sent or dropped before the next one begins. Private to igmp/host.
#ifndef IGMP_REPORT_H
#define IGMP_REPORT_H

#include "source.h"

struct group;
struct host;

// They return false if the port is full.
bool report_send(struct host *host);
bool report_send_older(struct host *host, const struct group *group, bool leave);

// How much of a list went into the report.
enum report_result {
	REPORT_WHOLE, // all of it
	REPORT_PART, // the first part of it, which fills the report
	REPORT_FULL, // nothing: send the report and try again
};

// Adds a current-state or a filter-mode-change record with the mode and list of the group. A list
// that does not fit in an empty report is split, or cut if it excludes (CHG-14, CHG-15). It starts
// at the place and advances it.
enum report_result report_current_state(
	struct host *host, const struct group *group, struct source_place *place);
enum report_result report_mode_change(
	struct host *host, const struct group *group, struct source_place *place);

#endif
