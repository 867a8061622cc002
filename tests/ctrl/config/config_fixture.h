// SPDX-License-Identifier: BSD-3-Clause
// Loads a configuration from text, and keeps what is reported.
#ifndef TESTS_CTRL_CONFIG_FIXTURE_H
#define TESTS_CTRL_CONFIG_FIXTURE_H

#include "config.h"

#define LINES_MAX 16

// Lines 1 to 4 of a file.
#define BASE                                                                                       \
	"ports:\n"                                                                                 \
	"  - {name: in0, device: net_null0}\n"                                                     \
	"interfaces:\n"                                                                            \
	"  - {name: tv, port: in0}\n"

struct reports {
	char lines[LINES_MAX][512];
	unsigned n;
};

extern struct config_bounds config_fixture_bounds;

// For config_load(); `arg` is a struct reports. Fails the test if there are more than LINES_MAX.
void config_fixture_take(void *arg, const char *line);

// Forgets what was reported before. The file is called "f".
struct config *config_fixture_load(const char *text, struct reports *reports);

#endif
