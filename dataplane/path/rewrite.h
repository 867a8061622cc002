// SPDX-License-Identifier: BSD-3-Clause
// Rewrites frames that leave by a port with another VLAN tag or source MAC address than they had,
// and restores tags that the NIC stripped.
#ifndef DATAPLANE_REWRITE_H
#define DATAPLANE_REWRITE_H

#include "output.h"
#include "parse.h"
#include "port.h"

// Whether the NIC stripped the outer tag of the frame.
static inline bool rewrite_is_stripped(const struct rte_mbuf *frame)
{
	return frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED;
}

// Whether the bytes of the frame may be changed: there is no other reference to them.
static inline bool rewrite_is_own(const struct rte_mbuf *frame)
{
	return rte_mbuf_refcnt_read(frame) == 1 && RTE_MBUF_DIRECT(frame);
}

// Worker. Puts stripped tags back into a frame that is not shared and returns their length in
// bytes. Returns 0 if there is no room, or the device shares the buffer: the tags stay in the
// metadata.
unsigned rewrite_restore(struct rte_mbuf *frame);

// Worker. Forgets the stripped tags of a frame.
static inline void rewrite_forget(struct rte_mbuf *frame)
{
	frame->ol_flags &= ~(RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED);
}

// Bytes before the IP header of frames that leave by the output.
static inline unsigned rewrite_header_len(const struct output *output)
{
	return RTE_ETHER_HDR_LEN + (output->vlan != VLAN_NONE ? RTE_VLAN_HLEN : 0);
}

// Whether frames leave by the output with the header they have. l3_offset: of the IP header.
static inline bool rewrite_is_never_needed(const struct output *output, uint16_t l3_offset)
{
	return output->vlan == VLAN_NONE && !output->set_source_mac &&
	       l3_offset == RTE_ETHER_HDR_LEN;
}

// Worker. Which of n frames need another header, or another segmentation, for the output: bit i is
// frame i.
uint64_t rewrite_needed(const struct output *output, struct rte_mbuf *const *frames, unsigned n,
	uint16_t l3_offset);

// Worker. Replaces frame i of n frames, if bit i of `which` is set, by a rewritten one: a new
// header chained to the shared rest, or a copy if that is cheaper or the port cannot send segments.
// The originals do not change. Frames for which there is no buffer are left out. Returns the number
// of frames that remain, in their order.
unsigned rewrite_burst(const struct output *output, struct rte_mbuf **frames, unsigned n,
	uint64_t which, uint16_t l3_offset);

// Worker. Rewrites the frames of `which` themselves; their headers must not be shared. Returns
// those that were rewritten. The port cannot send the others that way, and they do not change.
uint64_t rewrite_in_place(const struct output *output, struct rte_mbuf *const *frames,
	uint64_t which, uint16_t l3_offset);

#endif
