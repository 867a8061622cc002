// SPDX-License-Identifier: BSD-3-Clause
// Frames that leave by a port with another VLAN tag or source MAC than they came with.
#ifndef DATAPLANE_REWRITE_H
#define DATAPLANE_REWRITE_H

#include "output.h"
#include "parse.h"

// Worker. l3_offset tells where the IP header starts.
bool rewrite_is_needed(
	const struct output *output, const struct rte_mbuf *frame, uint16_t l3_offset);

// Worker. A frame with a header of its own before the shared rest, or a copy if the port cannot
// send that. The original stays as it is. NULL: no buffer.
struct rte_mbuf *rewrite_frame(
	const struct output *output, struct rte_mbuf *frame, uint16_t l3_offset);

#endif
