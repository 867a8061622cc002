// SPDX-License-Identifier: BSD-3-Clause
// A host under fuzzing. Every frame it sends is read by tests/router/router_frame.c and must be
// right.
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <host.h>
#include "require.h"

struct fuzz_host {
	struct host *host;
	uint64_t now_ms;
	unsigned mtu;
	unsigned full_port; // this many sends find the port full
};

void fuzz_host_open(struct fuzz_host *fuzz, int family, unsigned options);

// Runs for so long; aborts if the host asks to be called without end.
void fuzz_host_run(struct fuzz_host *fuzz, uint32_t ms);

#endif
