// SPDX-License-Identifier: BSD-3-Clause
// Frames of many groups out of a net_null port whose receive callback stamps MAC, group and
// checksum from a prepared sequence into tagged UDP frames: real mbufs of a real ethdev, faster
// than any device.
#ifndef PERF_SOURCE_H
#define PERF_SOURCE_H

#include <stdint.h>
#include "port.h"

#define SOURCE_DEVICE "net_null0,copy=0,size=64"
#define SOURCE_VLAN 100
#define SOURCE_VLAN_ODD 101 // of groups whose address is odd, once they are mixed
#define SOURCE_ADDRESS                                                                             \
	{                                                                                          \
		10, 1, 1, 1                                                                        \
	}
#define SOURCE_PORT 5000
#define SOURCE_KEYS (1u << 20) // frames until the sequence starts over
#define SOURCE_IP_OFFSET 18 // of the IP header

struct rte_eth_rxtx_callback;
struct stamp;

struct frame_source {
	struct port *port;
	const struct rte_eth_rxtx_callback *stamping, *retagging;
	struct stamp *stamps;
	unsigned next; // number of the frame after the last one received
};

// From now on the port receives frames to SOURCE_KEYS groups. To be ended with frame_source_fini()
// before the port is closed: DPDK keeps a closed port's callbacks for the next one of its number.
void frame_source_init(struct frame_source *source, const uint32_t *groups_be, struct port *port);
// From now on every other group is of another VLAN.
void frame_source_mix(struct frame_source *source);
void frame_source_fini(struct frame_source *source);

#endif
