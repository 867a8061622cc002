// SPDX-License-Identifier: BSD-3-Clause
// What libsluice asks for besides joins: session.bind, attach, settle and send, group.get and
// group.stats.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/un.h>

#include "rpc_private.h"

static int required_interface(struct rpc_call *call, struct engine_interface **interface)
{
	int rc = rpc_param_interface(call, "interface", interface);

	if (rc == 0 && !*interface)
		rc = rpc_bad_param(call, "interface", "is missing");
	return rc;
}

static int required_session(struct rpc_call *call, struct engine_session **session)
{
	const char *name = NULL;
	int rc = rpc_param_session(call, &name, session);

	if (rc == 0 && !*session)
		rc = error_set(&call->error, ENOENT, "no session named \"%.64s\"", name);
	return rc;
}

int rpc_session_bind(struct rpc_call *call)
{
	struct engine_session *session;
	unsigned udp_port = 0;
	int rc = required_session(call, &session);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "udp_port", UINT16_MAX, &udp_port);
	if (rc < 0)
		return rc;
	engine_session_bind(session, udp_port);
	rpc_result(call, json_object());
	return 0;
}

int rpc_session_attach(struct rpc_call *call)
{
	struct engine_session *session;
	unsigned ring_size = 1024;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *existing = NULL;
	int rc = required_session(call, &session);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "ring_size", 1u << 14, &ring_size);
	if (rc == 0)
		rc = rpc_param_text(call, "socket", &existing);
	if (rc < 0)
		return rc;
	if (existing)
		snprintf(path, sizeof(path), "%s", existing);
	else
		snprintf(path, sizeof(path), "%s.%" PRIu64, call->connection->rpc->path,
			engine_session_id(session));
	rc = engine_session_share(session, path, existing, ring_size, &call->error);
	if (rc == 0)
		rpc_result(call, json_pack("{s:s, s:I}", "socket", path, "line",
					 (json_int_t)engine_session_line(session)));
	return rc;
}

int rpc_session_settle(struct rpc_call *call)
{
	struct engine_session *session;
	int rc = required_session(call, &session);

	if (rc < 0)
		return rc;
	rc = engine_session_settle(session);
	if (rc < 0)
		return error_set(&call->error, -rc, "the session is not attached");
	rpc_result(call, json_object());
	return 0;
}

int rpc_session_stats(struct rpc_call *call)
{
	struct engine_session *session;
	struct output_stats stats;
	int rc = required_session(call, &session);

	if (rc < 0)
		return rc;
	rc = engine_session_stats(session, &stats);
	if (rc < 0)
		return error_set(&call->error, -rc, "the session is not attached");
	rpc_result(call, json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)stats.packets, "bytes",
				 (json_int_t)stats.bytes, "dropped", (json_int_t)stats.dropped));
	return 0;
}

int rpc_group_get(struct rpc_call *call)
{
	struct engine_interface *interface;
	struct engine_session *session;
	const struct sluice_addr *sources;
	const struct member *member;
	enum sluice_filter_mode mode;
	struct sluice_addr group;
	unsigned n;
	int rc = required_session(call, &session);

	if (rc == 0)
		rc = required_interface(call, &interface);
	if (rc == 0)
		rc = rpc_param_address(call, "group", &group);
	if (rc < 0)
		return rc;
	member = member_find(engine_session_memberships(session),
		engine_interface_host(interface, group.family), &group);
	if (!member)
		return error_set(&call->error, EADDRNOTAVAIL, "the session has not joined it");
	mode = member_filter(member, &sources, &n);
	rpc_result(call, json_pack("{s:s, s:o, s:i, s:s}", "mode",
				 mode == SLUICE_INCLUDE ? "include" : "exclude", "sources",
				 rpc_addresses(sources, n), "joins", member_joins(member), "state",
				 member_state(member) == MEMBER_PENDING ? "pending" : "joined"));
	return 0;
}

int rpc_group_stats(struct rpc_call *call)
{
	struct engine_interface *interface;
	struct sluice_addr group;
	struct group_stats stats;
	json_t *seen = json_null();
	uint64_t now_ms = engine_now_ms();
	int rc = required_interface(call, &interface);

	if (rc == 0)
		rc = rpc_param_address(call, "group", &group);
	if (rc < 0)
		return rc;
	rc = interface_group_stats(engine_interface_dataplane(interface), &group, &stats);
	if (rc < 0)
		return error_set(&call->error, -rc, "nobody has joined it");
	if (stats.last_ms)
		seen = json_integer(now_ms > stats.last_ms ? now_ms - stats.last_ms : 0);
	rpc_result(call, json_pack("{s:I, s:I, s:I, s:o}", "packets", (json_int_t)stats.packets,
				 "bytes", (json_int_t)stats.bytes, "filtered",
				 (json_int_t)stats.filtered, "last_seen_ms", seen));
	return 0;
}

// ---- Sending -------------------------------------------------------------------------------

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The payload is text of two hexadecimal digits a byte.
static int read_payload(struct rpc_call *call, uint8_t **payload, size_t *len)
{
	const char *text;
	int rc = rpc_param_text(call, "payload", &text);

	if (rc < 0)
		return rc;
	*len = text ? strlen(text) / 2 : 0;
	*payload = malloc(*len + 1);
	if (!*payload)
		return error_set(&call->error, ENOMEM, "out of memory");
	for (size_t i = 0; i < *len; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return rpc_bad_param(call, "payload", "has to be hexadecimal digits");
		(*payload)[i] = high << 4 | low;
	}
	return 0;
}

static int read_datagram(struct rpc_call *call, struct engine_datagram *datagram)
{
	unsigned port = 0, source_port = 0, ttl = 1;
	int rc = rpc_param_address(call, "group", &datagram->group);

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
	int rc = required_interface(call, &interface);

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
		rpc_result(call, json_object());
	else
		error_set(&call->error, -rc, "not sent: %s", strerror(-rc));

free_payload:
	free(payload);
	return rc;
}
