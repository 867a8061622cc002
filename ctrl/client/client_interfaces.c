// SPDX-License-Identifier: BSD-3-Clause
#include "client_interfaces.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "address.h"

// ---- Reading JSON --------------------------------------------------------------------------

// 0 if there is none.
static unsigned number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

// Reads "10.9.0.2/24". The family is 0 if the text is not an address.
static struct sluice_addr read_address(const json_t *value)
{
	const char *prefix = json_string_value(value);
	struct sluice_addr addr = {0};
	char text[ADDRESS_TEXT_MAX + 4];

	snprintf(text, sizeof(text), "%s", prefix != NULL ? prefix : "");
	text[strcspn(text, "/")] = '\0';
	return address_parse(text, &addr) ? addr : (struct sluice_addr){0};
}

static void read_addresses(struct sluice_interface *interface, const json_t *addresses)
{
	const json_t *value;
	size_t i;

	json_array_foreach (addresses, i, value) {
		struct sluice_addr addr = read_address(value), *place;

		place = addr.family == AF_INET ? &interface->ipv4 : &interface->ipv6;
		if (place->family == 0)
			*place = addr;
	}
}

static void read_interface(
	struct sluice_interface *interface, const json_t *entry, const json_t *ports)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *mac = json_string_value(json_object_get(entry, "mac"));
	const json_t *port;
	size_t i;

	snprintf(interface->name, sizeof(interface->name), "%s", name != NULL ? name : "");
	interface->index = number(entry, "index");
	interface->vlan = number(entry, "vlan");
	interface->inner_vlan = number(entry, "inner_vlan");
	if (mac != NULL)
		sscanf(mac, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &interface->mac[0],
			&interface->mac[1], &interface->mac[2], &interface->mac[3],
			&interface->mac[4], &interface->mac[5]);
	read_addresses(interface, json_object_get(entry, "addresses"));
	json_array_foreach (ports, i, port) {
		if (!json_equal(json_object_get(port, "name"), json_object_get(entry, "port")))
			continue;
		interface->mtu = number(port, "mtu");
		interface->up = json_is_true(json_object_get(port, "up"));
	}
}

// ---- Asking sluiced ------------------------------------------------------------------------

// Returns the number of interfaces. The caller frees the list and releases the entries.
static int ask(struct connection *connection, struct sluice_interface **list, json_t **entries)
{
	json_t *interfaces = NULL, *ports = NULL, *all;
	int rc;

	rc = connection_call(connection, "interface.list", json_object(), &interfaces, NULL);
	if (rc == 0)
		rc = connection_call(connection, "port.list", json_object(), &ports, NULL);
	if (rc < 0)
		goto free_lists;
	all = json_object_get(interfaces, "interfaces");
	rc = json_array_size(all);
	*list = calloc(rc + 1, sizeof(**list));
	if (*list == NULL) {
		rc = -ENOMEM;
		goto free_lists;
	}
	for (int i = 0; i < rc; i++)
		read_interface(
			&(*list)[i], json_array_get(all, i), json_object_get(ports, "ports"));
	*entries = json_incref(all);

free_lists:
	json_decref(ports);
	json_decref(interfaces);
	return rc;
}

int client_interfaces_load(struct client_interfaces *interfaces, struct connection *connection)
{
	int rc = ask(connection, &interfaces->list, &interfaces->entries);

	if (rc < 0)
		return rc;
	interfaces->n = rc;
	return 0;
}

void client_interfaces_free(struct client_interfaces *interfaces)
{
	free(interfaces->list);
	json_decref(interfaces->entries);
}

int client_interfaces_list(struct connection *connection, struct sluice_interface *list, unsigned n)
{
	struct sluice_interface *all;
	json_t *entries;
	int rc;

	rc = ask(connection, &all, &entries);
	if (rc < 0)
		return rc;
	for (int i = 0; i < rc && (unsigned)i < n; i++)
		list[i] = all[i];
	free(all);
	json_decref(entries);
	return rc;
}

// ---- Looking up ----------------------------------------------------------------------------

int client_interfaces_resolve(const struct client_interfaces *interfaces, unsigned *ifindex)
{
	if (*ifindex == 0 && interfaces->n == 1)
		*ifindex = 1;
	return *ifindex > 0 && *ifindex <= interfaces->n ? 0 : -ENODEV;
}

const char *client_interfaces_name(const struct client_interfaces *interfaces, unsigned ifindex)
{
	return interfaces->list[ifindex - 1].name;
}

unsigned client_interfaces_index(const struct client_interfaces *interfaces, const char *name)
{
	for (unsigned i = 0; name != NULL && i < interfaces->n; i++)
		if (strcmp(interfaces->list[i].name, name) == 0)
			return interfaces->list[i].index;
	return 0;
}

int client_interfaces_addresses(const struct client_interfaces *interfaces, unsigned ifindex,
	struct sluice_addr *addresses, unsigned n)
{
	const json_t *entry = json_array_get(interfaces->entries, ifindex - 1);
	const json_t *all = json_object_get(entry, "addresses");
	unsigned configured = number(entry, "configured");

	for (unsigned i = 0; i < configured && i < n; i++)
		addresses[i] = read_address(json_array_get(all, i));
	return configured;
}
