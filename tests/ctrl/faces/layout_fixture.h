// SPDX-License-Identifier: BSD-3-Clause
// Sizes and offsets of the types that a program shares with the face.
#ifndef TESTS_FACES_LAYOUT_FIXTURE_H
#define TESTS_FACES_LAYOUT_FIXTURE_H

#include <stddef.h>

#define LAYOUT                                                                                     \
	{                                                                                          \
		sizeof(union ibv_gid), sizeof(struct ibv_global_route),                            \
			sizeof(struct ibv_ah_attr), offsetof(struct ibv_ah_attr, dlid),            \
			offsetof(struct ibv_ah_attr, port_num), sizeof(enum ibv_qp_type),          \
			IBV_QPT_UD, IBV_QPT_XRC_RECV, IBV_QPT_DRIVER, sizeof(struct rdma_cm_id),   \
			offsetof(struct rdma_cm_id, event), offsetof(struct rdma_cm_id, qp_type),  \
			sizeof(struct rdma_cm_event),                                              \
			offsetof(struct rdma_cm_event, param.ud.qkey),                             \
	}

extern const size_t layout_own[14];

#endif
