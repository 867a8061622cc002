// SPDX-License-Identifier: BSD-3-Clause
// How the group table publishes its buckets: dataplane/table/group_buckets.c
// (group_buckets_insert(), group_buckets_erase()) and group_table.c (rebuild()). A bucket has two
// slots, and its entries may continue in the next bucket. A writer puts, removes and rebuilds; a
// reader must find STAYS at all times and must never read freed buckets. Build with
// -DREACH_TOO_LOW, -DPUBLISH_EARLY or -DFREE_EARLY for a wrong writer, which the search must detect.

#define STAYS 1
#define LAST 4 // entries 2, 3 and 4 come and go
#define REBUILDS 2

// Two generations of buckets, so that one can be built while the other is read.
byte home[4] = {STAYS, 0, 0, 0}; // generation * 2 + slot
byte next[4];
bit reach[2];
bit freed[2];
bit current;
byte token, quiescent; // of the grace period: taken by the writer, seen by the reader
bit present[LAST + 1];

inline insert(g, e)
{
	if
	:: home[2 * g] == 0 -> home[2 * g] = e
	:: home[2 * g] != 0 && home[2 * g + 1] == 0 -> home[2 * g + 1] = e
	:: home[2 * g] != 0 && home[2 * g + 1] != 0 && next[2 * g] == 0 ->
		next[2 * g] = e;
		reach[g] = 1
	:: home[2 * g] != 0 && home[2 * g + 1] != 0 && next[2 * g] != 0 ->
		next[2 * g + 1] = e;
		reach[g] = 1
	fi
}

inline lower_reach(g)
{
#ifdef REACH_TOO_LOW
	reach[g] = 0
#else
	if
	:: next[2 * g] == 0 && next[2 * g + 1] == 0 -> reach[g] = 0
	:: else
	fi
#endif
}

inline erase(g, e)
{
	if
	:: home[2 * g] == e -> home[2 * g] = 0
	:: home[2 * g + 1] == e -> home[2 * g + 1] = 0
	:: next[2 * g] == e -> next[2 * g] = 0; lower_reach(g)
	:: next[2 * g + 1] == e -> next[2 * g + 1] = 0; lower_reach(g)
	fi
}

active proctype writer()
{
	byte rebuilds = 0, e;
	bit old;

	do
	:: select (e : 2 .. LAST);
		if
		:: present[e] -> erase(current, e)
		:: else -> insert(current, e)
		fi;
		present[e] = 1 - present[e]
	:: rebuilds < REBUILDS ->
		rebuilds++;
		old = current;
		d_step {
			home[2 * (1 - old)] = 0; home[2 * (1 - old) + 1] = 0;
			next[2 * (1 - old)] = 0; next[2 * (1 - old) + 1] = 0;
			reach[1 - old] = 0; freed[1 - old] = 0
		}
#ifdef PUBLISH_EARLY
		current = 1 - old;
#endif
		// STAYS is inserted last, and therefore goes into the next bucket.
		e = LAST;
		do
		:: e >= 1 ->
			if
			:: e == STAYS || present[e] -> insert((1 - old), e)
			:: else
			fi;
			e--
		:: else -> break
		od;
		current = 1 - old;
		token++;
#ifndef FREE_EARLY
		quiescent == token;
#endif
		freed[old] = 1
	:: rebuilds == REBUILDS -> break
	od
}

active proctype reader()
{
	bit g, found;

end:
	do
	:: 	g = current;
		found = 0;
		assert(!freed[g]);
		if
		:: home[2 * g] == STAYS -> found = 1
		:: else
		fi;
		if
		:: home[2 * g + 1] == STAYS -> found = 1
		:: else
		fi;
		assert(!freed[g]);
		if
		:: !found && reach[g] ->
			if
			:: next[2 * g] == STAYS -> found = 1
			:: else
			fi;
			if
			:: next[2 * g + 1] == STAYS -> found = 1
			:: else
			fi
		:: else
		fi;
		assert(!freed[g]);
		assert(found);
		quiescent = token
	od
}
