// SPDX-License-Identifier: BSD-3-Clause
// The configuration of sluiced: plain data, filled from YAML by config_load() or by hand. It knows
// no DPDK and no engine, and holds no lock: a configuration belongs to one thread until it is
// shared for reading.
//
//   config.c          config_load(): a file's way through the files below; frees
//   config_file.c     reads the file
//   config_lines.c    text -> the line of each value; YAML errors
//   config_schema.c   text -> the right keys in the right places, values still text (libcyaml)
//   config_convert.c  each value for itself: text -> numbers, addresses, names
//   config_value.c    reads single values
//   config_reader.c   reports mistakes, with the file and line
//   config_name.c     valid names
//   config_names.c    finds names, and names that are given twice
//   config_account.c  users and groups by name
//   config_control.c  the section `control`
//   config_check.c    values against each other: names, references, duplicates, limits
//   config_copy.c     copies of parts, for owners that outlive a configuration
//   config_same.c     compares parts, for a reload
#ifndef CTRL_CONFIG_H
#define CTRL_CONFIG_H

#include <stddef.h>
#include <sys/types.h>
#include <sluice/types.h>

struct config_lcores {
	unsigned control; // EAL main lcore
	unsigned *workers; // at least one
	unsigned n_workers;
	bool mapped; // to CPUs, by the EAL arguments: lcore numbers are no CPU numbers then
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
	// INCLUDE the `sources`, or EXCLUDE those of `exclude`; any source without either. The
	// sources may be unsorted and contain duplicates.
	struct sluice_source_filter filter;
	char **to; // names of outputs
	unsigned n_to;
};

// Optional section `protocol`, times in seconds in the file (fractions allowed).
struct config_protocol {
	unsigned robustness; // 0 in each: the default of igmp/host.h
	double query_interval, query_response_interval, unsolicited_report_interval,
		older_querier_timeout;
	bool require_router_alert, strict_ttl, ignore_off_subnet, ignore_older_versions,
		always_leave, learn_off_subnet;
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

// What a user may hold who is no operator.
struct config_quotas {
	unsigned connections; // of the control socket
	unsigned sessions;
	unsigned groups, sources; // of all sessions together
	unsigned queued_frames; // that may wait for all sessions together
};

// Optional section `control`: the control socket, and who may do what.
struct config_control {
	uid_t owner; // of the socket's file, an operator; CONFIG_NO_USER: the user of the daemon
	gid_t group; // of the file; CONFIG_NO_GROUP: that of the daemon
	mode_t mode; // default 0660
	char *read_only_socket; // path of another socket, which answers what changes nothing; or
				// NULL
	gid_t operators; // its members are operators; CONFIG_NO_GROUP: nobody by that
	double idle_timeout; // seconds, default 600
	unsigned buffered_bytes; // of all connections together; default 64 MiB
	struct config_quotas quotas;
};
#define CONFIG_NO_USER ((uid_t)-1)
#define CONFIG_NO_GROUP ((gid_t)-1)

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
	struct config_control control; // of sluiced only
	bool embedded; // of an application that filters frames of its own; not from a file
};

// Properties of DPDK and the machine, which this folder does not know, for the checks of a file.
struct config_bounds {
	unsigned lcores; // lcore numbers are below this: RTE_MAX_LCORE
	unsigned queues; // receive queues per port: RTE_MAX_QUEUES_PER_PORT
	unsigned cpus; // CPUs of the machine; 0: lcores are not compared with them
	bool limits; // memberships beyond the file's own limits are a mistake
};

// Reads FILE. A syntax error, an unknown key or a wrong type stops at the first; semantic errors
// (a bad address, an unknown port, a name twice, ...) are all found. Each calls report() with one
// line "FILE:LINE: what" (FILE: key: what, where the line is not known). Returns NULL if there
// was any.
struct config *config_load(const char *file, const struct config_bounds *bounds,
	void (*report)(void *arg, const char *line), void *arg);
// The same with the text of a file; `name` replaces FILE.
struct config *config_load_text(const char *name, const char *text, size_t len,
	const struct config_bounds *bounds, void (*report)(void *arg, const char *line), void *arg);
void config_free(struct config *config);

// ---- Parts -----------------------------------------------------------------------------------

// Deep copies. Return 0, or -ENOMEM with nothing to free.
int config_copy_lcores(struct config_lcores *copy, const struct config_lcores *from);
int config_copy_port(struct config_port *copy, const struct config_port *from);
int config_copy_interface(struct config_interface *copy, const struct config_interface *from);
int config_copy_output(struct config_output *copy, const struct config_output *from);
int config_copy_protocol(struct config_protocol *copy, const struct config_protocol *from);
// Free the contents of a part, not the part itself. Zeroed parts have no contents.
void config_free_lcores(struct config_lcores *lcores);
void config_free_port(struct config_port *port);
void config_free_interface(struct config_interface *interface);
void config_free_output(struct config_output *output);
void config_free_protocol(struct config_protocol *protocol);

bool config_same_lcores(const struct config_lcores *a, const struct config_lcores *b);
bool config_same_port(const struct config_port *a, const struct config_port *b);
bool config_same_interface(const struct config_interface *a, const struct config_interface *b);
bool config_same_output(const struct config_output *a, const struct config_output *b);
bool config_same_limits(const struct config_limits *a, const struct config_limits *b);
bool config_same_protocol(const struct config_protocol *a, const struct config_protocol *b);
// Compares what a reload takes over: roles, quotas and limits, but not the sockets.
bool config_same_roles(const struct config_control *a, const struct config_control *b);
// The key of `control` that differs and needs a restart; NULL if there is none.
const char *config_same_socket(const struct config_control *a, const struct config_control *b);
bool config_same_eal(const struct config *a, const struct config *b);

// Whether a port, an interface, an output or a session may have this name.
#define CONFIG_NAME_MAX 63 // characters
bool config_name_is_valid(const char *name);

#endif
