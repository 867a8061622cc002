// SPDX-License-Identifier: BSD-3-Clause
// Makes allocations of this process fail: those of libc, of jansson, libevent, libcyaml and DPDK.
//
// injector.c defines malloc() and the like, and so takes the place of libc's in a program that it
// is linked into, or in a process that preloads it. The state is a file that a test maps as well
// (environment: ALLOCATION_STATE), or memory of the process.
//
// Call sites that have failed are appended to the file that ALLOCATION_SITES names: for each
// failure the return addresses within the program or the library that was preloaded into, as
// "MODULE OFFSET OFFSET ...", the innermost first.
#ifndef INJECTOR_H
#define INJECTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct injector_state {
	_Atomic uint64_t count; // allocations since the last arming
	_Atomic uint64_t first, last; // the numbers, from 1, of those that fail; first 0: none
	_Atomic uint64_t failed; // since the last arming
};

// Allocations number `first` to first + n - 1, counted from now on, fail. Any thread counts.
void injector_arm(uint64_t first, uint64_t n);
// Returns how many have failed since injector_arm().
uint64_t injector_disarm(void);
// How many have failed so far.
uint64_t injector_failed(void);
// Allocations since injector_arm(), failed ones included.
uint64_t injector_count(void);
// From now on, the processes that this one forks count and fail with it. Before injector_arm().
void injector_share(void);
// The allocations of the calling thread neither fail nor count in between. Nests.
void injector_pause(void);
void injector_resume(void);
// Appends a line of comment to the file of sites.
__attribute__((format(printf, 1, 2))) void injector_note(const char *format, ...);

#endif
