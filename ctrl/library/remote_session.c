// SPDX-License-Identifier: BSD-3-Clause
// A session on a sluiced: each call is a request on its control socket. The session is a connected
// one, so that the death of this process leaves its groups.
#include "remote.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_lcore.h>
#include "address.h"
#include "remote_port.h"

static const struct backend backend;

// ---- Events --------------------------------------------------------------------------------

unsigned remote_index_of(const struct remote_session *session, const char *name)
{
	for (unsigned i = 0; name != NULL && i < session->n_interfaces; i++)
		if (strcmp(session->interfaces[i].name, name) == 0)
			return session->interfaces[i].index;
	return 0;
}

static void on_event(void *arg, const json_t *event)
{
	static const char *const names[] = {
		[SLUICE_EVENT_PENDING] = "pending",
		[SLUICE_EVENT_JOINED] = "joined",
		[SLUICE_EVENT_ERROR] = "lost",
		[SLUICE_EVENT_LEFT] = "left",
	};
	struct remote_session *session = arg;
	const char *kind = json_string_value(json_object_get(event, "event"));
	const char *group = json_string_value(json_object_get(event, "group"));
	struct events_key key = {0};

	if (json_integer_value(json_object_get(event, "session_id")) != session->id ||
		kind == NULL || group == NULL || !address_parse(group, &key.group))
		return;
	key.ifindex =
		remote_index_of(session, json_string_value(json_object_get(event, "interface")));
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], kind) == 0)
			events_notice(&session->session.events, &key, i,
				i == SLUICE_EVENT_ERROR ? -ENETDOWN : 0);
}

// sluiced is gone, and with it all groups.
static void on_lost(void *arg)
{
	struct remote_session *session = arg;

	events_lose(&session->session.events, -EPIPE);
}

// ---- Life ----------------------------------------------------------------------------------

// "10.9.0.2/24": what is not an address has no family.
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
	interface->index = remote_number(entry, "index");
	interface->vlan = remote_number(entry, "vlan");
	interface->inner_vlan = remote_number(entry, "inner_vlan");
	if (mac != NULL)
		sscanf(mac, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &interface->mac[0],
			&interface->mac[1], &interface->mac[2], &interface->mac[3],
			&interface->mac[4], &interface->mac[5]);
	read_addresses(interface, json_object_get(entry, "addresses"));
	json_array_foreach (ports, i, port) {
		if (!json_equal(json_object_get(port, "name"), json_object_get(entry, "port")))
			continue;
		interface->mtu = remote_number(port, "mtu");
		interface->up = json_is_true(json_object_get(port, "up"));
	}
}

// The interfaces as they are now, for the caller to free; returns how many. In the daemon's words
// as well, if `listed` is not NULL.
static int load_interfaces(
	struct remote_session *session, struct sluice_interface **interfaces, json_t **listed)
{
	json_t *list = NULL, *ports = NULL;
	const json_t *entries, *entry;
	int rc;
	size_t i;

	rc = connection_call(&session->connection, "interface.list", json_object(), &list);
	if (rc == 0)
		rc = connection_call(&session->connection, "port.list", json_object(), &ports);
	if (rc < 0)
		goto free_lists;
	entries = json_object_get(list, "interfaces");
	rc = json_array_size(entries);
	*interfaces = calloc(rc + 1, sizeof(**interfaces));
	if (*interfaces == NULL)
		rc = -ENOMEM;
	for (i = 0; (int)i < rc; i++) {
		entry = json_array_get(entries, i);
		read_interface(&(*interfaces)[i], entry, json_object_get(ports, "ports"));
	}
	if (listed != NULL)
		*listed = json_incref(json_object_get(list, "interfaces"));

free_lists:
	json_decref(ports);
	json_decref(list);
	return rc;
}

static int start(struct remote_session *session, bool stay)
{
	json_t *result;
	int rc;

	rc = load_interfaces(session, &session->interfaces, &session->listed);
	if (rc < 0)
		return rc;
	session->n_interfaces = rc;
	rc = connection_call(&session->connection, "session.open",
		json_pack("{s:i}", "udp_port", ntohs(atomic_load(&session->session.udp_port_be))),
		&result);
	if (rc < 0)
		return rc;
	session->id = json_integer_value(json_object_get(result, "session"));
	json_decref(result);
	rc = connection_call(&session->connection, "event.subscribe", json_object(), NULL);
	// EAL has lcores once it is up.
	if (rc == 0 && !stay && rte_lcore_count() > 0)
		rc = remote_port_attach(session);
	return rc;
}

static void free_session(struct remote_session *session)
{
	backend_session_drop_kept(&session->session);
	remote_port_detach(session);
	json_decref(session->listed);
	free(session->interfaces);
	free(session->socket);
	backend_session_free(&session->session);
}

static void close_and_free(struct sluice_session *session)
{
	connection_close(&remote(session)->connection);
	free_session(remote(session));
}

int remote_session_open(const char *socket, const struct sluice_session_options *options,
	struct sluice_session **session)
{
	struct sluice_session *new;
	int rc;

	rc = backend_session_new(sizeof(struct remote_session), &backend, options, &new);
	if (rc < 0)
		return rc;
	remote(new)->socket = strdup(socket);
	rc = remote(new)->socket == NULL
		     ? -ENOMEM
		     : connection_open(&remote(new)->connection, socket, on_event, on_lost, new);
	if (rc < 0) {
		free_session(remote(new));
		return rc;
	}
	rc = start(remote(new), options != NULL && options->stay);
	if (rc < 0)
		close_and_free(new);
	else
		*session = new;
	return rc;
}

static int bind_session(struct sluice_session *session, uint16_t udp_port_be)
{
	return connection_call(&remote(session)->connection, "session.bind",
		json_pack("{s:I, s:i}", "session", remote(session)->id, "udp_port",
			ntohs(udp_port_be)),
		NULL);
}

// ---- Interfaces ----------------------------------------------------------------------------

static int resolve(struct sluice_session *session, unsigned *ifindex)
{
	unsigned n = remote(session)->n_interfaces;

	if (*ifindex == 0 && n == 1)
		*ifindex = 1;
	return *ifindex > 0 && *ifindex <= n ? 0 : -ENODEV;
}

static int interfaces(struct sluice_session *session, struct sluice_interface *list, unsigned n)
{
	struct sluice_interface *loaded;
	int rc;

	rc = load_interfaces(remote(session), &loaded, NULL);
	if (rc < 0)
		return rc;
	for (int i = 0; i < rc && (unsigned)i < n; i++)
		list[i] = loaded[i];
	free(loaded);
	return rc;
}

// They cannot change while the daemon runs.
static int addresses(
	struct sluice_session *session, unsigned ifindex, struct sluice_addr *list, unsigned n)
{
	const json_t *interface = json_array_get(remote(session)->listed, ifindex - 1);
	const json_t *addresses = json_object_get(interface, "addresses");
	unsigned configured = remote_number(interface, "configured");

	for (unsigned i = 0; i < configured && i < n; i++)
		list[i] = read_address(json_array_get(addresses, i));
	return configured;
}

// ---- Frames --------------------------------------------------------------------------------

static unsigned receive(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	struct share_queue *line = remote(session)->line;

	return line != NULL ? share_queue_receive(line, frames, n) : 0;
}

static int settle(struct sluice_session *session)
{
	struct share_queue *line = remote(session)->line;
	int rc;

	if (line == NULL)
		return 0;
	// First makes room for what sluiced has.
	share_queue_settle(line);
	rc = connection_call(&remote(session)->connection, "session.settle",
		json_pack("{s:I}", "session", remote(session)->id), NULL);
	share_queue_settle(line);
	return rc;
}

static bool came_by(struct sluice_session *session, unsigned ifindex, const struct rte_mbuf *frame,
	const struct sluice_frame *info)
{
	const struct sluice_interface *interface = &remote(session)->interfaces[ifindex - 1];

	return interface->vlan == info->vlan && interface->inner_vlan == info->inner_vlan;
}

static uint64_t filter(struct sluice_session *session, unsigned ifindex,
	struct rte_mbuf *const *frames, unsigned n)
{
	return 0;
}

static int send_datagram(struct sluice_session *session, const struct datagram *datagram)
{
	json_t *params = remote_group_params(remote(session), datagram->ifindex, &datagram->group);
	const uint8_t *payload = datagram->payload;
	char *hex = malloc(2 * datagram->len + 1);

	if (hex == NULL) {
		json_decref(params);
		return -ENOMEM;
	}
	hex[0] = '\0';
	for (size_t i = 0; i < datagram->len; i++)
		snprintf(&hex[2 * i], 3, "%02x", payload[i]);
	json_object_set_new(params, "port", json_integer(ntohs(datagram->port_be)));
	json_object_set_new(params, "source_port", json_integer(ntohs(datagram->source_port_be)));
	json_object_set_new(params, "ttl", json_integer(datagram->ttl));
	json_object_set_new(params, "loop", json_boolean(datagram->loop));
	json_object_set_new(params, "payload", json_string(hex));
	free(hex);
	return connection_call(&remote(session)->connection, "session.send", params, NULL);
}

static const struct backend backend = {
	.bind = bind_session,
	.close = close_and_free,
	.resolve = resolve,
	.interfaces = interfaces,
	.addresses = addresses,
	.change = remote_change,
	.get_filter = remote_get_filter,
	.join_async = remote_join_async,
	.receive = receive,
	.settle = settle,
	.came_by = came_by,
	.filter = filter,
	.send = send_datagram,
	.group_stats = remote_group_stats,
	.session_stats = remote_session_stats,
	.interface_stats = remote_interface_stats,
	.worker_stats = remote_worker_stats,
	.drop_stats = remote_drop_stats,
};
