// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>

#include "group.h"
#include "host_private.h"
#include "memory.h"
#include "report.h"

int report_open(struct host *host, unsigned mtu)
{
	uint8_t *bytes = memory_get(&host->memory, mtu);

	if (bytes == NULL)
		return -ENOMEM;
	memory_put(&host->memory, host->frame.bytes, host->config.mtu);
	host->frame.bytes = bytes;
	return 0;
}

void report_close(struct host *host)
{
	memory_put(&host->memory, host->frame.bytes, host->config.mtu);
	host->frame.bytes = NULL;
}

void report_begin(struct host *host)
{
	struct frame *frame = &host->frame;

	frame->len = host->wire->ip_len + WIRE_REPORT_HEADER;
	frame->n_records = 0;
}

unsigned report_room(const struct host *host)
{
	return host->config.mtu - host->frame.len;
}

bool report_record(struct host *host, enum wire_record type, const struct group *group)
{
	struct frame *frame = &host->frame;
	uint8_t *record = frame->bytes + frame->len;

	if (report_room(host) < host->wire->record_len)
		return false;
	memset(record, 0, 4);
	record[0] = type;
	memcpy(record + 4, group->addr, host->wire->addr_len);
	frame->record_at = frame->len;
	frame->len += host->wire->record_len;
	frame->n_sources = 0;
	frame->n_records++;
	return true;
}

bool report_source(struct host *host, const uint8_t addr[16])
{
	struct frame *frame = &host->frame;
	unsigned addr_len = host->wire->addr_len;

	if (report_room(host) < addr_len)
		return false;
	memcpy(frame->bytes + frame->len, addr, addr_len);
	frame->len += addr_len;
	wire_put16(frame->bytes + frame->record_at + 2, ++frame->n_sources);
	return true;
}

void report_record_undo(struct host *host)
{
	host->frame.len = host->frame.record_at;
	host->frame.n_records--;
}

static enum report_result add_state(struct host *host, enum wire_record type,
	const struct group *group, struct source_place *place)
{
	bool first = host->frame.n_records == 0;
	bool excludes = type == WIRE_IS_EX || type == WIRE_TO_EX;
	struct source *source = NULL;

	if (!report_record(host, type, group))
		return REPORT_FULL;
	if (group->has_sources)
		source = place->partly ? source_from(group_sources(group), place->from)
				       : TAILQ_FIRST(&group_sources(group)->order);
	for (; source != NULL; source = TAILQ_NEXT(source, order)) {
		if (!group_lists(group, source) || report_source(host, source->addr))
			continue;
		if (!first) {
			report_record_undo(host);
			return REPORT_FULL;
		}
		if (excludes)
			break;
		place->partly = true;
		memcpy(place->from, source->addr, sizeof(place->from));
		return REPORT_PART;
	}
	// What was left of a split list may be gone; an empty record would say something else.
	if (place->partly && host->frame.n_sources == 0)
		report_record_undo(host);
	place->partly = false;
	return REPORT_WHOLE;
}

enum report_result report_current_state(
	struct host *host, const struct group *group, struct source_place *place)
{
	bool includes = group_mode(group) == SLUICE_INCLUDE;

	return add_state(host, includes ? WIRE_IS_IN : WIRE_IS_EX, group, place);
}

enum report_result report_mode_change(
	struct host *host, const struct group *group, struct source_place *place)
{
	bool includes = group_mode(group) == SLUICE_INCLUDE;

	return add_state(host, includes ? WIRE_TO_IN : WIRE_TO_EX, group, place);
}

static bool transmit(struct host *host, size_t len, const struct sluice_addr *dst)
{
	wire_seal(host->wire, host->frame.bytes, len, &host->source, dst);
	if (host->ops->send(host->ctx, host->frame.bytes, len, dst) < 0) {
		host_count(host, HOST_TX_AGAIN);
		return false;
	}
	rate_limit_spend(&host->rate_limit);
	return true;
}

bool report_send(struct host *host)
{
	struct frame *frame = &host->frame;
	uint8_t *message = frame->bytes + host->wire->ip_len;

	memset(message, 0, WIRE_REPORT_HEADER);
	message[0] = host->wire->report_type;
	wire_put16(message + 6, frame->n_records);
	if (!transmit(host, frame->len, &host->wire->reports))
		return false;
	host_count(host, HOST_TX_REPORT);
	host->counters[HOST_TX_RECORD] += frame->n_records;
	return true;
}

static uint8_t older_type(const struct host *host, bool leave)
{
	if (host->wire->family == AF_INET6)
		return leave ? WIRE_MLD_V1_DONE : WIRE_MLD_V1_REPORT;
	if (leave)
		return WIRE_IGMP_V2_LEAVE;
	return host->version == 1 ? WIRE_IGMP_V1_REPORT : WIRE_IGMP_V2_REPORT;
}

bool report_send_older(struct host *host, const struct group *group, bool leave)
{
	const struct wire_family *wire = host->wire;
	uint8_t *message = host->frame.bytes + wire->ip_len;
	struct sluice_addr dst = wire->routers;

	if (!leave)
		group_address(group, &dst);
	memset(message, 0, wire->older_len);
	message[0] = older_type(host, leave);
	memcpy(message + wire->group_at, group->addr, wire->addr_len);
	if (!transmit(host, wire->ip_len + wire->older_len, &dst))
		return false;
	host_count(host, leave ? HOST_TX_LEAVE : HOST_TX_REPORT);
	return true;
}
