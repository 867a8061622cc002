// SPDX-License-Identifier: BSD-3-Clause
// The members of one session in the order of joining. Private to igmp/host.
#ifndef IGMP_MEMBER_ARRAY_H
#define IGMP_MEMBER_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

struct member;

#define MEMBER_ARRAY_HOLES 16

// A member that ends leaves a hole. A linked list would write to its neighbours, which are anywhere
// in memory. The holes are written in batches, when their places have been fetched.
struct member_array {
	struct member **members;
	uint32_t room;
	uint32_t end; // of the places in use
	uint32_t n_members;
	uint32_t n_holes;
	uint32_t holes[MEMBER_ARRAY_HOLES]; // places that are still to be set to NULL
};

void member_array_close(struct member_array *array);

// Makes sure that member_array_add() succeeds. False: no memory.
bool member_array_reserve(struct member_array *array);
void member_array_add(struct member_array *array, struct member *member);
void member_array_remove(struct member_array *array, struct member *member);

// The newest member that is older than the one at this place; array->end returns the newest of all.
struct member *member_array_before(struct member_array *array, uint32_t place);

#endif
