// SPDX-License-Identifier: BSD-3-Clause
// Offload flags of received mbufs that the parser may trust. Stripped tags are part of the frame
// and always count; the port decides whether its device's checksum flag does.
#ifndef DATAPLANE_OFFLOAD_H
#define DATAPLANE_OFFLOAD_H

#include <rte_mbuf.h>

#define OFFLOAD_TAGS RTE_MBUF_F_RX_VLAN_STRIPPED
#define OFFLOAD_CHECKSUM RTE_MBUF_F_RX_IP_CKSUM_GOOD

#endif
