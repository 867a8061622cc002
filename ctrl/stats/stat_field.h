// SPDX-License-Identifier: BSD-3-Clause
// The fields of the statistics in <sluice/stats.h>, for code that treats them all alike. Needs
// neither DPDK nor the engine.
//
// stat_field.c	the fields of each structure
// stat_json.c	a structure to and from JSON
// stat_manual.c	a build tool: the field list of sluiced(8)
#ifndef CTRL_STAT_FIELD_H
#define CTRL_STAT_FIELD_H

#include <stddef.h>
#include <stdint.h>
#include <sluice/stats.h>

enum stat_kind {
	STAT_COUNTER, // only rises
	STAT_GAUGE,
};

enum stat_unit {
	STAT_NUMBER,
	STAT_PACKETS,
	STAT_BYTES,
	STAT_MILLISECONDS,
	STAT_MICROSECONDS,
};

struct stat_field {
	const char *name; // in JSON; NULL ends the fields
	const char *column; // title in tables, NULL if it is not shown there
	const char *help;
	enum stat_kind kind;
	enum stat_unit unit;
	size_t offset, size; // in the structure
};

// Fields of the structure that the comment names.
extern const struct stat_field stat_worker[]; // sluice_worker_stats
extern const struct stat_field stat_control[]; // sluice_control_stats
extern const struct stat_field stat_connection[]; // sluice_connection_stats
extern const struct stat_field stat_port[]; // sluice_port_stats
extern const struct stat_field stat_interface[]; // sluice_interface_stats, without the next
extern const struct stat_field stat_interface_port[]; // the same: the counters of its port
extern const struct stat_field stat_group[]; // sluice_group_stats
extern const struct stat_field stat_output[]; // sluice_output_stats
extern const struct stat_field stat_session[]; // sluice_session_stats, what sluiced counts
extern const struct stat_field stat_querier[]; // sluice_querier_stats
extern const struct stat_field stat_drop[]; // sluice_drop_stats

// What the fields belong to, with the method that tells them. `object` NULL ends the list.
struct stat_object {
	const char *object; // "worker"
	const char *method; // "worker.list"
	const struct stat_field *fields;
};
extern const struct stat_object stat_objects[];

// The reasons that drop.list counts. `name` NULL ends a list.
struct stat_reason {
	const char *name, *help;
};
extern const struct stat_reason stat_worker_drops[];
extern const struct stat_reason stat_host_drops[]; // of each interface and family

const char *stat_field_kind(const struct stat_field *field); // "counter", "gauge"
const char *stat_field_unit(const struct stat_field *field); // "packets"; NULL for a number

uint64_t stat_field_get(const struct stat_field *field, const void *stats);
void stat_field_set(const struct stat_field *field, void *stats, uint64_t value);

#endif
