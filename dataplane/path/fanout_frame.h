// SPDX-License-Identifier: BSD-3-Clause
// The view of a parsed frame that the filters of a fan-out use.
#ifndef DATAPLANE_FANOUT_FRAME_H
#define DATAPLANE_FANOUT_FRAME_H

#include "fanout.h"
#include "parse.h"

// Refers to `parsed`. Assigns each field on its own: the compiler would build a compound literal in
// memory and load it as a whole, which stalls on the stores.
static inline struct fanout_frame fanout_frame_of(const struct parsed *parsed)
{
	struct fanout_frame frame;

	frame.source = parsed->source6;
	frame.udp_port_be = parsed->udp_port_be;
	frame.later_fragment = parsed->flags & PARSED_LATER_FRAGMENT;
	return frame;
}

#endif
