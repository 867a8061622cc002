// SPDX-License-Identifier: BSD-3-Clause
// session.send
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

#include "address.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The payload is text with two hexadecimal digits per byte.
static int read_payload(struct rpc_call *call, uint8_t **payload, size_t *len)
{
	const char *text;
	int rc = rpc_param_text(call, "payload", &text);

	if (rc < 0)
		return rc;
	if (text && strlen(text) % 2 != 0)
		return rpc_param_bad(call, "payload", "has an odd number of digits");
	*len = text ? strlen(text) / 2 : 0;
	*payload = malloc(*len + 1);
	if (!*payload)
		return error_set(&call->error, ENOMEM, "out of memory");
	for (size_t i = 0; i < *len; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return rpc_param_bad(call, "payload", "has to be hexadecimal digits");
		(*payload)[i] = high << 4 | low;
	}
	return 0;
}

static int read_datagram(struct rpc_call *call, struct engine_datagram *datagram)
{
	unsigned port = 0, source_port = 0, ttl = 1;
	int rc = rpc_param_address(call, "group", &datagram->group);

	if (rc == 0 && !address_is_multicast(&datagram->group))
		rc = rpc_param_bad(call, "group", "is not a multicast address");
	if (rc == 0)
		rc = rpc_param_unsigned(call, "port", UINT16_MAX, &port);
	if (rc == 0)
		rc = rpc_param_unsigned(call, "source_port", UINT16_MAX, &source_port);
	if (rc == 0)
		rc = rpc_param_unsigned(call, "ttl", UINT8_MAX, &ttl);
	datagram->port_be = rte_cpu_to_be_16(port);
	datagram->source_port_be = rte_cpu_to_be_16(source_port);
	datagram->ttl = ttl;
	return rc;
}

int rpc_session_send(struct rpc_call *call)
{
	const json_t *loop = json_object_get(call->params, "loop");
	struct engine_datagram datagram = {0};
	struct engine_interface *interface;
	uint8_t *payload = NULL;
	struct rte_mbuf *frame;
	int rc = rpc_param_interface_required(call, &interface);

	if (rc == 0)
		rc = read_datagram(call, &datagram);
	if (rc == 0)
		rc = read_payload(call, &payload, &datagram.len);
	if (rc < 0)
		goto free_payload;
	datagram.payload = payload;
	rc = engine_datagram_frame(interface, &datagram, &frame);
	if (rc == 0)
		rc = engine_datagram_send(interface, frame, datagram.ttl > 0, !json_is_false(loop));
	if (rc == 0)
		rpc_result_set(call, json_object());
	else
		error_set(&call->error, -rc, "not sent: %s", strerror(-rc));

free_payload:
	free(payload);
	return rc;
}
