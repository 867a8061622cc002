// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz_host.h"

#include <errno.h>
#include <router_frame.h>

#define CALLS_PER_MS 100 // more means an endless loop

static int send_frame(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct fuzz_host *fuzz = ctx;

	if (fuzz->full_port) {
		fuzz->full_port--;
		return -EAGAIN;
	}
	const char *error =
		router_frame_parse(host_family(fuzz->host), fuzz->mtu, packet, len, NULL, NULL);
	if (error)
		require_fail(error);
	REQUIRE(memcmp(packet + (dst->family == AF_INET ? 16 : 24), dst->bytes,
			sluice_addr_len(dst)) == 0);
	return 0;
}

static int publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	for (unsigned i = 1; i < change->filter.n_sources; i++)
		REQUIRE(memcmp(&change->filter.sources[i - 1], &change->filter.sources[i],
				sizeof(change->filter.sources[i])) < 0);
	return 0;
}

static void joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	(void)member;
}

static void ignore_log(void *ctx, struct host *host, const char *text)
{
	(void)ctx;
	(void)host;
	(void)text;
}

static const struct host_ops ops = {
	.send = send_frame,
	.publish = publish,
	.joined = joined,
	.log = ignore_log,
};

// Option bits that the fuzzer may set one by one.
void fuzz_host_open(struct fuzz_host *fuzz, int family, unsigned options)
{
	struct host_address addresses[2] = {
		{.addr = {AF_INET, {192, 0, 2, 1}}, .prefix_length = 24},
		{.addr = {AF_INET6, {0xfe, 0x80, [15] = 1}}, .prefix_length = 64},
	};
	struct host_config config;

	host_config_default(&config);
	config.require_router_alert = options & 1;
	config.strict_ttl = options & 2;
	config.ignore_off_subnet = options & 4;
	config.ignore_older_versions = options & 8;
	config.always_leave = options & 16;
	config.older_querier_timeout_ms = options & 32 ? 0 : config.older_querier_timeout_ms;
	if (options & 64)
		config.mtu = family == AF_INET ? 576 : 1280;
	config.seed = options;

	*fuzz = (struct fuzz_host){.now_ms = 1000, .mtu = config.mtu};
	fuzz->host = host_open(family, &config, &ops, fuzz, fuzz->now_ms);
	REQUIRE(fuzz->host);
	if (options & 128)
		REQUIRE(host_set_addresses(
				fuzz->host, &addresses[family == AF_INET6], 1, fuzz->now_ms) == 0);
}

void fuzz_host_run(struct fuzz_host *fuzz, uint32_t ms)
{
	uint64_t until = fuzz->now_ms + ms, next;
	unsigned calls = 0;

	while ((next = host_next_ms(fuzz->host)) <= until) {
		if (next > fuzz->now_ms) {
			fuzz->now_ms = next;
			calls = 0;
		}
		REQUIRE(calls++ < CALLS_PER_MS);
		host_advance(fuzz->host, fuzz->now_ms);
	}
	fuzz->now_ms = until;
}
