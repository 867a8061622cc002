// SPDX-License-Identifier: BSD-3-Clause
// Readers against a writer that never rests: what stays is never missed, no frame goes to who did
// not want it, and nothing is read after it was freed (which the sanitizers tell).
#ifndef TESTS_DATAPLANE_RACE_FIXTURE_H
#define TESTS_DATAPLANE_RACE_FIXTURE_H

#include <stdint.h>

// Exits with a message on stderr when something does not hold.
void race_run(uint16_t family);
// The same for the filters of groups that all stay.
void race_filters_run(uint16_t family);

#endif
