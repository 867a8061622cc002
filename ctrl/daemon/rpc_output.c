// SPDX-License-Identifier: BSD-3-Clause
// output.list is written in parts, while a reload may open and close outputs.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

static bool write_more(struct rpc_call *call)
{
	struct engine_output *output = engine_output_walk_next(call->state);
	struct sluice_output_stats stats;
	json_t *entry;

	if (!output) {
		rpc_result_list_end(call);
		return false;
	}
	entry = json_pack("{s:s}", "name", engine_output_name(output));
	engine_stats_output(engine_output_dataplane(output), &stats);
	rpc_result_statistics(call, entry, stat_output, &stats);
	rpc_result_list_add(call, entry);
	return true;
}

static void end_list(struct rpc_call *call)
{
	engine_output_walk_end(call->state);
	free(call->state);
}

int rpc_output_list(struct rpc_call *call)
{
	struct engine_output_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return error_set(&call->error, ENOMEM, "out of memory");
	engine_output_walk_begin(walk, call->engine);
	call->state = walk;
	call->more = write_more;
	call->end = end_list;
	rpc_result_list_begin(call, "outputs");
	return 0;
}
