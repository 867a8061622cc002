// SPDX-License-Identifier: BSD-3-Clause
// Lists with entries per interface are written in parts, because there may be thousands of VLANs.
#include "rpc_private.h"

#include <stdlib.h>

// The interface that is listed next, and the function that adds its entries.
struct listing {
	struct engine_interface *interface;
	rpc_list_fn add;
};

static bool write_more(struct rpc_call *call)
{
	struct listing *listing = call->state;

	if (!listing->interface) {
		rpc_result_list_end(call);
		return false;
	}
	listing->add(call, listing->interface);
	listing->interface = engine_interface_next(listing->interface);
	return true;
}

static void end_list(struct rpc_call *call)
{
	free(call->state);
}

void rpc_list_interfaces(struct rpc_call *call, rpc_list_fn add)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (!listing) {
		call->out_of_memory = true;
		return;
	}
	// Interfaces exist as long as the engine.
	*listing = (struct listing){.interface = engine_interface_first(call->engine), .add = add};
	call->state = listing;
	call->more = write_more;
	call->end = end_list;
}
