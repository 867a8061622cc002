// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include "address.h"

// ---- Events --------------------------------------------------------------------------------

static const char *const event_names[] = {
	[SLUICE_EVENT_PENDING] = "pending",
	[SLUICE_EVENT_JOINED] = "joined",
	[SLUICE_EVENT_ERROR] = "lost",
	[SLUICE_EVENT_LEFT] = "left",
};

static void on_event(void *arg, const json_t *event)
{
	struct client *client = arg;
	const char *kind = json_string_value(json_object_get(event, "event"));
	const char *group = json_string_value(json_object_get(event, "group"));
	const char *interface = json_string_value(json_object_get(event, "interface"));
	struct events_key key = {0};

	if (json_integer_value(json_object_get(event, "session_id")) != client->session ||
		kind == NULL || group == NULL || !address_parse(group, &key.group))
		return;
	key.ifindex = client_interfaces_index(&client->interfaces, interface);
	for (unsigned i = 0; i < sizeof(event_names) / sizeof(event_names[0]); i++)
		if (strcmp(event_names[i], kind) == 0)
			events_notice(
				client->events, &key, i, i == SLUICE_EVENT_ERROR ? -ENETDOWN : 0);
}

// All groups are lost with sluiced.
static void on_lost(void *arg)
{
	struct client *client = arg;

	events_lose(client->events, -EPIPE);
}

// ---- Open and close ------------------------------------------------------------------------

static int open_session(struct client *client, uint16_t udp_port_be)
{
	json_t *result;
	int rc;

	rc = client_interfaces_load(&client->interfaces, &client->connection);
	if (rc < 0)
		return rc;
	rc = client_call(client, "session.open", json_pack("{s:i}", "udp_port", ntohs(udp_port_be)),
		&result);
	if (rc < 0)
		return rc;
	client->session = json_integer_value(json_object_get(result, "session"));
	json_decref(result);
	return client_call(client, "event.subscribe", json_object(), NULL);
}

int client_open(
	struct client *client, const char *path, uint16_t udp_port_be, struct events *events)
{
	int rc;

	*client = (struct client){.events = events, .path = strdup(path)};
	if (client->path == NULL)
		return -ENOMEM;
	rc = connection_open(&client->connection, path, on_event, on_lost, client);
	if (rc < 0) {
		free(client->path);
		return rc;
	}
	rc = open_session(client, udp_port_be);
	if (rc < 0)
		client_close(client);
	return rc;
}

void client_stop(struct client *client)
{
	connection_stop(&client->connection);
}

void client_close(struct client *client)
{
	connection_close(&client->connection);
	client_interfaces_free(&client->interfaces);
	free(client->path);
}

// ---- Calls ---------------------------------------------------------------------------------

int client_call(struct client *client, const char *method, json_t *params, json_t **result)
{
	return connection_call(&client->connection, method, params, result, NULL);
}

json_t *client_params(const struct client *client)
{
	return json_pack("{s:I}", "session", client->session);
}

json_t *client_group_params(
	const struct client *client, unsigned ifindex, const struct sluice_addr *group)
{
	char text[ADDRESS_TEXT_MAX];

	return json_pack("{s:s, s:s}", "interface",
		client_interfaces_name(&client->interfaces, ifindex), "group",
		address_format(group, text));
}

int client_bind(struct client *client, uint16_t udp_port_be)
{
	json_t *params = client_params(client);

	params = connection_param(params, "udp_port", json_integer(ntohs(udp_port_be)));
	return client_call(client, "session.bind", params, NULL);
}
