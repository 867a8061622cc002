// SPDX-License-Identifier: BSD-3-Clause
// Interfaces that are opened and closed while workers run: dataplane/port/interface_map.{h,c}
// (interface_map_find(), interface_map_with(), interface_map_remove()), port.c
// (port_publish_interfaces()), path/interface.c (interface_open(), interface_close()) and
// table/reclaim.c.
//
// The worker must find STAYS at all times, and must use no freed map, no closed interface and none
// that is not set up yet.
//
// Spin's memory is sequentially consistent. A weaker memory order is therefore modelled by the
// reordering that it permits. Build with one of these for a wrong program, which the search must
// detect:
// MAP_RELAXED     the map is stored relaxed, so that it is visible before its slots
// TAGS_CLEARED    interface_map_remove() also frees the slot, which ends the search of others
// CLOSE_EARLY     an interface is freed without a grace period
// FREE_EARLY      the old map is freed without a grace period

#define STAYS 1
#define LAST 3 // interfaces 2 and 3 come and go; all three have the same home
#define MAPS 3
#define SLOTS 4
#define CHANGES 6

byte tags[12], interface[12]; // MAPS * SLOTS; the interface is its tags, or 0 once it is removed
bit used[MAPS], retired[MAPS];
bit ready[4]; // the interface is set up
byte current;
byte token = 1, quiescent;

// slot_of(): `at` is set to the slot of the tags, or to the free one for them.
inline find_slot(map, key)
{
	at = 0;
	do
	:: tags[(map) * SLOTS + at] != 0 && tags[(map) * SLOTS + at] != key -> at++
	:: else -> break
	od
}

inline free_retired()
{
	d_step {
		used[0] = used[0] && !retired[0]; retired[0] = 0;
		used[1] = used[1] && !retired[1]; retired[1] = 0;
		used[2] = used[2] && !retired[2]; retired[2] = 0
	}
}

inline synchronize()
{
	token++;
	quiescent >= token;
	free_retired()
}

// interface_map_with(): the interfaces of the old map that are not removed, and a new one.
inline copy_map(new, old, key)
{
	i = 0;
	do
	:: i < SLOTS ->
		if
		:: interface[(old) * SLOTS + i] != 0 ->
			find_slot(new, tags[(old) * SLOTS + i]);
			tags[(new) * SLOTS + at] = tags[(old) * SLOTS + i];
			interface[(new) * SLOTS + at] = interface[(old) * SLOTS + i]
		:: else
		fi;
		i++
	:: else -> break
	od;
	find_slot(new, key);
	tags[(new) * SLOTS + at] = key;
	interface[(new) * SLOTS + at] = key
}

inline clear_map(map)
{
	d_step {
		tags[(map) * SLOTS] = 0; tags[(map) * SLOTS + 1] = 0;
		tags[(map) * SLOTS + 2] = 0; tags[(map) * SLOTS + 3] = 0;
		interface[(map) * SLOTS] = 0; interface[(map) * SLOTS + 1] = 0;
		interface[(map) * SLOTS + 2] = 0; interface[(map) * SLOTS + 3] = 0
	}
}

proctype control()
{
	byte changes = 0, key, old, new, at, i;

	do
	:: changes < CHANGES ->
		changes++;
		select (key : 2 .. LAST);
		old = current;
		if
		:: ready[key] -> // interface_close()
			find_slot(old, key);
			interface[old * SLOTS + at] = 0;
#ifdef TAGS_CLEARED
			tags[old * SLOTS + at] = 0;
#endif
#ifndef CLOSE_EARLY
			synchronize();
#endif
			ready[key] = 0
		:: else -> // interface_open()
			new = (!used[0] -> 0 : (!used[1] -> 1 : 2));
			if
			:: used[new] -> synchronize()
			:: else
			fi;
			new = (!used[0] -> 0 : (!used[1] -> 1 : 2));
			used[new] = 1;
			clear_map(new);
			ready[key] = 1;
#ifdef MAP_RELAXED
			current = new;
			copy_map(new, old, key);
#else
			copy_map(new, old, key);
			current = new;
#endif
#ifdef FREE_EARLY
			used[old] = 0
#else
			retired[old] = 1
#endif
		fi
	:: else -> break
	od
}

proctype worker()
{
	byte map, key, at, found;

end:
	do
	:: 	map = current;
		select (key : STAYS .. LAST);
		// interface_map_find()
		at = 0;
		found = 0;
		do
		:: true ->
			assert(used[map]);
			if
			:: tags[map * SLOTS + at] == key ->
				found = interface[map * SLOTS + at];
				break
			:: tags[map * SLOTS + at] == 0 -> break
			:: else -> at++
			fi
		od;
		assert(used[map]);
		assert(key != STAYS || found == STAYS);
		assert(found == 0 || ready[found]);
		quiescent = token
	od
}

init
{
	atomic {
		// The first map: 2, then STAYS behind it.
		used[0] = 1;
		tags[0] = 2; interface[0] = 2; ready[2] = 1;
		tags[1] = STAYS; interface[1] = STAYS; ready[STAYS] = 1;
		run control();
		run worker()
	}
}
