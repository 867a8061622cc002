// SPDX-License-Identifier: BSD-3-Clause
#include <stddef.h>

#include "wheel.h"

#define LEVEL_BITS 8
#define SLOT_MASK (WHEEL_SLOTS - 1)

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
	*wheel = (struct wheel){.now_ms = now_ms};
}

static void insert(struct wheel *wheel, struct wheel_timer *timer)
{
	uint32_t delta = timer->expires - (uint32_t)wheel->now_ms;
	unsigned level = 0;
	unsigned slot;

	while (level < WHEEL_LEVELS - 1 && delta >> (LEVEL_BITS * (level + 1)) != 0)
		level++;
	slot = timer->expires >> (LEVEL_BITS * level) & SLOT_MASK;
	LIST_INSERT_HEAD(&wheel->slots[level][slot], timer, entry);
	timer->later = wheel->last[wheel->n_last % WHEEL_AHEAD];
	wheel->last[wheel->n_last++ % WHEEL_AHEAD] = timer;
	wheel->used[level][slot / 64] |= UINT64_C(1) << (slot % 64);
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t expires_ms)
{
	if (expires_ms <= wheel->now_ms)
		expires_ms = wheel->now_ms + 1;
	timer->expires = expires_ms;
	insert(wheel, timer);
	wheel->n_timers++;
}

void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer)
{
	LIST_REMOVE(timer, entry);
	wheel->n_timers--;
}

// Number of steps from `slot` to the next used slot of the level, 1 to 256; 0 if none is used.
static unsigned distance(const uint64_t used[WHEEL_SLOTS / 64], unsigned slot)
{
	for (unsigned step = 1; step <= WHEEL_SLOTS;) {
		unsigned at = (slot + step) & SLOT_MASK;
		uint64_t rest = used[at / 64] >> (at % 64);

		if (rest != 0) {
			step += __builtin_ctzll(rest);
			return step <= WHEEL_SLOTS ? step : 0;
		}
		step += 64 - at % 64;
	}
	return 0;
}

uint64_t wheel_next_ms(const struct wheel *wheel)
{
	uint64_t next = WHEEL_NEVER;

	if (wheel->n_timers == 0)
		return WHEEL_NEVER;
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		unsigned shift = LEVEL_BITS * level;
		uint64_t revolution = wheel->now_ms >> shift;
		unsigned steps = distance(wheel->used[level], revolution & SLOT_MASK);

		if (steps != 0 && (revolution + steps) << shift < next)
			next = (revolution + steps) << shift;
	}
	return next;
}

// Moves the timers of a slot of a higher level into the lower levels.
static void cascade(struct wheel *wheel, unsigned level)
{
	unsigned slot = wheel->now_ms >> (LEVEL_BITS * level) & SLOT_MASK;
	struct wheel_slot timers = wheel->slots[level][slot];
	struct wheel_timer *timer;

	LIST_INIT(&wheel->slots[level][slot]);
	wheel->used[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
	while ((timer = LIST_FIRST(&timers)) != NULL) {
		timers.lh_first = LIST_NEXT(timer, entry);
		__builtin_prefetch(timer->later);
		insert(wheel, timer);
	}
}

struct wheel_timer *wheel_pop(struct wheel *wheel, uint64_t now_ms)
{
	for (;;) {
		unsigned slot = wheel->now_ms & SLOT_MASK;
		struct wheel_timer *timer = LIST_FIRST(&wheel->slots[0][slot]);
		uint64_t next;

		if (timer != NULL) {
			wheel_cancel(wheel, timer);
			__builtin_prefetch(timer->later);
			return timer;
		}
		wheel->used[0][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
		next = wheel_next_ms(wheel);
		if (next > now_ms) {
			if (now_ms > wheel->now_ms)
				wheel->now_ms = now_ms;
			return NULL;
		}
		wheel->now_ms = next;
		for (unsigned level = WHEEL_LEVELS - 1; level > 0; level--) {
			if ((next & ((UINT64_C(1) << (LEVEL_BITS * level)) - 1)) == 0)
				cascade(wheel, level);
		}
	}
}
