// SPDX-License-Identifier: BSD-3-Clause
// A source of frames to many groups: a net_null port whose receive callback writes MAC, group and
// checksum from a prepared sequence into tagged UDP frames. These are real mbufs of a real ethdev,
// faster than any device delivers them.
#ifndef PERF_SOURCE_H
#define PERF_SOURCE_H

#include <stdint.h>
#include "port.h"

#define SOURCE_DEVICE "net_null0,copy=0,size=64"
#define SOURCE_VLAN 100
#define SOURCE_VLAN_ODD 101 // VLAN of groups with odd addresses after frame_source_mix()
#define SOURCE_ADDRESS                                                                             \
	{                                                                                          \
		10, 1, 1, 1                                                                        \
	}
#define SOURCE_PORT 5000
#define SOURCE_KEYS (1u << 20) // frames until the sequence repeats
#define SOURCE_IP_OFFSET 18 // of the IP header

struct rte_eth_rxtx_callback;
struct stamp;

struct frame_source {
	struct port *port;
	const struct rte_eth_rxtx_callback *stamping, *retagging;
	struct stamp *stamps;
	unsigned next; // number of the frame after the last one received
};

// Makes the port receive frames to SOURCE_KEYS groups. Call frame_source_fini() before the port is
// closed: DPDK keeps the callbacks of a closed port for the next port with its number.
void frame_source_init(struct frame_source *source, const uint32_t *groups_be, struct port *port);
// Moves every other group to another VLAN from now on.
void frame_source_mix(struct frame_source *source);
void frame_source_fini(struct frame_source *source);

#endif
