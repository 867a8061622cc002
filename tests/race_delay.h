// SPDX-License-Identifier: BSD-3-Clause
// Random delays before atomic operations, so that races that need an unlucky moment happen often.
// The build option race_delays includes this header before each source; without the option it is
// not used at all. It covers the operations of <stdatomic.h>, the compiler's own, and those in
// DPDK's inline functions, such as rte_rcu_qsbr and rings. tests/race_delays.sh runs the stress
// tests with it.
#ifndef RACE_DELAY_H
#define RACE_DELAY_H

// Declared here, because a header of libc would come before the macros that sources define for it.
int sched_yield(void);
int usleep(unsigned int us);

static inline void race_delay(void)
{
	static __thread unsigned int state;

	if (state == 0)
		state = (unsigned int)(unsigned long)&state | 1; // differs by thread and run
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	if (state % 16 != 0)
		return;
	for (unsigned int i = state / 16 % 512; i > 0; i--)
		__asm__ volatile("");
	if (state / 8192 % 16 == 0)
		sched_yield();
	if (state / 8192 % 128 == 1)
		usleep(1); // as long as many operations of the other thread
}

// A macro is not expanded within itself, so that each of these ends in the compiler's function.
#define __atomic_load_n(...) (race_delay(), __atomic_load_n(__VA_ARGS__))
#define __atomic_load(...) (race_delay(), __atomic_load(__VA_ARGS__))
#define __atomic_store_n(...) (race_delay(), __atomic_store_n(__VA_ARGS__))
#define __atomic_store(...) (race_delay(), __atomic_store(__VA_ARGS__))
#define __atomic_exchange_n(...) (race_delay(), __atomic_exchange_n(__VA_ARGS__))
#define __atomic_exchange(...) (race_delay(), __atomic_exchange(__VA_ARGS__))
#define __atomic_compare_exchange_n(...) (race_delay(), __atomic_compare_exchange_n(__VA_ARGS__))
#define __atomic_compare_exchange(...) (race_delay(), __atomic_compare_exchange(__VA_ARGS__))
#define __atomic_fetch_add(...) (race_delay(), __atomic_fetch_add(__VA_ARGS__))
#define __atomic_fetch_sub(...) (race_delay(), __atomic_fetch_sub(__VA_ARGS__))
#define __atomic_add_fetch(...) (race_delay(), __atomic_add_fetch(__VA_ARGS__))
#define __atomic_sub_fetch(...) (race_delay(), __atomic_sub_fetch(__VA_ARGS__))
// <stdatomic.h> of clang.
#define __c11_atomic_load(...) (race_delay(), __c11_atomic_load(__VA_ARGS__))
#define __c11_atomic_store(...) (race_delay(), __c11_atomic_store(__VA_ARGS__))
#define __c11_atomic_exchange(...) (race_delay(), __c11_atomic_exchange(__VA_ARGS__))
#define __c11_atomic_compare_exchange_strong(...)                                                  \
	(race_delay(), __c11_atomic_compare_exchange_strong(__VA_ARGS__))
#define __c11_atomic_compare_exchange_weak(...)                                                    \
	(race_delay(), __c11_atomic_compare_exchange_weak(__VA_ARGS__))
#define __c11_atomic_fetch_add(...) (race_delay(), __c11_atomic_fetch_add(__VA_ARGS__))
#define __c11_atomic_fetch_sub(...) (race_delay(), __c11_atomic_fetch_sub(__VA_ARGS__))

#endif
