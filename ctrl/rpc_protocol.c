// SPDX-License-Identifier: BSD-3-Clause
// querier.list and drop.list: what the hosts of the interfaces hear and refuse.
#include "rpc_private.h"

static const struct {
	int family;
	const char *name;
} families[] = {{AF_INET, "ipv4"}, {AF_INET6, "ipv6"}};

#define FAMILIES_COUNT (sizeof(families) / sizeof(families[0]))

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
		interface, "family", family, "address", rpc_address(&status.querier), "version",
		status.querier_version, "age_ms",
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
	struct engine_interface *interface = engine_interface_first(call->engine);

	rpc_list_begin(call, "queriers");
	for (; interface; interface = engine_interface_next(interface))
		for (unsigned i = 0; i < FAMILIES_COUNT; i++)
			rpc_list_add(
				call, querier(engine_interface_host(interface, families[i].family),
					      engine_interface_name(interface), families[i].name));
	rpc_list_end(call);
	return 0;
}

static void add_drop(struct rpc_call *call, const char *interface, const char *family,
	const char *reason, uint64_t count)
{
	rpc_list_add(call, json_pack("{s:s?, s:s?, s:s, s:I}", "interface", interface, "family",
				   family, "reason", reason, "count", (json_int_t)count));
}

// Queries and reports that were heard out are no drops.
static void add_host_drops(
	struct rpc_call *call, const struct host *host, const char *interface, const char *family)
{
	for (unsigned i = 0; i < HOST_COUNTERS; i++)
		if (i != HOST_RX_QUERY && i != HOST_RX_REPORT)
			add_drop(call, interface, family, host_counter_name(i),
				host_counter(host, i));
}

int rpc_drop_list(struct rpc_call *call)
{
	struct engine_interface *interface = engine_interface_first(call->engine);
	struct dataplane *dataplane = engine_dataplane(call->engine);

	rpc_list_begin(call, "drops");
	for (unsigned reason = 0; reason < DROP_REASONS; reason++) {
		uint64_t count = 0;

		for (unsigned i = 0; i < worker_count(dataplane); i++) {
			struct worker_info info;

			worker_info(dataplane, i, &info);
			count += info.drops[reason];
		}
		add_drop(call, NULL, NULL, drop_reason_name(reason), count);
	}
	for (; interface; interface = engine_interface_next(interface))
		for (unsigned i = 0; i < FAMILIES_COUNT; i++)
			add_host_drops(call, engine_interface_host(interface, families[i].family),
				engine_interface_name(interface), families[i].name);
	rpc_list_end(call);
	return 0;
}
