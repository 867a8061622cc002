// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <rte_cycles.h>
#include "aligned_memory.h"
#include "clock.h"
#include "interface.h"
#include "dataplane_private.h"
#include "l2_header.h"
#include "port.h"
#include "punt.h"

static uint32_t tags_of(const struct interface *interface)
{
	return interface_map_tags(interface->outer_vlan, interface->inner_vlan);
}

static int check(const struct port *port, const struct interface_config *config,
	struct dataplane_error *error)
{
	const uint16_t outer = config->outer_vlan, inner = config->inner_vlan;

	if (outer > VLAN_MAX || inner > VLAN_MAX)
		return dataplane_error_set(
			error, EINVAL, "VLAN %u.%u: 1 to %u each", outer, inner, VLAN_MAX);
	if (outer == VLAN_NONE && inner != VLAN_NONE)
		return dataplane_error_set(
			error, EINVAL, "inner VLAN %u needs an outer one", inner);
	if (port_find_interface(port, outer, inner) != NULL)
		return dataplane_error_set(error, EEXIST,
			"port %s has an interface with VLAN %u.%u", port->name, outer, inner);
	return 0;
}

int interface_open(struct port *port, const struct interface_config *config,
	struct interface **interface, struct dataplane_error *error)
{
	struct dataplane *dp = port->dp;
	// The application's threads share one slice, which only they read.
	const unsigned n_slices = dp->n_workers + (dp->readers != NULL ? 1 : 0);
	struct interface_map *map;
	struct interface *new;
	int rc;

	rc = check(port, config, error);
	if (rc < 0)
		return rc;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return dataplane_error_set(error, ENOMEM, "out of memory");
	new->port = port;
	new->outer_vlan = config->outer_vlan;
	new->inner_vlan = config->inner_vlan;
	new->user = config->user;
	rc = -ENOMEM;
	new->budgets = aligned_memory_alloc(dp->n_workers * sizeof(*new->budgets));
	if (new->budgets == NULL)
		goto free_new;
	for (unsigned i = 0; i < dp->n_workers; i++)
		punt_budget_init(&new->budgets[i], rte_get_tsc_hz(), dp->punt_rate);
	rc = group_table_create(AF_INET, n_slices, &dp->reclaim, &new->table4);
	if (rc < 0)
		goto free_new;
	rc = group_table_create(AF_INET6, n_slices, &dp->reclaim, &new->table6);
	if (rc < 0)
		goto destroy_table4;
	map = interface_map_with(atomic_load(&port->interfaces), tags_of(new), new);
	if (map == NULL) {
		rc = -ENOMEM;
		goto destroy_table6;
	}
	port_publish_interfaces(port, map);
	LIST_INSERT_HEAD(&dp->interfaces, new, next);
	*interface = new;
	return 0;

destroy_table6:
	group_table_destroy(new->table6);
destroy_table4:
	group_table_destroy(new->table4);
free_new:
	free(new->budgets);
	free(new);
	return dataplane_error_set(error, -rc, "group table: %s", strerror(-rc));
}

void interface_destroy(struct interface *interface)
{
	LIST_REMOVE(interface, next);
	group_table_destroy(interface->table4);
	group_table_destroy(interface->table6);
	free(interface->budgets);
	free(interface);
}

int interface_close(struct interface *interface)
{
	struct dataplane *dp = interface->port->dp;
	int rc = 0;

	if (group_table_count(interface->table4) + group_table_count(interface->table6) > 0)
		return -EBUSY;
	interface_map_remove(atomic_load(&interface->port->interfaces), tags_of(interface));
	// From here on no worker and no application thread finds it or holds it. The tables wait
	// for a second grace period: entries that were withdrawn while others were ageing.
	for (unsigned i = 0; i < 2 && rc == 0; i++)
		rc = reclaim_synchronize(&dp->reclaim);
	if (rc < 0)
		return rc;
	punt_forget(dp->punted, interface);
	interface_destroy(interface);
	return 0;
}

void interface_querier_heard(
	struct interface *interface, const struct sluice_addr *querier, uint64_t now_ms)
{
	punt_queriers_hear(&interface->queriers, querier, now_ms);
}

void *interface_user(const struct interface *interface)
{
	return interface->user;
}

struct port *interface_port(const struct interface *interface)
{
	return interface->port;
}

static struct group_table *table_of(const struct interface *interface, uint16_t family)
{
	return family == AF_INET ? interface->table4 : interface->table6;
}

int interface_subscribe(struct interface *interface, const struct sluice_addr *group,
	uint64_t owner, const struct subscriber *subs, unsigned n)
{
	return subscription_replace(&interface->port->dp->subscription,
		table_of(interface, group->family), group, owner, subs, n);
}

int interface_set_hook(struct interface *interface, const struct sluice_addr *group,
	const struct fanout_hook *hook)
{
	return subscription_set_hook(&interface->port->dp->subscription,
		table_of(interface, group->family), group, hook);
}

int interface_group_stats(const struct interface *interface, const struct sluice_addr *group,
	struct group_stats *stats)
{
	return group_table_stats(table_of(interface, group->family), group, clock_ms(), stats);
}

bool interface_received(const struct interface *interface, const struct rte_mbuf *frame,
	uint16_t outer_vlan, uint16_t inner_vlan)
{
	// Some drivers do not say.
	bool by_port = frame->port == interface->port->id || frame->port == RTE_MBUF_PORT_INVALID;

	return by_port && interface->outer_vlan == outer_vlan &&
	       interface->inner_vlan == inner_vlan;
}
