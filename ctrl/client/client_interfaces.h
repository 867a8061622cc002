// SPDX-License-Identifier: BSD-3-Clause
// The interfaces of a sluiced.
#ifndef CTRL_CLIENT_INTERFACES_H
#define CTRL_CLIENT_INTERFACES_H

#include "connection.h"

// The properties that sluiced does not change while it runs, read when the session was opened.
struct client_interfaces {
	json_t *entries; // of interface.list
	struct sluice_interface *list; // in order of their indexes
	unsigned n;
};

// On failure there is nothing to free.
int client_interfaces_load(struct client_interfaces *interfaces, struct connection *connection);
void client_interfaces_free(struct client_interfaces *interfaces);

// Turns 0 into the index of the only interface. -ENODEV if there are several, or for an index that
// no interface has.
int client_interfaces_resolve(const struct client_interfaces *interfaces, unsigned *ifindex);
const char *client_interfaces_name(const struct client_interfaces *interfaces, unsigned ifindex);
// 0 if no interface has the name, or for NULL.
unsigned client_interfaces_index(const struct client_interfaces *interfaces, const char *name);

// Fills in up to n configured addresses of the interface, in their order, and returns how many
// there are.
int client_interfaces_addresses(const struct client_interfaces *interfaces, unsigned ifindex,
	struct sluice_addr *addresses, unsigned n);

// Requests the current state of the interfaces. Fills in up to n entries. Returns the number of
// interfaces or a negative errno.
int client_interfaces_list(
	struct connection *connection, struct sluice_interface *list, unsigned n);

#endif
