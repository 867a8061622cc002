// SPDX-License-Identifier: BSD-3-Clause
#include "stat_field.h"

#define FIELD(structure, member_, json, kind_, unit_, column_, help_)                              \
	{                                                                                          \
		.name = json,                                                                      \
		.column = column_,                                                                 \
		.help = help_,                                                                     \
		.kind = STAT_##kind_,                                                              \
		.unit = STAT_##unit_,                                                              \
		.offset = offsetof(struct structure, member_),                                     \
		.size = sizeof(((struct structure *)NULL)->member_),                               \
	},

#define WORKER(type, ...) FIELD(sluice_worker_stats, __VA_ARGS__)
const struct stat_field stat_worker[] = {SLUICE_WORKER_STATS(WORKER){NULL}};

#define CONTROL(type, ...) FIELD(sluice_control_stats, __VA_ARGS__)
const struct stat_field stat_control[] = {SLUICE_CONTROL_STATS(CONTROL){NULL}};

#define CONNECTION(type, ...) FIELD(sluice_connection_stats, __VA_ARGS__)
const struct stat_field stat_connection[] = {SLUICE_CONNECTION_STATS(CONNECTION){NULL}};

#define PORT(type, ...) FIELD(sluice_port_stats, __VA_ARGS__)
const struct stat_field stat_port[] = {SLUICE_PORT_STATS(PORT){NULL}};

#define INTERFACE(type, ...) FIELD(sluice_interface_stats, __VA_ARGS__)
const struct stat_field stat_interface[] = {SLUICE_INTERFACE_STATS(INTERFACE){NULL}};
const struct stat_field stat_interface_port[] = {SLUICE_PORT_COUNTERS(INTERFACE){NULL}};

#define GROUP(type, ...) FIELD(sluice_group_stats, __VA_ARGS__)
const struct stat_field stat_group[] = {SLUICE_GROUP_STATS(GROUP){NULL}};

#define OUTPUT(type, ...) FIELD(sluice_output_stats, __VA_ARGS__)
const struct stat_field stat_output[] = {SLUICE_OUTPUT_STATS(OUTPUT){NULL}};

#define SESSION(type, ...) FIELD(sluice_session_stats, __VA_ARGS__)
const struct stat_field stat_session[] = {SLUICE_OUTPUT_STATS(SESSION){NULL}};

#define QUERIER(type, ...) FIELD(sluice_querier_stats, __VA_ARGS__)
const struct stat_field stat_querier[] = {SLUICE_QUERIER_STATS(QUERIER){NULL}};

#define DROP(type, ...) FIELD(sluice_drop_stats, __VA_ARGS__)
const struct stat_field stat_drop[] = {SLUICE_DROP_STATS(DROP){NULL}};

const struct stat_object stat_objects[] = {
	{"group", "group.list", stat_group},
	{"interface", "interface.list", stat_interface},
	{"port", "port.list", stat_port},
	{"output", "output.list", stat_output},
	{"session", "session.list", stat_session},
	{"worker", "worker.list", stat_worker},
	{"control", "control.stats", stat_control},
	{"connection", "connection.list", stat_connection},
	{"querier", "querier.list", stat_querier},
	{"drop", "drop.list", stat_drop},
	{NULL},
};

#define REASON(symbol, name, help) {name, help},
const struct stat_reason stat_worker_drops[] = {SLUICE_WORKER_DROPS(REASON){NULL}};
const struct stat_reason stat_host_drops[] = {SLUICE_HOST_DROPS(REASON){NULL}};

const char *stat_field_kind(const struct stat_field *field)
{
	return field->kind == STAT_COUNTER ? "counter" : "gauge";
}

const char *stat_field_unit(const struct stat_field *field)
{
	static const char *const units[] = {
		[STAT_PACKETS] = "packets",
		[STAT_BYTES] = "bytes",
		[STAT_MILLISECONDS] = "milliseconds",
		[STAT_MICROSECONDS] = "microseconds",
	};

	return units[field->unit];
}

uint64_t stat_field_get(const struct stat_field *field, const void *stats)
{
	const void *at = (const char *)stats + field->offset;

	return field->size == sizeof(uint64_t) ? *(const uint64_t *)at : *(const unsigned *)at;
}

void stat_field_set(const struct stat_field *field, void *stats, uint64_t value)
{
	void *at = (char *)stats + field->offset;

	if (field->size == sizeof(uint64_t))
		*(uint64_t *)at = value;
	else
		*(unsigned *)at = value;
}
