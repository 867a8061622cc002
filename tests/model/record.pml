// SPDX-License-Identifier: BSD-3-Clause
// A record of a group, and its reuse for another group: dataplane/table/group_record.{h,c}
// (group_record_set_route(), source6_has(), group_record_takes(), group_record_count(),
// group_record_clear()), group_index.c (group_index_release(), limbo_end(), group_index_alloc()) and
// the order of calls in group_table.c (group_table_put(), group_table_remove(), group_table_stats()).
//
// The worker must filter each frame by a filter that the group of its lookup has had, and the control
// thread must see the time of each packet that it sees, and no packet of an earlier group.
//
// Spin's memory is sequentially consistent. A weaker memory order is therefore modelled by the
// reordering that it permits. Build with one of these for a wrong program, which the search must
// detect:
// ROUTE_RELAXED    the route is stored relaxed, so that it is visible before the source
// SOURCE_CHANGED   another source overwrites the one in the record
// PACKETS_RELAXED  the packet counter is stored relaxed, so that it is visible before the time
// REUSE_EARLY      the index is reused without a grace period

// A route: the group in bits 2 and 3, and its filter. Real routes to a source are all alike; here
// they name the source that is meant.
#define OPEN 0
#define SOURCE_A 1
#define SOURCE_B 2
#define FANOUT 3
#define ROUTE(group, kind) ((group) * 4 + (kind))
#define GROUP(route) ((route) / 4)
#define KIND(route) ((route) % 4)

#define CHANGES 8
#define REUSES 2
#define PACKETS 2

byte slot; // of the bucket: the group whose entry has this index, 0: none
byte route, source[2]; // of the record; source[] as two words of an IPv6 address
byte packets, tick; // of the record
byte token = 1, quiescent;

inline set_route(group, kind)
{
	// route_to(): a route to the source in the record, or to the fan-out if that is another one.
	if
	:: kind == OPEN || kind == FANOUT -> route = ROUTE(group, kind)
	:: kind == SOURCE_A || kind == SOURCE_B ->
		if
#ifdef SOURCE_CHANGED
		:: true ->
#else
		:: source[0] == 0 ->
#endif
#ifdef ROUTE_RELAXED
			route = ROUTE(group, kind);
			source[0] = kind;
			source[1] = kind
#else
			source[0] = kind;
			source[1] = kind;
			route = ROUTE(group, kind)
#endif
#ifndef SOURCE_CHANGED
		:: source[0] == kind -> route = ROUTE(group, kind)
		:: source[0] != 0 && source[0] != kind -> route = ROUTE(group, FANOUT)
#endif
		fi
	fi
}

active proctype control()
{
	byte changes = 0, reuses = 0, kind, group = 1, seen;

	set_route(1, SOURCE_A);
	slot = 1;
	do
	:: changes < CHANGES ->
		changes++;
		select (kind : OPEN .. FANOUT);
		set_route(group, kind)
	:: reuses < REUSES ->
		reuses++;
		slot = 0; // group_buckets_erase()
		token++; // group_index_release(): retired, then a grace period
#ifndef REUSE_EARLY
		quiescent >= token;
#endif
		packets = 0; // group_index_alloc(): group_record_clear()
		tick = 0;
		source[0] = 0;
		source[1] = 0;
		group = 3 - group;
		select (kind : OPEN .. FANOUT);
		set_route(group, kind);
		slot = group // group_buckets_insert()
	:: // group_table_stats()
		seen = packets;
		if
		:: seen > 0 -> assert(tick == group)
		:: else
		fi
	:: changes == CHANGES && reuses == REUSES -> break
	od
}

active proctype worker()
{
	byte group, held, first, second, n;

end:
	do
	:: 	group = slot;
		if
		:: group != 0 ->
			held = route;
			assert(GROUP(held) == group);
			if
			:: KIND(held) == SOURCE_A || KIND(held) == SOURCE_B ->
				first = source[0];
				second = source[1];
				assert(first == KIND(held) && second == KIND(held))
			:: else
			fi;
			// group_record_count(). The time is modelled by the group of the packet.
			n = packets;
			if
			:: n < PACKETS ->
#ifdef PACKETS_RELAXED
				packets = n + 1;
				tick = group
#else
				tick = group;
				packets = n + 1
#endif
			:: else
			fi
		:: else
		fi;
		quiescent = token
	od
}
