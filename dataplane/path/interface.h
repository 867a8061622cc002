// SPDX-License-Identifier: BSD-3-Clause
// Interfaces: which (port, VLAN tags) a frame came in by, and the group tables that go with it.
#ifndef DATAPLANE_INTERFACE_H
#define DATAPLANE_INTERFACE_H

#include <sys/queue.h>
#include "dataplane.h"
#include "group_table.h"
#include "punt_budget.h"

struct interface {
	LIST_ENTRY(interface) next; // control thread only
	// Const once open.
	struct port *port;
	uint16_t outer_vlan, inner_vlan;
	void *user;
	struct group_table *table4, *table6;
	struct punt_budget *budgets; // one per worker
	struct punt_queriers queriers;
};

// Control thread. Frees the interface, whatever subscriptions name it. No worker may run.
void interface_destroy(struct interface *interface);

#endif
