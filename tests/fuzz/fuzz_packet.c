// SPDX-License-Identifier: BSD-3-Clause
// Packets from the wire: a few groups are joined, then the input is heard packet by packet. The
// first byte holds options of the host; then come, per packet, a control byte, a length and the
// bytes. Bit 0 of the control byte mends lengths and checksums so that the packet gets past them,
// bit 1 puts a good IP header in front; the rest is how long to wait.
#include "input.h"

#include <stdlib.h>
#include <frame.h>
#include <member.h>
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
	REQUIRE(member_join(session, host, &group, 1000) == 0);
	script_group(family, 1, &group);
	REQUIRE(member_set_filter(session, host, &group, SLUICE_EXCLUDE, sources, 3, 1000) == 0);
	script_group(family, SCRIPT_SSM, &group);
	REQUIRE(member_set_filter(
			session, host, &group, SLUICE_INCLUDE, sources, SCRIPT_SOURCES, 1000) == 0);
}

static void hear(struct fuzz_host *fuzz, struct input *input)
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
		header = frame_write_query(packet, &query);
		header -= host_family(fuzz->host) == AF_INET ? 8 : 24;
	}
	memcpy(packet + header, bytes, len);
	if (control & 1)
		frame_repair(packet, header + len);
	// A buffer of just this size, for the sanitizer to watch its end.
	uint8_t *exact = malloc(header + len + !(header + len));
	REQUIRE(exact);
	memcpy(exact, packet, header + len);
	host_input(fuzz->host, exact, header + len, fuzz->now_ms);
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
		hear(&fuzz, &input);

	// Nothing heard changes what is joined.
	host_status(fuzz.host, &status);
	REQUIRE(status.n_groups == 3 && status.memory <= MEMORY_MAX);
	REQUIRE(status.robustness >= 1 && status.version >= 1);
	session_close(session, fuzz.now_ms);
	host_flush(fuzz.host, fuzz.now_ms);
	host_close(fuzz.host);
	return 0;
}
