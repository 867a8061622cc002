// SPDX-License-Identifier: BSD-3-Clause
// Frames that leave by a port with another VLAN tag or source MAC than they came with, and those
// whose tag the NIC took out.
#ifndef DATAPLANE_REWRITE_H
#define DATAPLANE_REWRITE_H

#include "output.h"
#include "parse.h"
#include "port.h"

// Whether the NIC took the outer tag out of the frame.
static inline bool rewrite_is_stripped(const struct rte_mbuf *frame)
{
	return frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED;
}

// Whether the bytes of the frame are ours to change.
static inline bool rewrite_is_own(const struct rte_mbuf *frame)
{
	return rte_mbuf_refcnt_read(frame) == 1 && RTE_MBUF_DIRECT(frame);
}

// Worker. Puts the tags the NIC took out back into a frame nobody shares; returns their length. 0:
// no room, or shared by the device it came from: they stay in its metadata.
unsigned rewrite_restore(struct rte_mbuf *frame);

// Worker. The tags the NIC took out are gone for good.
static inline void rewrite_forget(struct rte_mbuf *frame)
{
	frame->ol_flags &= ~(RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED);
}

// What stands before the IP header of frames that leave by the output.
static inline unsigned rewrite_header_len(const struct output *output)
{
	return RTE_ETHER_HDR_LEN + (output->vlan != VLAN_NONE ? RTE_VLAN_HLEN : 0);
}

// Whether frames leave by the output with the header they came with. l3_offset tells where the IP
// header starts.
static inline bool rewrite_is_never_needed(const struct output *output, uint16_t l3_offset)
{
	return output->vlan == VLAN_NONE && !output->set_source_mac &&
	       l3_offset == RTE_ETHER_HDR_LEN;
}

// Worker. Of which of n frames the output wants another header or shape: bit i is frame i.
uint64_t rewrite_needed(const struct output *output, struct rte_mbuf *const *frames, unsigned n,
	uint16_t l3_offset);

// Worker. Of n frames replaces those of which bit i of `which` is set by what the output wants: a
// header of its own before the shared rest, or a copy if that is cheaper or the port cannot send
// segments. The originals stay as they are. Leaves out those for which there is no buffer; returns
// how many frames remain, in their order.
unsigned rewrite_burst(const struct output *output, struct rte_mbuf **frames, unsigned n,
	uint64_t which, uint16_t l3_offset);

// Worker. The same to the frames themselves, of which nobody knows but those who share their rest.
// Returns for which it was done: the others stay as they are, the port cannot send them so.
uint64_t rewrite_in_place(const struct output *output, struct rte_mbuf *const *frames,
	uint64_t which, uint16_t l3_offset);

#endif
