// SPDX-License-Identifier: BSD-3-Clause
// The burst lookups: one algorithm, built once for each way to search a bucket.
#ifndef DATAPLANE_GROUP_LOOKUP_H
#define DATAPLANE_GROUP_LOOKUP_H

#include "group_table.h"

#define GROUP_LOOKUPS_MAX 3

// Those this CPU can run, the fastest being number 0, the portable one the last; NULL beyond.
const struct group_lookup *group_lookup(unsigned rank);

#endif
