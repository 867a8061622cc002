// SPDX-License-Identifier: BSD-3-Clause
// Frames of every kind that the parser knows, and the expected results.
#ifndef TESTS_DATAPLANE_PARSE_FIXTURE_H
#define TESTS_DATAPLANE_PARSE_FIXTURE_H

#include "frame_fixture.h"

struct parse_case {
	const char *name;
	struct frame_spec spec;
	unsigned result;
	uint8_t flags;
	uint16_t outer_vlan, inner_vlan;
	uint16_t udp_port;
};

extern const struct parse_case parse_cases[];
extern const unsigned parse_n_cases;

#endif
