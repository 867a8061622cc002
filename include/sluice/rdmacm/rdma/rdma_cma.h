// SPDX-License-Identifier: BSD-3-Clause
// The name that programs of librdmacm include, in a directory that only `pkg-config sluice-rdmacm`
// gives.
#ifndef SLUICE_RDMACM_RDMA_CMA_H
#define SLUICE_RDMACM_RDMA_CMA_H

#include <sluice/rdma_cma.h>

#endif
