// SPDX-License-Identifier: BSD-3-Clause
// drop.list
#include "rpc_private.h"

static void add_drop(void *arg, const struct engine_drop *drop)
{
	struct rpc_call *call = arg;

	rpc_result_list_add(
		call, json_pack("{s:s?, s:s?, s:s, s:I}", "interface",
			      drop->interface ? engine_interface_name(drop->interface) : NULL,
			      "family", rpc_result_family(drop->family), "reason", drop->reason,
			      "count", (json_int_t)drop->count));
}

static void add_drops(struct rpc_call *call, struct engine_interface *interface)
{
	engine_drops_of_interface(interface, add_drop, call);
}

int rpc_drop_list(struct rpc_call *call)
{
	rpc_result_list_begin(call, "drops");
	engine_drops_of_workers(call->engine, add_drop, call);
	rpc_list_interfaces(call, add_drops);
	return 0;
}
