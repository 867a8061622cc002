// SPDX-License-Identifier: BSD-3-Clause
// A hierarchical timing wheel with ticks of a millisecond: four levels of 256 slots reach 49 days.
// Setting and cancelling a timer costs the same whatever the number of timers.
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
	const struct wheel_timer *later; // to be fetched ahead; it may be gone
	uint32_t expires; // low 32 bits of the time, ms
	uint8_t kind; // the owner's
};

LIST_HEAD(wheel_slot, wheel_timer);

struct wheel {
	uint64_t now_ms;
	uint64_t n_timers;
	struct wheel_slot slots[WHEEL_LEVELS][WHEEL_SLOTS];
	// The last that were set. A slot is emptied from the last on, so that of a mass that is set
	// together the one set so many before it comes so many after it.
	const struct wheel_timer *last[WHEEL_AHEAD];
	unsigned n_last;
	uint64_t used[WHEEL_LEVELS][WHEEL_SLOTS / 64]; // a bit may outlive its timers, for one turn
};

void wheel_init(struct wheel *wheel, uint64_t now_ms);

// Lets the time pass while no timer is set. Else nobody advances the wheel, and what is set later
// than its reach would come too early.
static inline void wheel_idle(struct wheel *wheel, uint64_t now_ms)
{
	if (wheel->n_timers == 0 && wheel->now_ms < now_ms)
		wheel->now_ms = now_ms;
}

// The timer must not be set. A time that has passed means the next tick.
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t expires_ms);
void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer); // must be set

// Takes out the next timer that is due at now_ms; NULL if none is.
struct wheel_timer *wheel_pop(struct wheel *wheel, uint64_t now_ms);

// A time no later than the next expiry, WHEEL_NEVER without timers. It may be early by the few
// turns a far timer needs to come down the levels.
uint64_t wheel_next_ms(const struct wheel *wheel);

// When a timer that is or was set expires.
static inline uint64_t wheel_expires_ms(const struct wheel *wheel, const struct wheel_timer *timer)
{
	return wheel->now_ms + (int32_t)(timer->expires - (uint32_t)wheel->now_ms);
}

#endif
