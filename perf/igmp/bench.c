// SPDX-License-Identifier: BSD-3-Clause
#include "bench.h"

#include <errno.h>
#include <random.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HEADERS(packet) ((packet)[0] >> 4 == 4 ? 24 : 48) // with Router Alert
#define SLOT_MS 100

double bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

double bench_min(double a, double b)
{
	return a < b ? a : b;
}

static int swallow(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct bench *bench = ctx;

	(void)dst;
	if (!bench->frames)
		bench->first_ms = bench->now_ms;
	bench->last_ms = bench->now_ms;
	bench->frames++;
	bench->records += packet[HEADERS(packet) + 6] << 8 | packet[HEADERS(packet) + 7];
	if (bench->now_ms / SLOT_MS != bench->slot) {
		bench->slot = bench->now_ms / SLOT_MS;
		bench->in_slot = 0;
	}
	if (++bench->in_slot > bench->busiest)
		bench->busiest = bench->in_slot;
	memcpy(bench->last_frame, packet, len);
	bench->last_len = len;
	return 0;
}

static int publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	return 0;
}

static void joined(void *ctx, struct host *host, struct member *member)
{
	struct bench *bench = ctx;

	(void)host;
	(void)member;
	bench->joined++;
}

static const struct host_ops ops = {.send = swallow, .publish = publish, .joined = joined};

void bench_reset(struct bench *bench)
{
	bench->frames = bench->records = bench->joined = 0;
	bench->busiest = bench->in_slot = 0;
}

void bench_open(struct bench *bench, int family)
{
	static const struct session_limits limits = {BENCH_GROUPS_MAX, 1024};
	struct host_address address = {.prefix_length = family == AF_INET ? 24 : 64};
	struct host_config config;

	*bench = (struct bench){.now_ms = 1000};
	if (family == AF_INET)
		address.addr = (struct sluice_addr){AF_INET, {192, 0, 2, 1}};
	else
		address.addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 1}};
	host_config_default(&config);
	bench->host = host_open(family, &config, &ops, bench, bench->now_ms);
	bench->session = session_open(&limits, NULL);
	if (!bench->host || !bench->session ||
		host_set_addresses(bench->host, &address, 1, bench->now_ms)) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
}

void bench_close(struct bench *bench)
{
	session_close(bench->session);
	host_close(bench->host);
}

void bench_group(int family, unsigned i, struct sluice_addr *group)
{
	if (family == AF_INET)
		*group = (struct sluice_addr){AF_INET, {239, i >> 16, i >> 8, i}};
	else
		*group = (struct sluice_addr){
			AF_INET6, {0xff, 0x0e, [12] = 1, [13] = i >> 16, [14] = i >> 8, [15] = i}};
}

void bench_source(unsigned i, struct sluice_addr *source)
{
	*source = (struct sluice_addr){AF_INET, {10, 1, i >> 8, i}};
}

unsigned *bench_shuffle(unsigned n, uint64_t seed)
{
	unsigned *order = malloc(n * sizeof(*order));

	if (!order)
		abort();
	for (unsigned i = 0; i < n; i++) {
		unsigned j = random_next(&seed) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

static void must(int error)
{
	if (error) {
		fprintf(stderr, "a call failed: %s\n", strerror(-error));
		exit(1);
	}
}

struct sluice_addr *bench_groups(int family, const unsigned *order, unsigned n)
{
	struct sluice_addr *groups = malloc(n * sizeof(*groups));

	if (!groups)
		abort();
	for (unsigned i = 0; i < n; i++)
		bench_group(family, order ? order[i] : i, &groups[i]);
	return groups;
}

void bench_join(struct bench *bench, const struct sluice_addr *groups, unsigned n)
{
	double start = bench_cpu();

	for (unsigned i = 0; i < n; i++)
		must(member_join(bench->session, bench->host, &groups[i], NULL));
	bench->calls = bench_cpu() - start;
	host_flush(bench->host, bench->now_ms);
}

void bench_leave(struct bench *bench, const struct sluice_addr *groups, unsigned n)
{
	double start = bench_cpu();

	for (unsigned i = 0; i < n; i++)
		must(member_leave(bench->session, bench->host, &groups[i]));
	bench->calls = bench_cpu() - start;
	host_flush(bench->host, bench->now_ms);
}

void bench_run(struct bench *bench, uint64_t until_ms)
{
	uint64_t next;

	while ((next = host_next_ms(bench->host)) <= until_ms) {
		if (next > bench->now_ms)
			bench->now_ms = next;
		host_advance(bench->host, bench->now_ms);
	}
	bench->now_ms = until_ms;
}

void bench_run_until(struct bench *bench, const uint64_t *count, uint64_t n)
{
	while (*count < n) {
		if (host_next_ms(bench->host) == HOST_NEVER) {
			fputs("the host said less than it should\n", stderr);
			exit(1);
		}
		bench_run(bench, host_next_ms(bench->host));
	}
}

void bench_settle(struct bench *bench)
{
	while (host_busy(bench->host)) {
		if (host_next_ms(bench->host) > bench->now_ms)
			bench->now_ms = host_next_ms(bench->host);
		host_advance(bench->host, bench->now_ms);
	}
}
