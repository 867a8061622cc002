// SPDX-License-Identifier: BSD-3-Clause
// Readers with a writer that changes the table all the time: a group that stays is never missed, no
// subscriber gets an unwanted frame, and nothing is read after it was freed (which sanitizers
// detect).
#ifndef TESTS_DATAPLANE_RACE_FIXTURE_H
#define TESTS_DATAPLANE_RACE_FIXTURE_H

#include <stdint.h>

// Exits with a message on stderr if a condition does not hold.
void race_run(uint16_t family);
// The same for the filters of groups that are never removed.
void race_filters_run(uint16_t family);

#endif
