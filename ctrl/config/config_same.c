// SPDX-License-Identifier: BSD-3-Clause
// Compares parts of two configurations, as a reload does.
#include <string.h>

#include "config.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool config_same_lcores(const struct config_lcores *a, const struct config_lcores *b)
{
	return a->control == b->control && a->n_workers == b->n_workers &&
	       memcmp(a->workers, b->workers, a->n_workers * sizeof(*a->workers)) == 0;
}

bool config_same_port(const struct config_port *a, const struct config_port *b)
{
	return same_text(a->name, b->name) && same_text(a->device, b->device) &&
	       a->queues == b->queues && a->mtu == b->mtu;
}

static bool same_addresses(
	const struct config_address *a, unsigned n_a, const struct config_address *b, unsigned n_b)
{
	if (n_a != n_b)
		return false;
	for (unsigned i = 0; i < n_a; i++)
		if (!sluice_addr_equal(&a[i].addr, &b[i].addr) ||
			a[i].prefix_length != b[i].prefix_length)
			return false;
	return true;
}

bool config_same_interface(const struct config_interface *a, const struct config_interface *b)
{
	return same_text(a->name, b->name) && same_text(a->port, b->port) && a->vlan == b->vlan &&
	       a->inner_vlan == b->inner_vlan &&
	       same_addresses(a->addresses, a->n_addresses, b->addresses, b->n_addresses);
}

bool config_same_output(const struct config_output *a, const struct config_output *b)
{
	return same_text(a->name, b->name) && same_text(a->port, b->port) && a->vlan == b->vlan &&
	       a->has_source_mac == b->has_source_mac &&
	       memcmp(a->source_mac, b->source_mac, sizeof(a->source_mac)) == 0;
}

bool config_same_limits(const struct config_limits *a, const struct config_limits *b)
{
	return a->groups == b->groups && a->sources_per_filter == b->sources_per_filter &&
	       a->queued_frames == b->queued_frames;
}

bool config_same_protocol(const struct config_protocol *a, const struct config_protocol *b)
{
	return a->robustness == b->robustness && a->query_interval == b->query_interval &&
	       a->query_response_interval == b->query_response_interval &&
	       a->unsolicited_report_interval == b->unsolicited_report_interval &&
	       a->older_querier_timeout == b->older_querier_timeout &&
	       a->require_router_alert == b->require_router_alert &&
	       a->strict_ttl == b->strict_ttl && a->ignore_off_subnet == b->ignore_off_subnet &&
	       a->ignore_older_versions == b->ignore_older_versions &&
	       a->always_leave == b->always_leave && a->learn_off_subnet == b->learn_off_subnet &&
	       a->ssm_aware == b->ssm_aware && a->report_link_local == b->report_link_local &&
	       a->report_rate == b->report_rate && a->report_burst == b->report_burst &&
	       same_addresses(a->ssm_ranges, a->n_ssm_ranges, b->ssm_ranges, b->n_ssm_ranges);
}

bool config_same_roles(const struct config_control *a, const struct config_control *b)
{
	return a->operators == b->operators && a->idle_timeout == b->idle_timeout &&
	       a->buffered_bytes == b->buffered_bytes &&
	       a->quotas.connections == b->quotas.connections &&
	       a->quotas.sessions == b->quotas.sessions && a->quotas.groups == b->quotas.groups &&
	       a->quotas.sources == b->quotas.sources &&
	       a->quotas.queued_frames == b->quotas.queued_frames;
}

bool config_same_eal(const struct config *a, const struct config *b)
{
	if (a->n_eal != b->n_eal)
		return false;
	for (unsigned i = 0; i < a->n_eal; i++)
		if (!same_text(a->eal[i], b->eal[i]))
			return false;
	return true;
}

const char *config_same_socket(const struct config_control *a, const struct config_control *b)
{
	if (a->owner != b->owner)
		return "control.owner";
	if (a->group != b->group)
		return "control.group";
	if (a->mode != b->mode)
		return "control.mode";
	return same_text(a->read_only_socket, b->read_only_socket) ? NULL
								   : "control.read_only_socket";
}
