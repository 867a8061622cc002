// SPDX-License-Identifier: BSD-3-Clause
// The configuration of sluiced: plain data, filled from YAML by config_load() or by hand.
#ifndef CTRL_CONFIG_H
#define CTRL_CONFIG_H

#include <stddef.h>
#include <sluice/types.h>

struct config_lcores {
	unsigned control; // EAL main lcore
	unsigned *workers; // at least one
	unsigned n_workers;
};

struct config_port {
	char *name;
	char *device;
	uint16_t queues; // default 1
	uint16_t mtu; // default 0: leave
};

struct config_address {
	struct sluice_addr addr;
	uint8_t prefix_length;
};

struct config_interface {
	char *name;
	char *port;
	uint16_t vlan; // outer tag, 0 none
	uint16_t inner_vlan; // 0 none; needs vlan
	struct config_address *addresses;
	unsigned n_addresses;
};

struct config_output {
	char *name;
	char *port; // NULL: counts only
	uint16_t vlan;
	bool has_source_mac;
	uint8_t source_mac[6];
};

struct config_membership {
	char *interface; // NULL only if there is a single interface
	struct sluice_addr group;
	bool exclude; // `exclude: [...]` given in place of `sources: [...]`
	struct sluice_addr *sources;
	unsigned n_sources; // none: any source
	char **to; // names of outputs
	unsigned n_to;
};

// Optional section `protocol`, times in seconds in the file (fractions allowed).
struct config_protocol {
	unsigned robustness; // 0 in each: the default of igmp/host.h
	double query_interval, query_response_interval, unsolicited_report_interval,
		older_querier_timeout;
	bool require_router_alert, strict_ttl, ignore_off_subnet, ignore_older_versions,
		always_leave;
	bool ssm_aware; // default true
	bool report_link_local; // default true
	struct config_address *ssm_ranges;
	unsigned n_ssm_ranges;
	unsigned report_rate, report_burst;
};

struct config_limits {
	unsigned groups; // an interface and family, and a session
	unsigned sources_per_filter;
	unsigned queued_frames; // that may wait for sessions, all together
};

struct config {
	char *socket; // default /run/sluice/sluice.sock
	char **eal; // default: --no-huge --no-shconf -m 256 --no-pci
	unsigned n_eal;
	struct config_lcores lcores; // default: control 0, workers [1]
	struct config_port *ports;
	unsigned n_ports;
	struct config_interface *interfaces;
	unsigned n_interfaces;
	struct config_output *outputs;
	unsigned n_outputs;
	struct config_membership *memberships;
	unsigned n_memberships;
	struct config_protocol protocol;
	struct config_limits limits;
	bool embedded; // of an application that filters frames of its own; not from a file
};

// Reads FILE. A syntax error, an unknown key or a wrong type stops at the first; semantic errors
// (a bad address, an unknown port, a name twice, ...) are all found. Each calls report() with one
// line "FILE:LINE: what" (FILE: key: what, where the line is not known). Returns NULL if there
// was any.
struct config *config_load(
	const char *file, void (*report)(void *arg, const char *line), void *arg);
// The same with the text of a file; `name` stands for FILE.
struct config *config_load_text(const char *name, const char *text, size_t len,
	void (*report)(void *arg, const char *line), void *arg);
void config_free(struct config *config);

#endif
