// SPDX-License-Identifier: BSD-3-Clause
// The layout on a machine without libibverbs.
#include <sluice/verbs.h>
#include <rdma/rdma_cma.h>
#include "layout_fixture.h"

const size_t layout_own[14] = LAYOUT;
