// SPDX-License-Identifier: BSD-3-Clause
// Packets from the wire: some groups are joined, then the host receives the packets of the input.
// Each packet is also parsed separately, with all records and sources if it is a report. The first
// byte holds options of the host. Then each packet has a control byte, a length and its bytes. Bit
// 0 of the control byte corrects lengths and checksums, bit 1 adds a valid IP header; the other
// bits are the time to wait.
#include "input.h"

#include <stdlib.h>
#include <router_frame.h>
#include <member.h>
#include <message.h>
#include <script.h>
#include "fuzz_host.h"

#define HEADER_MAX 48
#define MEMORY_MAX (4 << 20)

static void join_some(struct session *session, struct host *host)
{
	int family = host_family(host);
	struct sluice_addr group, sources[SCRIPT_SOURCES];

	for (unsigned i = 0; i < SCRIPT_SOURCES; i++)
		script_source(family, i, &sources[i]);
	script_group(family, 0, &group);
	REQUIRE(member_join(session, host, &group, NULL) == 0);
	script_group(family, 1, &group);
	REQUIRE(member_set_filter(session, host, &group,
			&(struct sluice_source_filter){SLUICE_EXCLUDE, 3, sources}, NULL) == 0);
	script_group(family, SCRIPT_SSM, &group);
	REQUIRE(member_set_filter(session, host, &group,
			&(struct sluice_source_filter){SLUICE_INCLUDE, SCRIPT_SOURCES, sources},
			NULL) == 0);
}

static volatile uint8_t sink; // keeps the compiler from dropping reads

// Reads each byte that the parser says belongs to the message.
static void parse(int family, const uint8_t *packet, size_t len)
{
	struct message_record record = {.end = NULL};
	struct message message;
	size_t trailing;

	if (message_parse(&message, family, packet, len) != MESSAGE_OK)
		return;
	REQUIRE(message.bytes >= packet && message.bytes + message.len <= packet + len);
	if (message.kind == MESSAGE_QUERY && message.format == MESSAGE_COMPLETE) {
		for (unsigned i = 0; i < message.n_sources; i++)
			sink += message_source(&message, message.sources, i).bytes[3];
	}
	while (message_next_record(&message, &record) > 0) {
		REQUIRE(record.end <= packet + len && record.aux + record.aux_len == record.end);
		for (unsigned i = 0; i < record.n_sources; i++)
			sink += message_source(&message, record.sources, i).bytes[3];
		for (unsigned i = 0; i < record.aux_len; i++)
			sink += record.aux[i];
	}
	if (message_check_records(&message, &trailing) && message.kind == MESSAGE_RECORDS)
		REQUIRE(record.number == message.n_records && trailing < len);
}

static void receive(struct fuzz_host *fuzz, struct input *input)
{
	unsigned control = input_u8(input);
	size_t len = input_u16(input) % (FRAME_PACKET_MAX - HEADER_MAX), header = 0;
	const uint8_t *bytes = input_take(input, &len);
	struct frame_query query = {.version = 1, .src = {AF_INET, {192, 0, 2, 254}}};
	uint8_t packet[FRAME_PACKET_MAX];

	if (control & 2) {
		if (host_family(fuzz->host) == AF_INET6) {
			query.version = 2;
			query.src = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 0x99}};
		}
		header = router_frame_write_query(packet, &query);
		header -= host_family(fuzz->host) == AF_INET ? 8 : 24;
	}
	memcpy(packet + header, bytes, len);
	if (control & 1)
		router_frame_repair(packet, header + len);
	// A buffer of exactly this size, so that a sanitizer detects reads past its end.
	uint8_t *exact = malloc(header + len + !(header + len));
	REQUIRE(exact);
	memcpy(exact, packet, header + len);
	parse(host_family(fuzz->host), exact, header + len);
	host_input(fuzz->host, exact, header + len, fuzz->now_ms);
	input_items++;
	free(exact);
	fuzz_host_run(fuzz, (control >> 2) * 50);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct session_limits limits = {.groups = 16, .sources = 64};
	struct input input = {bytes, len};
	int family = input_u8(&input) & 1 ? AF_INET6 : AF_INET;
	struct host_status status;
	struct fuzz_host fuzz;

	fuzz_host_open(&fuzz, family, input_u8(&input));
	struct session *session = session_open(&limits, NULL);
	REQUIRE(session);
	join_some(session, fuzz.host);
	host_flush(fuzz.host, fuzz.now_ms);

	while (input.left)
		receive(&fuzz, &input);

	// No packet changes the memberships.
	host_status(fuzz.host, &status);
	REQUIRE(status.n_groups == 3 && status.memory <= MEMORY_MAX);
	REQUIRE(status.robustness >= 1 && status.version >= 1);
	session_close(session);
	host_flush(fuzz.host, fuzz.now_ms);
	host_close(fuzz.host);
	return 0;
}
