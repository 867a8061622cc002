// SPDX-License-Identifier: BSD-3-Clause
#include "group.h"
#include "member_array.h"
#include "memory.h"

#define ROOM_MIN 16 // members
#define LINE 64 // bytes of a cache line

void member_array_close(struct member_array *array)
{
	size_t held = array->room * sizeof(*array->members);

	memory_put(&held, array->members, array->room * sizeof(*array->members));
}

static bool set_room(struct member_array *array, uint32_t room)
{
	size_t held = array->room * sizeof(*array->members);
	struct member **members = memory_get_aligned(&held, LINE, room * sizeof(*members));

	if (members == NULL)
		return false;
	for (uint32_t i = 0; i < array->end; i++)
		members[i] = array->members[i];
	memory_put(&held, array->members, array->room * sizeof(*members));
	array->members = members;
	array->room = room;
	return true;
}

static void write_holes(struct member_array *array)
{
	for (unsigned i = 0; i < array->n_holes; i++)
		array->members[array->holes[i]] = NULL;
}

static void close_up(struct member_array *array)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < array->end; i++) {
		struct member *member = array->members[i];

		if (member == NULL)
			continue;
		member->place = n;
		array->members[n++] = member;
	}
	array->end = n;
}

// Writes the holes. Closes them up if the array is mostly empty.
static void settle(struct member_array *array)
{
	write_holes(array);
	array->n_holes = 0;
	while (array->end > 0 && array->members[array->end - 1] == NULL)
		array->end--;
	if (array->n_members < array->room / 8 && array->room > ROOM_MIN) {
		close_up(array);
		set_room(array, array->room / 2); // without memory it stays large
	}
}

bool member_array_reserve(struct member_array *array)
{
	if (array->end < array->room)
		return true;
	if (array->room == 0)
		return set_room(array, ROOM_MIN);
	if (array->n_members > array->room / 2)
		return set_room(array, 2 * array->room);
	settle(array);
	close_up(array);
	return true;
}

void member_array_add(struct member_array *array, struct member *member)
{
	member->place = array->end;
	array->members[array->end++] = member;
	array->n_members++;
}

void member_array_remove(struct member_array *array, struct member *member)
{
	__builtin_prefetch(&array->members[member->place], 1);
	array->holes[array->n_holes++] = member->place;
	array->n_members--;
	if (array->n_holes == MEMBER_ARRAY_HOLES)
		settle(array);
}

struct member *member_array_before(struct member_array *array, uint32_t place)
{
	write_holes(array);
	while (place > 0) {
		if (array->members[--place] != NULL)
			return array->members[place];
	}
	return NULL;
}
