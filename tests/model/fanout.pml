// SPDX-License-Identifier: BSD-3-Clause
// How fan-outs are published, retired and replaced in place: dataplane/table/subscription.c
// (publish(), replace_in_place(), withdraw()), reclaim.c (reclaim_retire(), advance(),
// reclaim_poll(), reclaim_synchronize()), and the end of an output in dataplane/port/output.c
// (output_close()). Readers go online and offline like in reclaim.h and rte_rcu_qsbr.
//
// A reader must never read a block that is freed or being written, nor use a closed output.
//
// Spin's memory is sequentially consistent. A weaker memory order is therefore modelled by the
// reordering that it permits. Build with one of these for a wrong program, which the search must
// detect; build with -DTWO_READERS for two readers:
// ROUTE_RELAXED   the route is stored relaxed, so that it is visible before the fan-out
// TOKEN_OLD       blocks that are retired after a token was taken are freed with it
// COPY_EARLY      replace_in_place() copies before the readers of the old block are quiescent
// RESERVE_EARLY   replace_in_place() returns before the readers of the reserve are quiescent
// CLOSE_EARLY     an output is closed without waiting for the readers of withdrawn fan-outs

#define BLOCKS 3 // and the reserve, block 0
#ifdef TWO_READERS // fewer changes, so that the search ends
#define CHANGES 1
#else
#define CHANGES 3
#endif
#define OFFLINE 0

byte content[8]; // two words per block: the output that its fan-out names
bit used[4], fresh[4], waiting[4]; // used: allocated; fresh, waiting: the lists of reclaim.h
bit closed[3]; // outputs 1 and 2
byte route = 1; // the block that the record leads to
byte token = 1, waited; // of rte_rcu_qsbr; the token of the waiting list
byte count[2]; // the last token that a reader has seen, or OFFLINE

#define PASSED(token, reader) (count[reader] == OFFLINE || count[reader] >= (token))

inline build(block, output)
{
	content[2 * (block)] = output;
	content[2 * (block) + 1] = output
}

// reclaim.c: advance()
inline advance()
{
	d_step {
		if
		:: !waiting[1] && !waiting[2] && !waiting[3] && (fresh[1] || fresh[2] || fresh[3]) ->
			waiting[1] = fresh[1]; waiting[2] = fresh[2]; waiting[3] = fresh[3];
			fresh[1] = 0; fresh[2] = 0; fresh[3] = 0;
			token++;
			waited = token
		:: else
		fi
	}
}

inline free_waiting()
{
	d_step {
		used[1] = used[1] && !waiting[1]; waiting[1] = 0;
		used[2] = used[2] && !waiting[2]; waiting[2] = 0;
		used[3] = used[3] && !waiting[3]; waiting[3] = 0
	}
}

inline poll()
{
	advance();
	if
	:: (waiting[1] || waiting[2] || waiting[3]) && PASSED(waited, 0) && PASSED(waited, 1) ->
		free_waiting();
		advance()
	:: else
	fi
}

inline synchronize()
{
	token++;
	own = token;
	// rte_rcu_qsbr_check() waits for one reader after the other.
	PASSED(own, 0);
	PASSED(own, 1);
	d_step {
		used[1] = used[1] && !waiting[1] && !fresh[1]; waiting[1] = 0; fresh[1] = 0;
		used[2] = used[2] && !waiting[2] && !fresh[2]; waiting[2] = 0; fresh[2] = 0;
		used[3] = used[3] && !waiting[3] && !fresh[3]; waiting[3] = 0; fresh[3] = 0
	}
}

proctype control()
{
	byte changes = 0, block, output, old, own;

	do
	:: changes < CHANGES ->
		changes++;
		old = route;
		select (output : 1 .. 2);
		if
		:: closed[output] -> output = 3 - output
		:: else
		fi;
		if
		:: !used[1] -> block = 1
		:: !used[2] -> block = 2
		:: !used[3] -> block = 3
		:: block = 0 // aligned_memory_alloc() fails
		fi;
		if
		:: block > 0 ->
			used[block] = 1;
#ifdef ROUTE_RELAXED
			route = block;
			build(block, output);
#else
			build(block, output);
			route = block;
#endif
			// withdraw()
#ifdef TOKEN_OLD
			if
			:: waiting[1] || waiting[2] || waiting[3] -> waiting[old] = 1
			:: else -> fresh[old] = 1
			fi
#else
			fresh[old] = 1
#endif
		:: else -> // replace_in_place()
			build(0, output);
			route = 0;
#ifndef COPY_EARLY
			synchronize();
#endif
			build(old, output);
			route = old;
#ifndef RESERVE_EARLY
			synchronize()
#endif
		fi
	:: poll()
	:: !closed[1] && !closed[2] ->
		output = 3 - content[2 * route]; // the output that no published fan-out names
#ifndef CLOSE_EARLY
		synchronize();
#endif
		closed[output] = 1
	:: changes == CHANGES -> break
	od
}

proctype reader(byte id)
{
	byte block, seen, output;

	do
	:: 	// rte_rcu_qsbr_thread_online()
		seen = token;
		count[id] = seen;
		do
		:: 	block = route;
			assert(used[block] || block == 0);
			output = content[2 * block];
			assert(used[block] || block == 0);
			assert(content[2 * block + 1] == output);
			assert(!closed[output]);
			// rte_rcu_qsbr_quiescent()
			seen = token;
			count[id] = seen
		:: break
		od;
		count[id] = OFFLINE
	:: break
	od
}

init
{
	atomic {
		used[1] = 1; content[2] = 1; content[3] = 1;
		run control();
#ifdef TWO_READERS
		run reader(1);
#endif
		run reader(0)
	}
}
