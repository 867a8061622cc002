// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>

#include "memory.h"
#include "message_build.h"

bool message_build_open(
	struct message_build *build, const struct wire_family *wire, unsigned size, size_t *held)
{
	uint8_t *bytes = memory_get(held, size);

	if (bytes == NULL)
		return false;
	message_build_close(build, held);
	*build = (struct message_build){.wire = wire, .bytes = bytes, .size = size};
	return true;
}

void message_build_close(struct message_build *build, size_t *held)
{
	memory_put(held, build->bytes, build->size);
	build->bytes = NULL;
}

static uint8_t *message_of(const struct message_build *build)
{
	return build->bytes + build->wire->ip_len;
}

void message_build_report(struct message_build *build)
{
	build->len = build->wire->ip_len + WIRE_REPORT_HEADER;
	build->n_records = 0;
}

void message_build_seal_report(struct message_build *build, const struct sluice_addr *src)
{
	uint8_t *message = message_of(build);

	memset(message, 0, WIRE_REPORT_HEADER);
	message[0] = build->wire->report_type;
	wire_put16(message + 6, build->n_records);
	message_build_seal(build, src, &build->wire->reports);
}

void message_build_older(struct message_build *build, uint8_t type, const uint8_t *group)
{
	const struct wire_family *wire = build->wire;
	uint8_t *message = message_of(build);

	memset(message, 0, wire->older_len);
	message[0] = type;
	memcpy(message + wire->group_at, group, wire->addr_len);
	build->len = wire->ip_len + wire->older_len;
}

int message_build_query(struct message_build *build, const struct message *query)
{
	const struct wire_family *wire = build->wire;
	bool igmp = wire->family == AF_INET;
	bool newest = query->version == wire->newest;
	size_t sources_len = newest ? (size_t)query->n_sources * wire->addr_len : 0;
	size_t len = wire->ip_len + (newest ? wire->query_len : wire->older_len) + sources_len;
	uint8_t *message = message_of(build);
	uint8_t *tail = message + wire->query_len - 4;

	if (len > build->size)
		return -EMSGSIZE;
	memset(message, 0, newest ? wire->query_len : wire->older_len);
	message[0] = igmp ? WIRE_IGMP_QUERY : WIRE_MLD_QUERY;
	memcpy(message + wire->group_at, query->group.bytes, wire->addr_len);
	build->len = len;
	if (igmp && newest)
		message[1] = wire_encode8(query->response_ms / 100);
	else if (igmp && query->version == 2)
		message[1] = query->response_ms / 100 < 255 ? query->response_ms / 100 : 255;
	else if (!igmp)
		wire_put16(message + 4, newest ? wire_encode16(query->response_ms)
					: query->response_ms < 0xffff ? query->response_ms
								      : 0xffff);
	if (!newest)
		return 0;
	tail[0] = (query->suppress ? 8 : 0) | (query->qrv & 7);
	tail[1] = wire_encode8(query->interval_s);
	wire_put16(tail + 2, query->n_sources);
	if (sources_len > 0)
		memcpy(message + wire->query_len, query->sources, sources_len);
	return 0;
}
