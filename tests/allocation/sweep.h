// SPDX-License-Identifier: BSD-3-Clause
// Runs a scenario again and again, each time with a later allocation that fails, until none fails.
#ifndef SWEEP_H
#define SWEEP_H

#include <stdint.h>

#include "injector.h"

// SWEEP_ONCE: one allocation fails. SWEEP_FROM: so do all later ones, until the test disarms.
// SWEEP_WHILE: so do some later ones.
enum sweep_mode {
	SWEEP_ONCE,
	SWEEP_FROM,
	SWEEP_WHILE,
};

struct sweep {
	const char *name;
	enum sweep_mode mode;
	uint64_t number; // of the allocation that fails, or the first that does
	uint64_t stride;
	uint64_t runs;
};

// A short sweep takes every n-th allocation, so that about `budget` runs are made; `total` is how
// many allocations the scenario makes. With ALLOCATION_SWEEP=full in the environment it takes all.
// ALLOCATION_FIRST=N begins with the n-th, and notes the number of each in ALLOCATION_SITES.
struct sweep sweep_begin(const char *name, enum sweep_mode mode, uint64_t total, uint64_t budget);
// Arms the injector for the next run. False at the end: no allocation of the last run has failed.
// `failed` is what injector_disarm() returned after the last run; anything before the first.
bool sweep_next(struct sweep *sweep, uint64_t failed);
// Whether memory is lost. AddressSanitizer knows and says which; without it, false.
bool sweep_leaks(void);

#endif
