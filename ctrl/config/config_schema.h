// SPDX-License-Identifier: BSD-3-Clause
// The configuration file as YAML gives it: the right keys in the right places, every value still
// text. Only config_convert() knows what they mean, so that it can report all that is wrong.
#ifndef CTRL_CONFIG_SCHEMA_H
#define CTRL_CONFIG_SCHEMA_H

#include <stddef.h>

#include "config_lines.h"

// A NULL pointer is a key the file leaves out; libcyaml counts a list X in X_count.
struct raw_lcores {
	char *control;
	char **workers;
	unsigned workers_count;
};

struct raw_port {
	char *name, *device, *queues, *mtu;
};

struct raw_interface {
	char *name, *port, *vlan, *inner_vlan;
	char **addresses;
	unsigned addresses_count;
};

struct raw_output {
	char *name, *port, *vlan, *source_mac;
};

struct raw_membership {
	char *interface, *group;
	char **sources, **exclude, **to;
	unsigned sources_count, exclude_count, to_count;
};

struct raw_protocol {
	char *robustness, *query_interval, *query_response_interval, *unsolicited_report_interval,
		*older_querier_timeout, *require_router_alert, *strict_ttl, *ignore_off_subnet,
		*learn_off_subnet, *ignore_older_versions, *always_leave, *ssm_aware,
		*report_link_local, *report_rate, *report_burst;
	char **ssm_ranges;
	unsigned ssm_ranges_count;
};

struct raw_limits {
	char *groups, *sources_per_filter, *queued_frames;
};

struct raw_quotas {
	char *connections, *sessions, *groups, *sources, *queued_frames;
};

struct raw_control {
	char *owner, *group, *mode, *read_only_socket, *operators, *idle_timeout, *buffered_bytes;
	struct raw_quotas quotas;
};

struct raw_config {
	char *socket;
	char **eal;
	unsigned eal_count;
	struct raw_lcores lcores;
	struct raw_port *ports;
	unsigned ports_count;
	struct raw_interface *interfaces;
	unsigned interfaces_count;
	struct raw_output *outputs;
	unsigned outputs_count;
	struct raw_membership *memberships;
	unsigned memberships_count;
	struct raw_protocol protocol;
	struct raw_limits limits;
	struct raw_control control;
};

// Returns NULL with `fault` set to the first error.
struct raw_config *config_schema_load(
	const char *text, size_t len, const struct config_lines *lines, struct config_fault *fault);
void config_schema_free(struct raw_config *raw);

#endif
