// SPDX-License-Identifier: BSD-3-Clause
// The name librdmacm's programs include, in a directory only `pkg-config sluice-rdmacm` names.
#ifndef SLUICE_RDMACM_RDMA_CMA_H
#define SLUICE_RDMACM_RDMA_CMA_H

#include <sluice/rdma_cma.h>

#endif
