// SPDX-License-Identifier: BSD-3-Clause
// A multicast group as the hash table compares it.
#ifndef DATAPLANE_GROUP_KEY_H
#define DATAPLANE_GROUP_KEY_H

#include <stdbool.h>
#include <stdint.h>

// The address in memory order. An IPv4 group is the low half of words[0], in network byte order.
struct group_key {
	uint64_t words[2];
};

static inline bool group_key_equal(const struct group_key *a, const struct group_key *b)
{
	return !((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1]));
}

#endif
