// SPDX-License-Identifier: BSD-3-Clause
// What the filters of a fan-out see of a parsed frame.
#ifndef DATAPLANE_LOOK_H
#define DATAPLANE_LOOK_H

#include "fanout.h"
#include "parse.h"

// Refers to `parsed`.
static inline struct fanout_frame look_at(const struct parsed *parsed)
{
	return (struct fanout_frame){
		.source = parsed->source6,
		.udp_port_be = parsed->udp_port_be,
		.later_fragment = parsed->flags & PARSED_LATER_FRAGMENT,
	};
}

#endif
