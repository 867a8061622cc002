// SPDX-License-Identifier: BSD-3-Clause
// control.stats
#include "rpc_private.h"

int rpc_control_stats(struct rpc_call *call)
{
	struct sluice_control_stats stats;
	json_t *result = json_object();

	engine_stats_control(call->engine, &stats);
	rpc_result_statistics(call, result, stat_control, &stats);
	rpc_result_set(call, result);
	return 0;
}
