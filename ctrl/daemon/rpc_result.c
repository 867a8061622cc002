// SPDX-License-Identifier: BSD-3-Clause
// Writes results as text, one entry at a time: one tree of JSON values for a million groups would
// take gigabytes.
#include "rpc_private.h"

#include "address.h"

static int append(const char *text, size_t len, void *buffer)
{
	return evbuffer_add(buffer, text, len);
}

void rpc_result_write(struct evbuffer *buffer, json_t *value)
{
	json_dump_callback(value, append, buffer, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
}

void rpc_result_members(struct rpc_call *call, json_t *object)
{
	if (object)
		json_dump_callback(object, append, call->result, JSON_COMPACT | JSON_EMBED);
	else
		call->out_of_memory = true;
	json_decref(object);
}

void rpc_result_set(struct rpc_call *call, json_t *value)
{
	if (value)
		rpc_result_write(call->result, value);
	else
		call->out_of_memory = true;
}

void rpc_result_statistics(
	struct rpc_call *call, json_t *object, const struct stat_field *fields, const void *stats)
{
	if (stat_json_put(object, fields, stats) < 0)
		call->out_of_memory = true;
}

void rpc_result_list_begin(struct rpc_call *call, const char *name)
{
	evbuffer_add_printf(call->result, "{\"%s\":[", name);
}

void rpc_result_list_add(struct rpc_call *call, json_t *entry)
{
	if (call->entries++ > 0)
		evbuffer_add(call->result, ",", 1);
	rpc_result_set(call, entry);
}

void rpc_result_list_end(struct rpc_call *call)
{
	evbuffer_add(call->result, "]}", 2);
}

json_t *rpc_result_address(const struct sluice_addr *addr)
{
	char text[ADDRESS_TEXT_MAX];

	return addr->family ? json_string(address_format(addr, text)) : json_null();
}

json_t *rpc_result_addresses(const struct sluice_addr *addrs, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, rpc_result_address(&addrs[i]));
	return list;
}

json_t *rpc_result_mac(const struct rte_ether_addr *mac)
{
	const uint8_t *b = mac->addr_bytes;

	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

const char *rpc_result_family(int family)
{
	switch (family) {
	case AF_INET:
		return "ipv4";
	case AF_INET6:
		return "ipv6";
	default:
		return NULL;
	}
}

const char *rpc_result_mode(enum sluice_filter_mode mode)
{
	return mode == SLUICE_INCLUDE ? "include" : "exclude";
}

const char *rpc_result_state(const struct member *member)
{
	if (engine_interface_is_removed(engine_host_interface(member_host(member))))
		return "lost";
	return member_state(member) == MEMBER_PENDING ? "pending" : "joined";
}
