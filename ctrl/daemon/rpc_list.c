// SPDX-License-Identifier: BSD-3-Clause
// Lists with entries per interface are written in parts, because there may be thousands of VLANs.
#include "rpc_private.h"

// The interface that is listed next, and the function that adds its entries.
struct interface_list {
	struct engine_interface *interface;
	rpc_list_fn add;
};

static bool write_more(struct rpc_call *call)
{
	struct interface_list *list = call->state;

	if (!list->interface) {
		rpc_result_list_end(call);
		return false;
	}
	list->add(call, list->interface);
	list->interface = engine_interface_next(list->interface);
	return true;
}

static void end_list(struct rpc_call *call)
{
	rpc_memory_put(call->state);
}

void rpc_list_interfaces(struct rpc_call *call, rpc_list_fn add)
{
	struct interface_list *list = rpc_memory_get(sizeof(*list));

	if (!list) {
		call->out_of_memory = true;
		return;
	}
	// Interfaces exist as long as the engine.
	*list = (struct interface_list){
		.interface = engine_interface_first(call->engine), .add = add};
	call->state = list;
	call->more = write_more;
	call->end = end_list;
}
