// SPDX-License-Identifier: BSD-3-Clause
// What goes before each frame of a share: the number of its line, in host order.
#ifndef DATAPLANE_SHARE_TAG_H
#define DATAPLANE_SHARE_TAG_H

#include <stdint.h>

#define SHARE_TAG sizeof(uint64_t)

#endif
