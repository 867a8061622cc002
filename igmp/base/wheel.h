// SPDX-License-Identifier: BSD-3-Clause
// A hierarchical timing wheel with ticks of one millisecond: four levels of 256 slots cover 49
// days. The cost of setting and cancelling a timer does not depend on the number of timers.
#ifndef IGMP_WHEEL_H
#define IGMP_WHEEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_LEVELS 4
#define WHEEL_SLOTS 256
#define WHEEL_NEVER UINT64_MAX
#define WHEEL_AHEAD 16 // timers

struct wheel_timer {
	LIST_ENTRY(wheel_timer) entry;
	const struct wheel_timer *later; // to be prefetched; it may no longer exist
	uint32_t expires; // low 32 bits of the time, ms
	uint8_t kind; // the owner's
};

LIST_HEAD(wheel_slot, wheel_timer);

struct wheel {
	uint64_t now_ms;
	uint64_t n_timers;
	struct wheel_slot slots[WHEEL_LEVELS][WHEEL_SLOTS];
	// The timers set last. A slot is emptied from the last timer on, so of many timers that are
	// set together, the one set WHEEL_AHEAD earlier expires WHEEL_AHEAD later.
	const struct wheel_timer *last[WHEEL_AHEAD];
	unsigned n_last;
	uint64_t used[WHEEL_LEVELS][WHEEL_SLOTS / 64]; // a bit may stay set after its timers are
						       // gone, for one revolution
};

void wheel_init(struct wheel *wheel, uint64_t now_ms);

// Advances the time while no timer is set. Otherwise the wheel is not advanced, and a timer set
// later for a time beyond its range would expire too early.
static inline void wheel_idle(struct wheel *wheel, uint64_t now_ms)
{
	if (wheel->n_timers == 0 && wheel->now_ms < now_ms)
		wheel->now_ms = now_ms;
}

// The timer must not be set already. A time in the past means the next tick.
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t expires_ms);
void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer); // must be set

// Removes and returns the next timer that is due at now_ms, or NULL.
struct wheel_timer *wheel_pop(struct wheel *wheel, uint64_t now_ms);

// A time no later than the next expiry; WHEEL_NEVER without timers. It may be earlier by the few
// advances that a far timer needs to move down the levels.
uint64_t wheel_next_ms(const struct wheel *wheel);

// The expiry time of a timer that is or was set.
static inline uint64_t wheel_expires_ms(const struct wheel *wheel, const struct wheel_timer *timer)
{
	return wheel->now_ms + (int32_t)(timer->expires - (uint32_t)wheel->now_ms);
}

#endif
