// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include "client.h"

// The payload is sent as text with two hexadecimal digits per byte.
static json_t *hex(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);
	json_t *value;

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	value = json_stringn(text, 2 * len);
	free(text);
	return value;
}

int client_send(struct client *client, const struct send_request *request)
{
	json_t *payload = hex(request->payload, request->len);
	json_t *params;

	if (payload == NULL)
		return -ENOMEM;
	params = client_group_params(client, request->ifindex, &request->group);
	params = connection_param(params, "port", json_integer(ntohs(request->port_be)));
	params = connection_param(
		params, "source_port", json_integer(ntohs(request->source_port_be)));
	params = connection_param(params, "ttl", json_integer(request->ttl));
	params = connection_param(params, "loop", json_boolean(request->loop));
	params = connection_param(params, "payload", payload);
	return client_call(client, "session.send", params, NULL);
}
