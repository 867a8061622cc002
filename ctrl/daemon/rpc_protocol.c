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

static void add_drop(void *arg, const struct engine_drop *drop)
{
	struct rpc_call *call = arg;
	const char *family = NULL;

	for (unsigned i = 0; i < FAMILIES_COUNT; i++)
		if (families[i].family == drop->family)
			family = families[i].name;
	rpc_list_add(call,
		json_pack("{s:s?, s:s?, s:s, s:I}", "interface",
			drop->interface ? engine_interface_name(drop->interface) : NULL, "family",
			family, "reason", drop->reason, "count", (json_int_t)drop->count));
}

int rpc_drop_list(struct rpc_call *call)
{
	rpc_list_begin(call, "drops");
	engine_drops(call->engine, add_drop, call);
	rpc_list_end(call);
	return 0;
}
