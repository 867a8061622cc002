// SPDX-License-Identifier: BSD-3-Clause
// The data structures, each compared with a naive model.
#include <stdlib.h>

#include "source_list.h"
#include "host_fixture.h"
#include "memory.h"
#include "rate_limit.h"
#include "pool.h"
#include "random.h"
#include "source.h"
#include "wheel.h"

#define TIMERS 500

Test(unit, wheel,
	.description = "TMR-14: timers expire at their millisecond, in order, and only once")
{
	static struct wheel wheel;
	static struct wheel_timer timers[TIMERS];
	static uint64_t due[TIMERS]; // 0: not set
	uint64_t now = UINT32_MAX - 100000; // the 32-bit counter wraps
	unsigned n_fired = 0;

	srand(3);
	wheel_init(&wheel, now);
	for (unsigned round = 0; round < 200000; round++) {
		unsigned i = rand() % TIMERS;
		struct wheel_timer *timer;
		uint64_t last = 0;

		if (due[i] != 0) {
			wheel_cancel(&wheel, &timers[i]);
			due[i] = 0;
		} else {
			due[i] = now + 1 + ((unsigned)rand() >> rand() % 30) % 100000000;
			wheel_set(&wheel, &timers[i], due[i]);
			cr_assert_eq(wheel_expires_ms(&wheel, &timers[i]), due[i]);
		}
		if (rand() % 4 != 0)
			continue;
		now += (unsigned)rand() >> rand() % 28;
		while ((timer = wheel_pop(&wheel, now)) != NULL) {
			i = timer - timers;
			cr_assert(due[i] != 0 && due[i] <= now && due[i] >= last);
			last = due[i];
			due[i] = 0;
			n_fired++;
		}
		last = UINT64_MAX;
		for (i = 0; i < TIMERS; i++) {
			cr_assert(due[i] == 0 || due[i] > now, "a timer was forgotten");
			if (due[i] != 0 && due[i] < last)
				last = due[i];
		}
		cr_assert_leq(wheel_next_ms(&wheel), last);
		cr_assert(wheel_next_ms(&wheel) > now);
		cr_assert_eq(wheel_next_ms(&wheel) == WHEEL_NEVER, last == UINT64_MAX);
	}
	cr_assert_gt(n_fired, 1000);
}

Test(unit, wheel_wakes, .description = "a distant timer causes a few early wakes, not one per tick")
{
	static struct wheel wheel;
	struct wheel_timer timer = {.kind = 0};
	unsigned n_wakes = 0;
	uint64_t now = 12345;

	wheel_init(&wheel, now);
	wheel_set(&wheel, &timer, now + 1000000000);
	while (wheel_pop(&wheel, now) == NULL) {
		now = wheel_next_ms(&wheel);
		n_wakes++;
	}
	cr_assert_eq(now, 12345 + 1000000000);
	cr_assert_leq(n_wakes, 4);
}

Test(unit, pool_next, .description = "STA-10: a walk visits each object of a pool once, in order")
{
	static void *objects[3000];
	size_t held = 0;
	struct pool pool;

	srand(23);
	for (size_t size = 16; size <= 4096; size *= 4) {
		uint32_t last = 0;
		unsigned n = 0;

		pool_init(&pool, size, &held);
		cr_assert_null(pool_next(&pool, NULL));
		for (unsigned i = 0; i < 3000; i++)
			cr_assert_not_null(objects[i] = pool_get(&pool));
		// Whole chunks are freed, too.
		for (unsigned i = 0; i < 3000; i++) {
			if (i < 2000 ? rand() % 2 == 0 : i < 2900)
				pool_put(objects[i]);
		}
		for (void *object = pool_next(&pool, NULL); object != NULL;
			object = pool_next(&pool, object)) {
			cr_assert_gt(pool_number(object), last);
			last = pool_number(object);
			cr_assert_eq(pool_at(&pool, last), object);
			n++;
		}
		cr_assert_eq(n, pool.n_used);
		while (pool.n_used > 0)
			pool_put(pool_next(&pool, NULL));
		pool_close(&pool);
		cr_assert_eq(held, 0);
	}
}

struct front {
	uint64_t words[6];
};

struct rest {
	uint64_t words[10];
};

Test(unit, pool_split, .description = "STA-10: the parts of objects do not overlap and are zeroed")
{
	static struct front *fronts[2000];
	size_t held = 0;
	struct pool pool;

	srand(25);
	pool_init_split(&pool, sizeof(struct front), sizeof(struct rest), &held);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned at = rand() % 2000;
		struct front *front = fronts[at];
		struct rest *rest;

		if (front == NULL) {
			front = fronts[at] = pool_get(&pool);
			rest = pool_rest(front, sizeof(*front), sizeof(*rest));
			for (unsigned i = 0; i < 10; i++)
				cr_assert_eq(rest->words[i], 0);
			for (unsigned i = 0; i < 6; i++)
				cr_assert_eq(front->words[i], 0);
			memset(front, at, sizeof(*front));
			memset(rest, at, sizeof(*rest));
			continue;
		}
		rest = pool_rest(front, sizeof(*front), sizeof(*rest));
		cr_assert_eq(pool_front(rest, sizeof(*front), sizeof(*rest)), front);
		for (unsigned i = 0; i < sizeof(*rest); i++)
			cr_assert_eq(((uint8_t *)rest)[i], (uint8_t)at);
		for (unsigned i = 0; i < sizeof(*front); i++)
			cr_assert_eq(((uint8_t *)front)[i], (uint8_t)at);
		pool_put(front);
		fronts[at] = NULL;
	}
	while (pool.n_used > 0)
		pool_put(pool_next(&pool, NULL));
	pool_close(&pool);
	cr_assert_eq(held, 0);
}

Test(unit, pool_reserve, .description = "STA-7: reserved objects stay available")
{
	size_t held = 0;
	struct pool pool;
	void *objects[1000];

	pool_init(&pool, 80, &held);
	cr_assert(pool_reserve(&pool, 1000));
	for (unsigned i = 0; i < 1000; i++) {
		size_t before = held;

		objects[i] = pool_get(&pool);
		cr_assert_eq(held, before);
		cr_assert_eq(pool_of(objects[i]), &pool);
	}
	for (unsigned i = 0; i < 1000; i++)
		pool_put(objects[i]);
	cr_assert_leq(held, 2 * 32768);
	pool_close(&pool);
	cr_assert_eq(held, 0);
}

Test(unit, pool_blocks, .description = "STA-10: a large pool frees its large blocks")
{
	enum { OBJECTS = 200000 };
	static struct front *fronts[OBJECTS];
	size_t held = 0;
	struct pool pool;
	unsigned n = 0;

	srand(31);
	pool_init_split(&pool, sizeof(struct front), sizeof(struct rest), &held);
	// Twice, because freed memory must be available again.
	for (unsigned round = 0; round < 2; round++) {
		for (n = 0; n < OBJECTS; n++) {
			fronts[n] = pool_get(&pool);
			fronts[n]->words[0] = n;
			cr_assert_eq(pool_at(&pool, pool_number(fronts[n])), fronts[n]);
			if (round == 0 && n > 0)
				cr_assert_gt(pool_number(fronts[n]), pool_number(fronts[n - 1]));
		}
		cr_assert_gt(pool.n_chunks, POOL_LARGE_CHUNKS);
		cr_assert_lt(held, OBJECTS * (sizeof(struct front) + sizeof(struct rest)) * 5 / 4);
		while (n > 0) {
			unsigned at = rand() % n;

			cr_assert_eq(pool_of(fronts[at]), &pool);
			pool_put(fronts[at]);
			fronts[at] = fronts[--n];
		}
		// What remains is the directory and one small block.
		cr_assert_leq(held, 2 * POOL_CHUNK);
		cr_assert_null(pool_next(&pool, NULL));
	}
	pool_close(&pool);
	cr_assert_eq(held, 0);
}

Test(unit, source_list, .description = "STA-10: a filter is sorted and names no source twice")
{
	struct source_list *list = NULL;
	bool twin[256] = {false};
	size_t held = 0;
	unsigned n = 0;

	srand(9);
	for (unsigned round = 0; round < 20000; round++) {
		struct sluice_addr source = {.family = AF_INET, .bytes = {10, 0, 0, rand()}};
		bool *in = &twin[source.bytes[3]];
		bool found;
		unsigned at = source_list_at(list, &source, &found);

		cr_assert_eq(found, *in);
		if (found) {
			source_list_remove(list, at);
			n--;
		} else {
			cr_assert(source_list_reserve(&list, &held));
			source_list_insert(list, at, &source);
			n++;
		}
		*in = !*in;
		cr_assert_eq(list->n, n);
		for (unsigned i = 1; i < n; i++)
			cr_assert_lt(list->sources[i - 1].bytes[3], list->sources[i].bytes[3]);
	}
	source_list_close(list, &held);
	cr_assert_eq(held, 0);
}

static void close_sources(struct source_set *set, struct pool *pool, size_t *held)
{
	struct source *source;

	while ((source = TAILQ_FIRST(&set->order)) != NULL) {
		source_include(set, source, -(int)source->includes);
		source_settle(set, source);
	}
	source_set_close(set, held);
	pool_close(pool);
	cr_assert_eq(*held, 0);
}

Test(unit, sources, .description = "STA-10: the sources of a group stay sorted, found and counted")
{
	size_t held = 0;
	struct source_set *set = source_set_open(&held);
	struct pool pool;
	unsigned includes[256] = {0};

	srand(13);
	pool_init(&pool, sizeof(struct source), &held);
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t addr[16] = {[7] = rand()};
		unsigned *count = &includes[addr[7]];
		struct source *source = source_find(set, addr);
		unsigned n = 0;

		cr_assert_eq(source != NULL, *count > 0);
		if (*count == 0 || rand() % 2 == 0) {
			source_include(set, source_get(set, &pool, addr), 1);
			++*count;
		} else {
			source_include(set, source, -1);
			--*count;
		}
		source = source_find(set, addr);
		source_settle(set, source);
		source = source_from(set, (uint8_t[16]){0});
		for (unsigned i = 0; i < 256; i++) {
			if (includes[i] == 0)
				continue;
			cr_assert_eq(source->addr[7], i);
			cr_assert_eq(source->includes, includes[i]);
			source = TAILQ_NEXT(source, order);
			n++;
		}
		cr_assert_null(source);
		cr_assert_eq(set->n_included, n);
	}
	close_sources(set, &pool, &held);
}

Test(unit, source_run,
	.description =
		"STA-10: sources of sorted lists, long and short, are found where they belong")
{
	size_t held = 0;
	struct source_set *set = source_set_open(&held);
	unsigned includes[1000] = {0};
	struct pool pool;

	srand(15);
	pool_init(&pool, sizeof(struct source), &held);
	for (unsigned round = 0; round < 400; round++) {
		unsigned share = 1 + rand() % 100; // percent
		unsigned n = 0, in[1000];
		struct source_run run;
		struct source *source;

		for (unsigned i = 0; i < 1000; i++) {
			if ((unsigned)rand() % 100 < share)
				in[n++] = i;
		}
		source_run_begin(&run, set, &pool, n);
		for (unsigned k = 0; k < n; k++) {
			bool out = includes[in[k]] > 0 && round % 2 == 1;
			uint8_t addr[16] = {[3] = in[k] >> 8, [4] = in[k]};

			source = source_run_get(&run, addr);
			source_include(set, source, out ? -1 : 1);
			includes[in[k]] += out ? -1 : 1;
		}
		source_run_end(&run);
		source = TAILQ_FIRST(&set->order);
		for (unsigned i = 0; i < 1000; i++) {
			uint8_t addr[16] = {[3] = i >> 8, [4] = i};
			struct source *found = source_find(set, addr);

			if (found == NULL) {
				cr_assert_eq(includes[i], 0);
				continue;
			}
			cr_assert_eq(found, source);
			cr_assert_eq(found->includes, includes[i]);
			source = TAILQ_NEXT(source, order);
			source_settle(set, found);
		}
		cr_assert_null(source);
	}
	close_sources(set, &pool, &held);
}

Test(unit, rate_limit,
	.description = "CHG-6: a burst is sent at once, then the rate applies; urgent frames may "
		       "exceed it")
{
	struct rate_limit limit;
	unsigned n = 0;

	rate_limit_init(&limit, 20000, 128, 0);
	for (; rate_limit_allows(&limit, false, 0); n++)
		rate_limit_spend(&limit);
	cr_assert_eq(n, 128);
	for (n = 0; rate_limit_allows(&limit, true, 0); n++)
		rate_limit_spend(&limit);
	cr_assert_eq(n, 64);
	for (n = 0; n < 64; n++)
		cr_assert(!rate_limit_allows(&limit, false, n / 20));
	n = 0;
	for (uint64_t ms = 4; ms < 1004; ms++) {
		for (; rate_limit_allows(&limit, false, ms); n++)
			rate_limit_spend(&limit);
	}
	cr_assert(n >= 19990 && n <= 20040, "%u frames in a second", n);
	for (n = 0; rate_limit_allows(&limit, false, UINT64_C(1) << 40); n++)
		rate_limit_spend(&limit);
	cr_assert_eq(n, 128);
}

Test(unit, random, .description = "TMR-14: delays cover (0, max] evenly and follow the seed")
{
	uint64_t state = 1, again = 1, other = 2;
	unsigned seen[11] = {0};
	unsigned n_equal = 0;

	for (unsigned i = 0; i < 100000; i++) {
		uint32_t delay = random_delay(&state, 10);

		cr_assert(delay >= 1 && delay <= 10);
		cr_assert_eq(random_delay(&again, 10), delay);
		n_equal += random_delay(&other, 10) == delay;
		seen[delay]++;
	}
	for (unsigned i = 1; i <= 10; i++)
		cr_assert(seen[i] > 9500 && seen[i] < 10500);
	cr_assert_lt(n_equal, 11000);
	cr_assert_eq(random_delay(&state, 0), 1);
}

Test(unit, address_text, .description = "IGMP-17: addresses are formatted and parsed")
{
	static const struct {
		const char *text;
		bool good, multicast, source, group;
	} rows[] = {
		{"239.1.1.1", true, true, false, true},
		{"224.0.0.0", true, true, false, false},
		{"233.252.0.0", true, true, false, true},
		{"10.0.0.1", true, false, true, false},
		{"127.0.0.1", true, false, false, false},
		{"240.0.0.1", true, false, false, false},
		{"ff0e::1", true, true, false, true},
		{"ff0e::", true, true, false, false},
		{"2001:db8::1", true, false, true, false},
		{"::1", true, false, false, false},
		{"::2", true, false, true, false},
		{"::100", true, false, true, false},
		{"239.1.1", false, false, false, false},
		{"239.1.1.256", false, false, false, false},
		{"fe80::1%eth0", false, false, false, false},
		{"host.example", false, false, false, false},
		{"", false, false, false, false},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sluice_addr addr;
		char text[ADDRESS_TEXT_MAX];

		cr_expect_eq(address_parse(rows[i].text, &addr), rows[i].good, "%s", rows[i].text);
		if (!rows[i].good)
			continue;
		cr_expect_str_eq(address_format(&addr, text), rows[i].text);
		cr_expect_eq(address_is_multicast(&addr), rows[i].multicast, "%s", rows[i].text);
		cr_expect_eq(address_is_source(&addr), rows[i].source, "%s", rows[i].text);
		cr_expect_eq(address_is_group(&addr), rows[i].group, "%s", rows[i].text);
	}
}
