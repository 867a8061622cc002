// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXAMPLES_ENGINE_H
#define EXAMPLES_ENGINE_H

#include <sluice/sluice.h>

// Starts DPDK without huge pages, and an engine with the configuration in the file; NULL for none,
// to be a client of sluiced. Tells what went wrong and ends the program.
struct sluice *engine_start(const char *file);

#endif
