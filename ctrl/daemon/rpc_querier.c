// SPDX-License-Identifier: BSD-3-Clause
// querier.list
#include "rpc_private.h"

static json_t *milliseconds(bool known, uint64_t ms)
{
	return known ? json_integer((json_int_t)ms) : json_null();
}

static json_t *querier(const struct host *host, const char *interface, const char *family)
{
	uint64_t now_ms = engine_now_ms();
	struct host_status status;
	bool heard;

	host_status(host, &status);
	heard = status.querier.family != 0;
	return json_pack("{s:s, s:s, s:o, s:i, s:o, s:o, s:i, s:i, s:o, s:I, s:I}", "interface",
		interface, "family", family, "address", rpc_result_address(&status.querier),
		"version", status.querier_version, "age_ms",
		milliseconds(heard, now_ms - status.querier_heard_ms), "interval_ms",
		milliseconds(status.querier_interval_ms, status.querier_interval_ms), "robustness",
		status.robustness, "host_version", status.version, "compat_left_ms",
		milliseconds(status.version_until_ms != HOST_NEVER,
			status.version_until_ms > now_ms ? status.version_until_ms - now_ms : 0),
		"queries", (json_int_t)host_counter(host, HOST_RX_QUERY), "reports",
		(json_int_t)host_counter(host, HOST_RX_REPORT));
}

int rpc_querier_list(struct rpc_call *call)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct engine_interface *interface = engine_interface_first(call->engine);

	rpc_result_list_begin(call, "queriers");
	for (; interface; interface = engine_interface_next(interface))
		for (unsigned i = 0; i < 2; i++)
			rpc_result_list_add(
				call, querier(engine_interface_host(interface, families[i]),
					      engine_interface_name(interface),
					      rpc_result_family(families[i])));
	rpc_result_list_end(call);
	return 0;
}
