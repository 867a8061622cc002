// SPDX-License-Identifier: BSD-3-Clause
#include "config_schema.h"

#include <cyaml/cyaml.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// libcyaml checks the structure only: it would read "20x" as 20 and any word as true.
#define TEXT(key, type, flags)                                                                     \
	CYAML_FIELD_STRING_PTR(                                                                    \
		#key, CYAML_FLAG_POINTER | (flags), struct type, key, 0, CYAML_UNLIMITED)
#define LIST(key, type, entry, flags, min)                                                         \
	CYAML_FIELD_SEQUENCE(                                                                      \
		#key, CYAML_FLAG_POINTER | (flags), struct type, key, entry, min, CYAML_UNLIMITED)
#define SECTION(key, type, fields)                                                                 \
	CYAML_FIELD_MAPPING(#key, CYAML_FLAG_OPTIONAL, struct type, key, fields)
#define REQUIRED 0
#define OPTIONAL CYAML_FLAG_OPTIONAL

static const cyaml_schema_value_t text = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t lcores_fields[] = {
	TEXT(control, raw_lcores, OPTIONAL),
	LIST(workers, raw_lcores, &text, OPTIONAL, 1),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t port_fields[] = {
	TEXT(name, raw_port, REQUIRED),
	TEXT(device, raw_port, REQUIRED),
	TEXT(queues, raw_port, OPTIONAL),
	TEXT(mtu, raw_port, OPTIONAL),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t port = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_port, port_fields),
};

static const cyaml_schema_field_t interface_fields[] = {
	TEXT(name, raw_interface, REQUIRED),
	TEXT(port, raw_interface, REQUIRED),
	TEXT(vlan, raw_interface, OPTIONAL),
	TEXT(inner_vlan, raw_interface, OPTIONAL),
	LIST(addresses, raw_interface, &text, OPTIONAL, 0),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t interface = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_interface, interface_fields),
};

static const cyaml_schema_field_t output_fields[] = {
	TEXT(name, raw_output, REQUIRED),
	TEXT(port, raw_output, OPTIONAL),
	TEXT(vlan, raw_output, OPTIONAL),
	TEXT(source_mac, raw_output, OPTIONAL),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t output = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_output, output_fields),
};

static const cyaml_schema_field_t membership_fields[] = {
	TEXT(interface, raw_membership, OPTIONAL),
	TEXT(group, raw_membership, REQUIRED),
	LIST(sources, raw_membership, &text, OPTIONAL, 0),
	LIST(exclude, raw_membership, &text, OPTIONAL, 0),
	LIST(to, raw_membership, &text, OPTIONAL, 0),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t membership = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_membership, membership_fields),
};

static const cyaml_schema_field_t protocol_fields[] = {
	TEXT(robustness, raw_protocol, OPTIONAL),
	TEXT(query_interval, raw_protocol, OPTIONAL),
	TEXT(query_response_interval, raw_protocol, OPTIONAL),
	TEXT(unsolicited_report_interval, raw_protocol, OPTIONAL),
	TEXT(older_querier_timeout, raw_protocol, OPTIONAL),
	TEXT(require_router_alert, raw_protocol, OPTIONAL),
	TEXT(strict_ttl, raw_protocol, OPTIONAL),
	TEXT(ignore_off_subnet, raw_protocol, OPTIONAL),
	TEXT(learn_off_subnet, raw_protocol, OPTIONAL),
	TEXT(ignore_older_versions, raw_protocol, OPTIONAL),
	TEXT(always_leave, raw_protocol, OPTIONAL),
	TEXT(ssm_aware, raw_protocol, OPTIONAL),
	TEXT(report_link_local, raw_protocol, OPTIONAL),
	LIST(ssm_ranges, raw_protocol, &text, OPTIONAL, 1),
	TEXT(report_rate, raw_protocol, OPTIONAL),
	TEXT(report_burst, raw_protocol, OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
	TEXT(groups, raw_limits, OPTIONAL),
	TEXT(sources_per_filter, raw_limits, OPTIONAL),
	TEXT(queued_frames, raw_limits, OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t quotas_fields[] = {
	TEXT(connections, raw_quotas, OPTIONAL),
	TEXT(sessions, raw_quotas, OPTIONAL),
	TEXT(groups, raw_quotas, OPTIONAL),
	TEXT(sources, raw_quotas, OPTIONAL),
	TEXT(queued_frames, raw_quotas, OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t control_fields[] = {
	TEXT(owner, raw_control, OPTIONAL),
	TEXT(group, raw_control, OPTIONAL),
	TEXT(mode, raw_control, OPTIONAL),
	TEXT(read_only_socket, raw_control, OPTIONAL),
	TEXT(operators, raw_control, OPTIONAL),
	TEXT(idle_timeout, raw_control, OPTIONAL),
	TEXT(buffered_bytes, raw_control, OPTIONAL),
	SECTION(quotas, raw_control, quotas_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t file_fields[] = {
	TEXT(socket, raw_config, OPTIONAL),
	LIST(eal, raw_config, &text, OPTIONAL, 0),
	SECTION(lcores, raw_config, lcores_fields),
	LIST(ports, raw_config, &port, REQUIRED, 1),
	LIST(interfaces, raw_config, &interface, REQUIRED, 1),
	LIST(outputs, raw_config, &output, OPTIONAL, 0),
	LIST(memberships, raw_config, &membership, OPTIONAL, 0),
	SECTION(protocol, raw_config, protocol_fields),
	SECTION(limits, raw_config, limits_fields),
	SECTION(control, raw_config, control_fields),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t file = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, file_fields),
};

// What libcyaml says of its first error: a line of text, then a backtrace, innermost frame first.
struct trace {
	char what[256];
	char path[512]; // grows outwards
	unsigned frames;
};

static void trace_prepend(struct trace *trace, const char *frame)
{
	char path[sizeof(trace->path)];

	snprintf(path, sizeof(path), "%s%s%.400s", frame,
		trace->path[0] && trace->path[0] != '[' ? "." : "", trace->path);
	strcpy(trace->path, path);
}

// The key a message names is part of the path if the backtrace ends above it.
static void trace_frame(struct trace *trace, const char *line)
{
	char frame[64];
	unsigned index;

	if (trace->frames++ == 0) {
		if (sscanf(trace->what, "Unexpected key: %63s", frame) == 1)
			trace_prepend(trace, frame);
		else if (strncmp(trace->what, "Missing", 7) == 0 && strstr(line, "field"))
			return; // the last key before the end, which is not to blame
	}
	if (sscanf(line, " in mapping field '%63[^']", frame) == 1) {
		trace_prepend(trace, frame);
	} else if (sscanf(line, " in sequence entry '%u", &index) == 1 && index > 0) {
		snprintf(frame, sizeof(frame), "[%u]", index - 1);
		trace_prepend(trace, frame);
	}
}

static void trace_log(cyaml_log_t level, void *arg, const char *format, va_list args)
{
	static const char prefix[] = "Load: ";
	struct trace *trace = arg;
	char line[256];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, prefix, strlen(prefix)) != 0)
		trace_frame(trace, line);
	else if (!trace->what[0])
		strcpy(trace->what, line + strlen(prefix));
}

// libcyaml's words, and ours for them. A message about a key ends with the key.
static const struct {
	const char *theirs, *ours;
	bool key;
} words[] = {
	{"Unexpected key: ", "unknown key", true},
	{"Missing required mapping field: ", "missing key", true},
	{"Mapping field already seen: ", "repeated key", true},
	{"Expecting MAPPING", "has to be a section of keys", false},
	{"Expecting SEQUENCE", "has to be a list", false},
	{"Expecting STRING", "has to be a single value", false},
	{"Insufficient entries", "has to have an entry", false},
};

static void describe(
	const struct trace *trace, const struct config_lines *lines, struct config_fault *fault)
{
	const char *separator = trace->path[0] ? ": " : "";
	const char *text = trace->what, *key = NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].theirs);

		if (strncmp(trace->what, words[i].theirs, len) == 0) {
			text = words[i].ours;
			key = words[i].key ? trace->what + len : NULL;
		}
	}
	fault->line = config_lines_find(lines, trace->path);
	if (key)
		snprintf(fault->text, sizeof(fault->text), "%.200s%s%.100s \"%.200s\"", trace->path,
			separator, text, key);
	else
		snprintf(fault->text, sizeof(fault->text), "%.200s%s%.300s", trace->path, separator,
			text);
}

// libcyaml enlarges a list by one entry at a time, which copies a long list once per entry where
// realloc() copies. Spare room makes the number of copies logarithmic.
static void *allocate(void *ctx, void *memory, size_t size)
{
	size_t usable = malloc_usable_size(memory);

	(void)ctx;
	if (size == 0) {
		free(memory);
		return NULL;
	}
	if (size <= usable)
		return memory;
	return realloc(memory, memory ? size + size / 2 : size);
}

static const cyaml_config_t settings = {
	.log_fn = trace_log,
	.mem_fn = allocate,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_NO_ALIAS,
};

struct raw_config *config_schema_load(
	const char *text, size_t len, const struct config_lines *lines, struct config_fault *fault)
{
	struct trace trace = {.what = ""};
	cyaml_config_t config = settings;
	cyaml_data_t *raw = NULL;
	cyaml_err_t err;

	config.log_ctx = &trace;
	err = cyaml_load_data((const uint8_t *)text, len, &config, &file, &raw, NULL);
	if (err == CYAML_OK && raw)
		return raw;
	// That the text is YAML is known from config_lines_scan().
	if (err == CYAML_ERR_OOM || err == CYAML_ERR_LIBYAML_PARSER_INIT ||
		err == CYAML_ERR_LIBYAML_PARSER) {
		*fault = (struct config_fault){.line = 0, .text = "out of memory"};
		return NULL;
	}
	if (!trace.what[0])
		snprintf(trace.what, sizeof(trace.what), "%s",
			err == CYAML_OK ? "the file is empty" : cyaml_strerror(err));
	describe(&trace, lines, fault);
	return NULL;
}

void config_schema_free(struct raw_config *raw)
{
	cyaml_free(&settings, &file, raw, 0);
}
