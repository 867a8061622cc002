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

static bool same_addresses(const struct config_interface *a, const struct config_interface *b)
{
	if (a->n_addresses != b->n_addresses)
		return false;
	for (unsigned i = 0; i < a->n_addresses; i++)
		if (!sluice_addr_equal(&a->addresses[i].addr, &b->addresses[i].addr) ||
			a->addresses[i].prefix_length != b->addresses[i].prefix_length)
			return false;
	return true;
}

bool config_same_interface(const struct config_interface *a, const struct config_interface *b)
{
	return same_text(a->name, b->name) && same_text(a->port, b->port) && a->vlan == b->vlan &&
	       a->inner_vlan == b->inner_vlan && same_addresses(a, b);
}

bool config_same_output(const struct config_output *a, const struct config_output *b)
{
	return same_text(a->name, b->name) && same_text(a->port, b->port) && a->vlan == b->vlan &&
	       a->has_source_mac == b->has_source_mac &&
	       memcmp(a->source_mac, b->source_mac, sizeof(a->source_mac)) == 0;
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
