// SPDX-License-Identifier: BSD-3-Clause
// The burst lookups: one algorithm, built once for each way to search a bucket.
#ifndef DATAPLANE_GROUP_LOOKUP_H
#define DATAPLANE_GROUP_LOOKUP_H

#include "group_table.h"

// The fastest this CPU has.
const struct group_lookup *group_lookup_best(void);
// The portable one, which every CPU has.
const struct group_lookup *group_lookup_scalar(void);

#endif
