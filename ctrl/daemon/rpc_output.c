// SPDX-License-Identifier: BSD-3-Clause
// output.list
#include "rpc_private.h"

int rpc_output_list(struct rpc_call *call)
{
	struct engine_output *output = engine_output_first(call->engine);

	rpc_result_list_begin(call, "outputs");
	for (; output; output = engine_output_next(output)) {
		struct output_stats stats;

		output_stats(engine_output_dataplane(output), &stats);
		rpc_result_list_add(call,
			json_pack("{s:s, s:I, s:I, s:I}", "name", engine_output_name(output),
				"packets", (json_int_t)stats.packets, "bytes",
				(json_int_t)stats.bytes, "dropped", (json_int_t)stats.dropped));
	}
	rpc_result_list_end(call);
	return 0;
}
