// SPDX-License-Identifier: BSD-3-Clause
// The lanes of a ring output: dataplane/port/output.h (output_stage()) and output.c
// (ring_hand_over(), claim(), take(), output_receive_burst(), output_waiting()). Two senders, a
// receiver, and another thread that reads how many frames wait.
//
// The receiver must get exactly the accepted frames of each sender, in order. The ring must never
// hold more frames than its capacity. Positions begin just below the wrap of their type.
//
// Spin's memory is sequentially consistent. A weaker memory order is therefore modelled by the
// reordering that it permits. Build with one of these for a wrong program, which the search must
// detect; build with -DWAITING for output_waiting():
// HANDED_OVER_RELAXED  handed_over is stored relaxed, so that it is visible before the slots
// TAKEN_RELAXED        taken is stored relaxed, so that it is visible before the slots are read
// CLAIM_NOT_ATOMIC     claimed is loaded and stored, without a compare-and-exchange
// SLOTS_FEW            a lane has slots for its capacity, but not for a burst in addition
// WAITING_REVERSED     output_waiting() loads claimed before taken

#define SENDERS 2
#define CAPACITY 2
#define BURST 2
#ifdef SLOTS_FEW
#define SLOTS 2
#else
#define SLOTS 4
#endif
// The frames that the senders try to send, or one more. Fewer with output_waiting(), so that the
// search ends.
#if defined(WAITING) || defined(WAITING_REVERSED)
#define FRAMES0 2
#else
#define FRAMES0 4
#endif
#define FRAMES1 1
#define FIRST 254 // a position

byte slots[8]; // SENDERS lanes
byte handed_over[SENDERS] = FIRST;
byte claimed = FIRST, taken = FIRST; // byte is unsigned and wraps, like uint32_t in the program
byte accepted_all, received_all; // for the assertions only

#define SLOT(lane, position) slots[(lane) * SLOTS + (position) % SLOTS]

// output_stage(). The numbers of frames that are refused are used again.
inline stage()
{
	i = 0;
	do
	:: i < n ->
		position = staged + i;
		SLOT(lane, position) = number + i;
		i++
	:: else -> break
	od
}

inline claim()
{
	seen = claimed;
	do
	:: 	held = taken;
		room = seen - held;
		room = CAPACITY - room;
		granted = (n < room -> n : room);
		position = seen + granted;
#ifdef CLAIM_NOT_ATOMIC
		claimed = position;
		break
#else
		if
		:: atomic { claimed == seen -> claimed = position }; break
		:: atomic { claimed != seen -> seen = claimed }
		fi
#endif
	od;
	atomic {
		accepted_all = accepted_all + granted;
		assert(accepted_all - received_all <= CAPACITY)
	}
}

proctype sender(byte lane; byte frames)
{
	byte staged = FIRST, position, n, i, seen, held, granted, room, sent = 0, number = 1;

	do
	:: sent < frames ->
		select (n : 1 .. BURST);
		// ring_hand_over()
#ifdef HANDED_OVER_RELAXED
		claim();
		position = staged + granted;
		handed_over[lane] = position;
		stage();
#else
		stage();
		claim();
		position = staged + granted;
		handed_over[lane] = position;
#endif
		staged = position;
		number = number + granted;
		sent = sent + n
	:: else -> break
	od
}

inline read_slots(from, n)
{
	i = 0;
	do
	:: i < n ->
		position = next[from];
		assert(SLOT(from, position) == expected[from]);
		next[from] = position + 1;
		expected[from] = expected[from] + 1;
		i++
	:: else -> break
	od
}

// output_receive_burst()
proctype receiver()
{
	byte next[SENDERS] = FIRST, expected[SENDERS] = 1, some[SENDERS];
	byte lane = 0, tried, got, n, i, position;

end:
	do
	:: 	got = 0;
		tried = 0;
#ifdef TAKEN_RELAXED
		some[0] = 0;
		some[1] = 0;
#endif
		do
		:: tried < SENDERS && got < BURST ->
			// take()
			position = handed_over[lane];
			n = position - next[lane];
			n = (n < BURST - got -> n : BURST - got);
#ifdef TAKEN_RELAXED
			some[lane] = n;
#else
			read_slots(lane, n);
#endif
			got = got + n;
			lane = 1 - lane;
			tried++
		:: else -> break
		od;
		atomic {
			received_all = received_all + got;
			position = taken + got;
			taken = position
		};
#ifdef TAKEN_RELAXED
		read_slots(0, some[0]);
		read_slots(1, some[1])
#endif
	od
}

#if defined(WAITING) || defined(WAITING_REVERSED)
// output_waiting()
active proctype asker()
{
	byte count_taken, count_claimed, count;

#ifdef WAITING_REVERSED
	count_claimed = claimed;
	count_taken = taken;
#else
	count_taken = taken;
	count_claimed = claimed;
#endif
	count = count_claimed - count_taken;
	assert(count <= FRAMES0 + FRAMES1 + 2) // a negative number is larger
}
#endif

init
{
	atomic { run sender(0, FRAMES0); run sender(1, FRAMES1); run receiver() }
}
