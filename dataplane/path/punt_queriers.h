// SPDX-License-Identifier: BSD-3-Clause
// The queriers that the control side has accepted, for the workers.
#ifndef DATAPLANE_PUNT_QUERIERS_H
#define DATAPLANE_PUNT_QUERIERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "parse.h"

#define PUNT_QUERIERS 4 // known queriers of an interface and family

// The queriers of an interface, by family. Zeroed: none.
struct punt_queriers {
	_Atomic uint64_t keys[2][PUNT_QUERIERS]; // control: wo, worker: ro; 0: free
	uint64_t heard_ms[2][PUNT_QUERIERS]; // control only
};
// Control thread. Notes that the interface's protocol accepted this querier. One that was silent
// for long makes room for it, but one that is heard does not.
void punt_queriers_hear(
	struct punt_queriers *queriers, const struct sluice_addr *querier, uint64_t now_ms);
// Worker. The number of the querier that sent the message, in *slot; false: it is not known.
bool punt_queriers_find(
	const struct punt_queriers *queriers, const struct parsed *parsed, unsigned *slot);

#endif
