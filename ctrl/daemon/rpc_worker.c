// SPDX-License-Identifier: BSD-3-Clause
// worker.list
#include "rpc_private.h"

int rpc_worker_list(struct rpc_call *call)
{
	struct dataplane *dataplane = engine_dataplane(call->engine);

	rpc_result_list_begin(call, "workers");
	for (unsigned i = 0; i < worker_count(dataplane); i++) {
		json_t *drops = json_object();
		struct worker_info info;

		worker_info(dataplane, i, &info);
		for (unsigned reason = DROP_NONE + 1; reason < DROP_REASONS; reason++)
			json_object_set_new(drops, drop_reason_name(reason),
				json_integer((json_int_t)info.drops[reason]));
		rpc_result_list_add(call,
			json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "lcore",
				info.lcore, "queues", info.n_queues, "rx_packets",
				(json_int_t)info.rx_packets, "rx_bytes", (json_int_t)info.rx_bytes,
				"delivered", (json_int_t)info.delivered, "deliveries",
				(json_int_t)info.deliveries, "punted", (json_int_t)info.punted,
				"polls", (json_int_t)info.polls, "idle_polls",
				(json_int_t)info.idle_polls, "drops", drops));
	}
	rpc_result_list_end(call);
	return 0;
}
