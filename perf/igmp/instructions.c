// SPDX-License-Identifier: BSD-3-Clause
// Joins, answers and leaves groups, so that perf/instructions.sh can count the instructions per
// group under callgrind. Each stage_*() function does so for all groups; the rest is not counted.
#include <router_frame.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"

#define GROUPS 6400 // perf/instructions.sh divides by as many

static void must_be(uint64_t count, const char *what)
{
	if (count == GROUPS)
		return;
	fprintf(stderr, "%llu groups were %s\n", (unsigned long long)count, what);
	exit(1);
}

// Ends with the last repeat of the reports.
static __attribute__((noinline)) void stage_join(
	struct bench *bench, const struct sluice_addr *groups)
{
	bench_join(bench, groups, GROUPS);
	bench_settle(bench);
}

static __attribute__((noinline)) void stage_response(
	struct bench *bench, const uint8_t *query, size_t len)
{
	host_input(bench->host, query, len, bench->now_ms);
	bench_run(bench, bench->now_ms + 10100);
}

static __attribute__((noinline)) void stage_leave(
	struct bench *bench, const struct sluice_addr *groups)
{
	bench_leave(bench, groups, GROUPS);
	bench_settle(bench);
}

int main(void)
{
	struct frame_query query = {
		.version = 3,
		.src = {AF_INET, {192, 0, 2, 254}},
		.max_response_ms = 10000,
		.interval_s = 125,
		.robustness = 2,
	};
	uint8_t packet[FRAME_PACKET_MAX];
	size_t len = router_frame_write_query(packet, &query);
	struct sluice_addr *groups = bench_groups(AF_INET, NULL, GROUPS);
	struct bench bench;

	bench_open(&bench, AF_INET);
	stage_join(&bench, groups);
	must_be(bench.joined, "joined");
	bench_reset(&bench);
	stage_response(&bench, packet, len);
	must_be(bench.records, "answered");
	stage_leave(&bench, groups);
	bench_close(&bench);
	free(groups);
	return 0;
}
