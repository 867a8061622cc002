// SPDX-License-Identifier: BSD-3-Clause
// worker.list
#include "rpc_private.h"

static json_t *describe_drops(const struct worker_info *info)
{
	json_t *drops = json_object();

	for (unsigned reason = DROP_NONE + 1; reason < DROP_REASONS; reason++)
		json_object_set_new(drops, drop_reason_name(reason),
			json_integer((json_int_t)info->drops[reason]));
	return drops;
}

int rpc_worker_list(struct rpc_call *call)
{
	struct dataplane *dataplane = engine_dataplane(call->engine);

	rpc_result_list_begin(call, "workers");
	for (unsigned i = 0; i < worker_count(dataplane); i++) {
		struct sluice_worker_stats stats;
		struct worker_info info;
		json_t *entry;

		worker_info(dataplane, i, &info);
		engine_stats_worker(&info, &stats);
		entry = json_pack("{s:i}", "lcore", stats.lcore);
		rpc_result_statistics(call, entry, stat_worker, &stats);
		json_object_set_new(entry, "drops", describe_drops(&info));
		rpc_result_list_add(call, entry);
	}
	rpc_result_list_end(call);
	return 0;
}
