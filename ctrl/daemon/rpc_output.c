// SPDX-License-Identifier: BSD-3-Clause
// output.list
#include "rpc_private.h"

int rpc_output_list(struct rpc_call *call)
{
	struct engine_output *output = engine_output_first(call->engine);

	rpc_result_list_begin(call, "outputs");
	for (; output; output = engine_output_next(output)) {
		json_t *entry = json_pack("{s:s}", "name", engine_output_name(output));
		struct sluice_output_stats stats;

		engine_output_stats(engine_output_dataplane(output), &stats);
		rpc_result_statistics(call, entry, stat_output, &stats);
		rpc_result_list_add(call, entry);
	}
	rpc_result_list_end(call);
	return 0;
}
