// SPDX-License-Identifier: BSD-3-Clause
// A host under fuzzing. tests/router/router_frame.c reads every frame it sends, which must be
// valid.
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <host.h>
#include "require.h"

struct fuzz_host {
	struct host *host;
	uint64_t now_ms;
	unsigned mtu;
	unsigned full_port; // number of sends that find the port full
};

void fuzz_host_open(struct fuzz_host *fuzz, int family, unsigned options);

// Runs for this long; aborts if the host requests calls without end.
void fuzz_host_run(struct fuzz_host *fuzz, uint32_t ms);

#endif
