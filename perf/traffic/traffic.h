// SPDX-License-Identifier: BSD-3-Clause
// sluice-load: sends multicast frames through a DPDK device. The files:
//   load.c          main: EAL, the port, the send loop, the report
//   load_options.c  the command line and the --help text
//   load.h          the options of the command line
//   traffic.c       the frames: groups, order, sizes, headers
//   sluice-load.1.scd  the manual page
//
// This header: bursts of multicast frames. Each frame is a complete UDP packet with correct lengths
// and checksums. Its payload begins with the sequence number of the frame, 64 bits in network byte
// order. No thread rule: a struct traffic belongs to one caller.
#ifndef PERF_TRAFFIC_H
#define PERF_TRAFFIC_H

#include <rte_mbuf.h>
#include <sluice/types.h>

#define TRAFFIC_FRAME_MIN 64 // without the FCS
#define TRAFFIC_FRAME_MAX 9000
// Frame sizes of the simple IMIX, without the FCS.
#define TRAFFIC_IMIX_SMALL 64
#define TRAFFIC_IMIX_MIDDLE 590
#define TRAFFIC_IMIX_LARGE 1514

enum traffic_order {
	TRAFFIC_ROUND, // the groups in turn
	TRAFFIC_UNIFORM, // at random
	TRAFFIC_ZIPF, // the k-th group 1/k as often as the first
};

struct traffic_config {
	struct sluice_addr first; // first group; the others have the addresses that follow
	unsigned n_groups;
	struct sluice_addr source; // of the same family
	uint16_t udp_port; // source and destination, host byte order
	uint16_t vlan; // 0: untagged
	unsigned size; // bytes of each frame without the FCS; 0: IMIX, 7 small to 4 middle to 1
		       // large
	enum traffic_order order;
};

// Whether all groups are multicast addresses.
bool traffic_is_multicast(const struct traffic_config *config);
// Bytes of the headers of each frame, of the smallest frame and of the largest one.
unsigned traffic_headers(const struct traffic_config *config);
unsigned traffic_smallest(const struct traffic_config *config);
unsigned traffic_largest(const struct traffic_config *config);

struct traffic;

// The smallest frame must hold the headers. NULL if out of memory.
struct traffic *traffic_open(const struct traffic_config *config);
void traffic_close(struct traffic *traffic);
// Writes the next n frames into empty mbufs, each with room for the largest frame.
void traffic_burst(struct traffic *traffic, struct rte_mbuf **frames, unsigned n);
// Frames written so far.
uint64_t traffic_frames(const struct traffic *traffic);

#endif
