// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXAMPLES_ENGINE_H
#define EXAMPLES_ENGINE_H

#include <sluice/sluice.h>

// Starts DPDK without huge pages and, unless `file` is NULL, an engine with the configuration in
// that file. Returns the engine, or NULL without one: then sessions are opened on sluiced. On
// failure it prints the reason and ends the program.
struct sluice *example_engine_start(const char *file);

#endif
