// SPDX-License-Identifier: BSD-3-Clause
// Multicast frames by the burst: which groups in which order, of which sizes. Each frame is a
// whole UDP packet with right lengths and checksums; its payload starts with a 64-bit number in
// network order that counts the frames.
#ifndef PERF_TRAFFIC_H
#define PERF_TRAFFIC_H

#include <rte_mbuf.h>
#include <sluice/types.h>

#define TRAFFIC_FRAME_MIN 64 // without the FCS
#define TRAFFIC_FRAME_MAX 9000

enum traffic_order {
	TRAFFIC_ROUND, // one group after the other
	TRAFFIC_UNIFORM, // at random
	TRAFFIC_ZIPF, // the k-th group 1/k as often as the first
};

struct traffic_config {
	struct sluice_addr first; // group; the others follow it
	unsigned n_groups;
	struct sluice_addr source; // of the same family
	uint16_t udp_port;
	uint16_t vlan; // 0: untagged
	unsigned size; // of a frame; 0: the simple IMIX, 7 of 64, 4 of 590 and one of 1514 bytes
	enum traffic_order order;
};

// Whether all its groups are.
bool traffic_is_multicast(const struct traffic_config *config);
// Bytes of the headers, and of the smallest and the largest frame.
unsigned traffic_headers(const struct traffic_config *config);
unsigned traffic_smallest(const struct traffic_config *config);
unsigned traffic_largest(const struct traffic_config *config);

struct traffic;

// The smallest frame holds the headers. NULL without memory.
struct traffic *traffic_open(const struct traffic_config *config);
void traffic_close(struct traffic *traffic);
// Makes the next n frames in empty buffers that hold the largest.
void traffic_burst(struct traffic *traffic, struct rte_mbuf **frames, unsigned n);
uint64_t traffic_frames(const struct traffic *traffic);

#endif
