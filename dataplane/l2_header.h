// SPDX-License-Identifier: BSD-3-Clause
// What may stand before the IP header of a frame.
#ifndef DATAPLANE_L2_HEADER_H
#define DATAPLANE_L2_HEADER_H

#include <rte_ether.h>

#define VLAN_MAX 4094
#define L2_TAGS_MAX 4 // two that count and priority tags between them
#define L2_HEADER_MAX (RTE_ETHER_HDR_LEN + L2_TAGS_MAX * RTE_VLAN_HLEN) // bytes

#endif
