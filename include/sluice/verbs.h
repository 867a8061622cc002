// SPDX-License-Identifier: BSD-3-Clause
// The part of <infiniband/verbs.h> that <sluice/rdma_cma.h> needs, with the same layout, for
// machines without it.
#ifndef SLUICE_VERBS_H
#define SLUICE_VERBS_H

#include <linux/types.h>
#include <stdint.h>

// Pointers to these are always NULL: there is no device, queue pair or completion queue.
struct ibv_context;
struct ibv_qp;
struct ibv_cq;
struct ibv_comp_channel;
struct ibv_srq;
struct ibv_pd;

enum ibv_qp_type {
	IBV_QPT_RC = 2,
	IBV_QPT_UC,
	IBV_QPT_UD,
	IBV_QPT_RAW_PACKET = 8,
	IBV_QPT_XRC_SEND,
	IBV_QPT_XRC_RECV,
	IBV_QPT_DRIVER = 0xff,
};

union ibv_gid {
	uint8_t raw[16];
	struct {
		__be64 subnet_prefix;
		__be64 interface_id;
	} global;
};

struct ibv_global_route {
	union ibv_gid dgid;
	uint32_t flow_label;
	uint8_t sgid_index;
	uint8_t hop_limit;
	uint8_t traffic_class;
};

struct ibv_ah_attr {
	struct ibv_global_route grh;
	uint16_t dlid;
	uint8_t sl;
	uint8_t src_path_bits;
	uint8_t static_rate;
	uint8_t is_global;
	uint8_t port_num;
};

#endif
