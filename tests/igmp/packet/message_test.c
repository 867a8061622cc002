// SPDX-License-Identifier: BSD-3-Clause
// IGMP and MLD messages: built messages are parsed again, and the parser reads past the end of no
// packet.
#include <errno.h>
#include <stdlib.h>

#include "packet_fixture.h"

// Parses a copy of exactly this size, so that a sanitizer detects a read past its end.
static enum message_status parse(
	struct message *message, int family, const uint8_t *packet, size_t len, uint8_t **copy)
{
	*copy = malloc(len + !len);
	cr_assert_not_null(*copy);
	memcpy(*copy, packet, len);
	return message_parse(message, family, *copy, len);
}

static void expect_parsed(const struct message *message, const struct message_build *build)
{
	const struct sluice_addr src = own(build->wire->family);

	cr_assert(message->checksum_ok && message->router_alert && message->hops == 1);
	cr_assert(sluice_addr_equal(&message->src, &src));
	cr_assert_eq(message->format, MESSAGE_COMPLETE);
	cr_assert_eq(message->len, build->len - build->wire->ip_len);
}

// ---- Round trips --------------------------------------------------------------------------------

static void query_round_trip(int family, unsigned version, bool general, unsigned n_sources)
{
	struct message_build build = open_build(family);
	struct sluice_addr src = own(family), sources[3], dst = build.wire->nodes;
	uint8_t bytes[3 * 16];
	struct message parsed, query = {
				       .version = version,
				       .response_ms = 1000,
				       .suppress = true,
				       .qrv = 5,
				       .interval_s = 144,
				       .n_sources = n_sources,
				       .sources = bytes,
			       };

	query.group = general ? (struct sluice_addr){.family = family} : group_of(family);
	for (unsigned i = 0; i < n_sources; i++) {
		sources[i] = own(family);
		sources[i].bytes[build.wire->addr_len - 1] += i;
		memcpy(bytes + i * build.wire->addr_len, sources[i].bytes, build.wire->addr_len);
	}
	cr_assert_eq(message_build_query(&build, &query), 0);
	message_build_seal(&build, &src, &dst);
	cr_assert_eq(message_parse(&parsed, family, build.bytes, build.len), MESSAGE_OK);
	expect_parsed(&parsed, &build);
	cr_assert_eq(parsed.kind, MESSAGE_QUERY);
	cr_assert_eq(parsed.version, version);
	cr_assert_eq(parsed.general, general);
	cr_assert(sluice_addr_equal(&parsed.group, &query.group));
	cr_assert_eq(parsed.response_ms, family == AF_INET && version == 1 ? 10000 : 1000);
	if (version < build.wire->newest)
		return;
	cr_assert(parsed.suppress && parsed.qrv == 5 && parsed.interval_s == 144);
	cr_assert_eq(parsed.n_sources, n_sources);
	for (unsigned i = 0; i < n_sources; i++) {
		struct sluice_addr source = message_source(&parsed, parsed.sources, i);

		cr_assert(sluice_addr_equal(&source, &sources[i]));
	}
}

Test(message, queries,
	.description = "IGMP-3 IGMP-4 MLD-2 FRM-23: queries of all versions, built and parsed")
{
	query_round_trip(AF_INET, 1, true, 0);
	query_round_trip(AF_INET, 2, true, 0);
	query_round_trip(AF_INET, 2, false, 0);
	query_round_trip(AF_INET, 3, true, 0);
	query_round_trip(AF_INET, 3, false, 0);
	query_round_trip(AF_INET, 3, false, 3);
	query_round_trip(AF_INET6, 1, true, 0);
	query_round_trip(AF_INET6, 1, false, 0);
	query_round_trip(AF_INET6, 2, true, 0);
	query_round_trip(AF_INET6, 2, false, 0);
	query_round_trip(AF_INET6, 2, false, 3);
}

static void older_round_trip(int family, uint8_t type, enum message_kind kind, unsigned version)
{
	struct message_build build = open_build(family);
	struct sluice_addr src = own(family), group = group_of(family);
	struct message parsed;

	message_build_older(&build, type, group.bytes);
	message_build_seal(&build, &src, &group);
	cr_assert_eq(message_parse(&parsed, family, build.bytes, build.len), MESSAGE_OK);
	expect_parsed(&parsed, &build);
	cr_assert_eq(parsed.kind, kind);
	cr_assert_eq(parsed.type, type);
	cr_assert_eq(parsed.version, version);
	cr_assert(sluice_addr_equal(&parsed.group, &group));
	cr_assert(sluice_addr_equal(&parsed.dst, &group));
}

Test(message, older,
	.description = "IGMP-1 MLD-1 MLD-16: older reports, leave and done, built and parsed")
{
	older_round_trip(AF_INET, WIRE_IGMP_V1_REPORT, MESSAGE_REPORT, 1);
	older_round_trip(AF_INET, WIRE_IGMP_V2_REPORT, MESSAGE_REPORT, 2);
	older_round_trip(AF_INET, WIRE_IGMP_V2_LEAVE, MESSAGE_LEAVE, 2);
	older_round_trip(AF_INET6, WIRE_MLD_V1_REPORT, MESSAGE_REPORT, 1);
	older_round_trip(AF_INET6, WIRE_MLD_V1_DONE, MESSAGE_LEAVE, 1);
}

// A report with a record of each type; the n-th has n sources.
static void build_all_records(struct message_build *build)
{
	int family = build->wire->family;
	struct sluice_addr group = group_of(family), source = own(family), src = own(family);

	message_build_report(build);
	for (unsigned type = WIRE_IS_IN; type <= WIRE_BLOCK; type++) {
		group.bytes[build->wire->addr_len - 1] = type;
		cr_assert(message_build_record(build, type, group.bytes));
		for (unsigned i = 0; i < type; i++) {
			source.bytes[build->wire->addr_len - 1] = i;
			cr_assert(message_build_source(build, source.bytes));
		}
	}
	message_build_seal_report(build, &src);
}

static void records_round_trip(int family)
{
	struct message_build build = open_build(family);
	struct message_record record = {.end = NULL};
	struct message parsed;
	unsigned type = 0;
	size_t trailing;
	int rc;

	build_all_records(&build);
	cr_assert_eq(message_parse(&parsed, family, build.bytes, build.len), MESSAGE_OK);
	expect_parsed(&parsed, &build);
	cr_assert_eq(parsed.kind, MESSAGE_RECORDS);
	cr_assert_eq(parsed.version, build.wire->newest);
	cr_assert_eq(parsed.n_records, 6);
	cr_assert(sluice_addr_equal(&parsed.dst, &build.wire->reports));
	while ((rc = message_next_record(&parsed, &record)) > 0) {
		cr_assert_eq(record.type, ++type);
		cr_assert_eq(record.group.bytes[build.wire->addr_len - 1], type);
		cr_assert_eq(record.n_sources, type);
		cr_assert_eq(record.aux_len, 0);
		for (unsigned i = 0; i < type; i++) {
			struct sluice_addr source = message_source(&parsed, record.sources, i);

			cr_assert_eq(source.bytes[build.wire->addr_len - 1], i);
		}
	}
	cr_assert_eq(rc, 0);
	cr_assert_eq(type, 6);
	cr_assert(message_check_records(&parsed, &trailing));
	cr_assert_eq(trailing, 0);
}

Test(message, records, .description = "RTR-16 IGMP-7 MLD-10: a report's records and sources")
{
	records_round_trip(AF_INET);
	records_round_trip(AF_INET6);
}

static void no_room(int family)
{
	struct message_build build = open_build(family);
	struct sluice_addr group = group_of(family);
	struct message query = {.version = build.wire->newest, .group = group, .n_sources = 400};
	unsigned len;

	build.size = build.wire->ip_len + WIRE_REPORT_HEADER + build.wire->record_len +
		     build.wire->addr_len;
	message_build_report(&build);
	len = build.len;
	cr_assert(message_build_record(&build, WIRE_TO_EX, group.bytes));
	message_build_undo_record(&build);
	cr_assert(build.len == len && build.n_records == 0);
	cr_assert(message_build_record(&build, WIRE_TO_EX, group.bytes));
	cr_assert(message_build_source(&build, group.bytes));
	cr_assert(!message_build_source(&build, group.bytes));
	cr_assert(!message_build_record(&build, WIRE_TO_EX, group.bytes));
	cr_assert_eq(message_build_room(&build), 0);
	cr_assert_eq(message_build_query(&build, &query), -EMSGSIZE);
}

Test(message, no_room,
	.description = "CHG-13 CHG-14: a full packet takes no further record or source")
{
	no_room(AF_INET);
	no_room(AF_INET6);
}

// ---- Lengths ------------------------------------------------------------------------------------

// Every prefix of the packet is refused, and every truncated message is distinguished from the
// whole one.
static void truncate_everywhere(int family)
{
	struct message_build build = open_build(family);
	struct message message;
	unsigned n_whole = 0;

	build_all_records(&build);
	for (unsigned len = 0; len < build.len; len++) {
		uint8_t *copy;

		cr_assert_eq(parse(&message, family, build.bytes, len, &copy), MESSAGE_BAD_IP);
		free(copy);
	}
	for (unsigned len = build.wire->ip_len; len <= build.len; len++) {
		struct sluice_addr src = own(family);
		struct message_record record = {.end = NULL};
		enum message_status status;
		size_t trailing;
		uint8_t *copy;

		wire_seal(build.wire, build.bytes, len, &src, &build.wire->reports);
		status = parse(&message, family, build.bytes, len, &copy);
		if (len < build.wire->ip_len + 8u) {
			cr_assert_eq(status, MESSAGE_SHORT);
		} else {
			cr_assert_eq(status, MESSAGE_OK);
			cr_assert(message.checksum_ok);
			cr_assert_eq(message.n_records, 6);
			while (message_next_record(&message, &record) > 0)
				cr_assert_leq(record.number, 6);
			n_whole += message_check_records(&message, &trailing);
		}
		free(copy);
	}
	cr_assert_eq(n_whole, 1);
}

Test(message, truncation,
	.description = "SEC-5 VAL-2 VAL-12: a packet cut at any length is never read past")
{
	truncate_everywhere(AF_INET);
	truncate_everywhere(AF_INET6);
}

static void query_lengths(int family)
{
	const struct wire_family *wire = wire_of(family);
	struct sluice_addr src = own(family);
	uint8_t packet[256];

	for (unsigned len = 8; len < wire->query_len + 3 * wire->addr_len; len++) {
		struct message message;
		enum message_format want = MESSAGE_COMPLETE;
		uint8_t *copy;

		memset(packet, 0, sizeof(packet));
		packet[wire->ip_len] = family == AF_INET ? WIRE_IGMP_QUERY : WIRE_MLD_QUERY;
		packet[wire->ip_len + 1] = 10;
		packet[wire->ip_len + wire->query_len - 1] = 2; // sources
		wire_seal(wire, packet, wire->ip_len + len, &src, &wire->nodes);
		if (len >= wire->query_len)
			want = len < wire->query_len + 2 * wire->addr_len ? MESSAGE_TRUNCATED
									  : MESSAGE_COMPLETE;
		else if (len != wire->older_len)
			want = MESSAGE_BAD_LENGTH;
		cr_assert_eq(
			parse(&message, family, packet, wire->ip_len + len, &copy), MESSAGE_OK);
		cr_assert_eq(message.format, want, "%u bytes", len);
		free(copy);
	}
}

Test(message, query_lengths,
	.description = "IGMP-3 MLD-2 VAL-3 VAL-4 VAL-12: the length of a query decides its version")
{
	query_lengths(AF_INET);
	query_lengths(AF_INET6);
}

static void auxiliary(int family)
{
	struct message_build build = open_build(family);
	struct sluice_addr src = own(family), group = group_of(family);
	struct message_record record = {.end = NULL};
	struct message message;
	size_t trailing;

	message_build_report(&build);
	cr_assert(message_build_record(&build, 99, group.bytes));
	cr_assert(message_build_source(&build, src.bytes));
	build.bytes[build.record_at + 1] = 2; // words
	memcpy(build.bytes + build.len, "auxdata!", 8);
	build.len += 8;
	cr_assert(message_build_record(&build, WIRE_IS_EX, group.bytes));
	memcpy(build.bytes + build.len, "behind", 6);
	build.len += 6;
	message_build_seal_report(&build, &src);
	cr_assert_eq(message_parse(&message, family, build.bytes, build.len), MESSAGE_OK);
	cr_assert(message.checksum_ok);
	cr_assert_eq(message_next_record(&message, &record), 1);
	cr_assert(record.type == 99 && record.n_sources == 1 && record.aux_len == 8);
	cr_assert_eq(memcmp(record.aux, "auxdata!", 8), 0);
	cr_assert_eq(message_next_record(&message, &record), 1);
	cr_assert(record.type == WIRE_IS_EX && record.n_sources == 0 && record.aux_len == 0);
	cr_assert_eq(message_next_record(&message, &record), 0);
	cr_assert(message_check_records(&message, &trailing));
	cr_assert_eq(trailing, 6);
}

Test(message, auxiliary,
	.description = "IGMP-5 IGMP-7 MLD-6 MLD-10 MLD-17 RTR-16: auxiliary data, unknown records "
		       "and trailing bytes")
{
	auxiliary(AF_INET);
	auxiliary(AF_INET6);
}

// ---- Facts of the IP packet ---------------------------------------------------------------------

static void facts(int family)
{
	bool igmp = family == AF_INET;
	struct message_build build = open_build(family);
	struct sluice_addr src = own(family), group = group_of(family);
	uint8_t *alert = build.bytes + (igmp ? 20 : 42);
	struct message message;

	message_build_older(&build, igmp ? WIRE_IGMP_V2_REPORT : WIRE_MLD_V1_REPORT, group.bytes);
	message_build_seal(&build, &src, &group);
	// Padding after the packet is not part of it.
	cr_assert_eq(message_parse(&message, family, build.bytes, build.len + 14), MESSAGE_OK);
	cr_assert(message.checksum_ok && message.len == build.wire->older_len);

	build.bytes[build.len - 1] ^= 1;
	cr_assert_eq(message_parse(&message, family, build.bytes, build.len), MESSAGE_OK);
	cr_assert(!message.checksum_ok);
	build.bytes[build.len - 1] ^= 1;

	memset(alert, igmp ? 1 : 0, 4); // no operation, Pad1
	build.bytes[igmp ? 8 : 7] = 64;
	if (igmp) {
		build.bytes[10] = build.bytes[11] = 0;
		wire_put16(build.bytes + 10, wire_fold(wire_sum(0, build.bytes, 24)));
	}
	cr_assert_eq(message_parse(&message, family, build.bytes, build.len), MESSAGE_OK);
	cr_assert(message.checksum_ok && !message.router_alert && message.hops == 64);
}

Test(message, facts,
	.description = "FRM-11 VAL-1 VAL-5 VAL-6 VAL-8: padding, checksum, hops and Router Alert "
		       "are reported")
{
	facts(AF_INET);
	facts(AF_INET6);
}

Test(message, unknown,
	.description = "IGMP-2 MLD-1: a type of the other family, or of none, is unknown")
{
	static const uint8_t types[] = {
		0x11, 0x12, 0x16, 0x17, 0x22, 130, 131, 132, 143, 0x13, 0xff};

	for (unsigned i = 0; i < 2 * sizeof(types); i++) {
		int family = i % 2 == 0 ? AF_INET : AF_INET6;
		struct message_build build = open_build(family);
		struct sluice_addr src = own(family), group = group_of(family);
		struct message message;
		bool known = family == AF_INET ? i / 2 < 5 : i / 2 >= 5 && i / 2 < 9;

		message_build_older(&build, types[i / 2], group.bytes);
		message_build_seal(&build, &src, &group);
		cr_assert_eq(message_parse(&message, family, build.bytes, build.len), MESSAGE_OK);
		cr_assert_eq(message.kind != MESSAGE_UNKNOWN, known, "type %u", types[i / 2]);
	}
}
