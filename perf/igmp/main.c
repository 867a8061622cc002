// SPDX-License-Identifier: BSD-3-Clause
// igmp_bench [--json FILE] [PART...]: the cost of the protocol machine, in virtual time and without
// EAL, compared with a floor and with the kernel. Exits 1 if a goal is missed.
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <router_frame.h>
#include "bench.h"
#include "bench_result.h"

#define TIMES 3 // the best of so many counts; of short measurements, more
#define SHORT_GROUPS 20000
#define SHORT_TIMES 30
#define MILLION 1000000
#define KERNEL_GROUPS 10000
#define QUERY_SOURCES 366 // as many as fit
#define RESPONSE_MS 10000
#define FLOOD 10000 // queries, in a second

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void query(struct bench *bench, const struct sluice_addr *group,
	const struct sluice_addr *sources, unsigned n)
{
	struct frame_query query = {
		.version = 3,
		.src = {AF_INET, {192, 0, 2, 254}},
		.sources = sources,
		.n_sources = n,
		.max_response_ms = RESPONSE_MS,
		.interval_s = 125,
		.robustness = 2,
	};
	uint8_t packet[FRAME_PACKET_MAX];

	if (host_family(bench->host) == AF_INET6)
		query.src = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 0x99}};
	if (group)
		query.group = *group;
	host_input(bench->host, packet, router_frame_write_query(packet, &query), bench->now_ms);
}

struct cost {
	double join, answer, leave; // seconds of CPU for all groups
	double join_calls, leave_calls; // without the reports
	double memory; // bytes per group, as the host counts them
	double allocated; // bytes per group, as malloc counts them
	double answer_frames, answer_span_ms, answer_first_ms, answer_busiest;
};

enum order {
	IN_A_ROW, // as a list of channels is joined and left
	SHUFFLED, // joined in one order and left in another, so that every step misses the caches
};

static struct sluice_addr *list_groups(int family, unsigned n, enum order order, uint64_t seed)
{
	unsigned *numbers = order == SHUFFLED ? bench_shuffle(n, seed) : NULL;
	struct sluice_addr *groups = bench_groups(family, numbers, n);

	free(numbers);
	return groups;
}

// Joins n groups, responds to a general query, leaves them.
static struct cost measure(int family, unsigned n, enum order order)
{
	struct sluice_addr *joins = list_groups(family, n, order, 1);
	struct sluice_addr *leaves = list_groups(family, n, order, 2);
	struct host_status status;
	struct cost cost = {0};
	struct bench bench;

	bench_open(&bench, family);
	size_t before = allocated();
	double start = bench_cpu();
	bench_join(&bench, joins, n);
	cost.join_calls = bench.calls;
	bench_run_until(&bench, &bench.joined, n);
	cost.join = bench_cpu() - start;
	bench_settle(&bench);
	host_status(bench.host, &status);
	cost.memory = (double)status.memory / n;
	cost.allocated = (double)(allocated() - before) / n;

	bench_reset(&bench);
	uint64_t asked = bench.now_ms;
	start = bench_cpu();
	query(&bench, NULL, NULL, 0);
	bench_run(&bench, asked + RESPONSE_MS + 100);
	cost.answer = bench_cpu() - start;
	cost.answer_frames = bench.frames;
	cost.answer_first_ms = bench.first_ms - asked;
	cost.answer_span_ms = bench.last_ms - asked;
	cost.answer_busiest = bench.busiest;
	if (bench.records != n) {
		fprintf(stderr, "%u groups were answered with %lu records\n", n,
			(unsigned long)bench.records);
		exit(1);
	}

	bench_reset(&bench);
	start = bench_cpu();
	bench_leave(&bench, leaves, n);
	cost.leave_calls = bench.calls;
	bench_run_until(&bench, &bench.records, n);
	cost.leave = bench_cpu() - start;
	bench_settle(&bench);
	bench_close(&bench);
	free(leaves);
	free(joins);
	return cost;
}

static struct cost best(int family, unsigned n, enum order order)
{
	unsigned times = n <= SHORT_GROUPS ? SHORT_TIMES : TIMES;
	struct cost cost = measure(family, n, order);

	for (unsigned i = 1; i < times; i++) {
		struct cost again = measure(family, n, order);

		cost.join = bench_min(cost.join, again.join);
		cost.answer = bench_min(cost.answer, again.answer);
		cost.leave = bench_min(cost.leave, again.leave);
		cost.join_calls = bench_min(cost.join_calls, again.join_calls);
		cost.leave_calls = bench_min(cost.leave_calls, again.leave_calls);
	}
	return cost;
}

static double best_floor(unsigned n)
{
	double floor = floor_join(n);

	for (unsigned i = 1; i < SHORT_TIMES; i++)
		floor = bench_min(floor, floor_join(n));
	return floor;
}

static double best_floor_leave(unsigned n)
{
	unsigned *order = bench_shuffle(n, 2);
	double floor = floor_leave(order, n);

	for (unsigned i = 1; i < SHORT_TIMES; i++)
		floor = bench_min(floor, floor_leave(order, n));
	free(order);
	return floor;
}

static void bench_million(void)
{
	struct cost cost = best(AF_INET, MILLION, IN_A_ROW);
	double floor = best_floor(MILLION);

	bench_result_add("1M groups joined", cost.join, "s CPU", RESULT_AT_MOST, 0.5);
	bench_result_add("  bare floor of the same", floor, "s CPU", RESULT_NO_GOAL, 0);
	bench_result_add("  times the floor", cost.join / floor, "x", RESULT_NO_GOAL, 0);
	bench_result_add("1M groups left", cost.leave, "s CPU", RESULT_AT_MOST, 0.5);
	bench_result_add("1M groups answered", cost.answer, "s CPU", RESULT_NO_GOAL, 0);
	bench_result_add("  frames", cost.answer_frames, "", RESULT_AT_MOST, 5465);
	bench_result_add("  first after", cost.answer_first_ms, "ms", RESULT_AT_LEAST, 1);
	bench_result_add(
		"  last after", cost.answer_span_ms, "ms", RESULT_AT_MOST, RESPONSE_MS + 10);
	// Evenly spread there are 55; in a burst there would be thousands.
	bench_result_add(
		"  most within 100 ms", cost.answer_busiest, "frames", RESULT_AT_MOST, 256);
	bench_result_add("bytes per group", cost.memory, "B", RESULT_AT_MOST, 200);
	bench_result_add("bytes per group, by malloc", cost.allocated, "B", RESULT_AT_MOST, 200);

	cost = best(AF_INET6, MILLION, IN_A_ROW);
	bench_result_add("1M IPv6 groups joined", cost.join, "s CPU", RESULT_NO_GOAL, 0);
	bench_result_add("1M IPv6 groups left", cost.leave, "s CPU", RESULT_NO_GOAL, 0);
}

// The floors grow as well when they no longer fit into the caches, and are shown for comparison. So
// is the share of the calls in a join or leave; the rest is the time of the reports.
static void bench_growth(void)
{
	static const unsigned counts[] = {1000, 10000, 100000, MILLION};
	static const struct {
		const char *name;
		enum result_goal goal;
	} kinds[] = {
		{"join", RESULT_AT_MOST},
		{"leave", RESULT_AT_MOST},
		{"answer", RESULT_AT_MOST},
		{"shuffled join", RESULT_AT_MOST},
		{"shuffled leave", RESULT_AT_MOST},
		{"shuffled join, the call", RESULT_NO_GOAL},
		{"shuffled leave, the call", RESULT_NO_GOAL},
		{"bare floor", RESULT_NO_GOAL},
		{"bare floor of a shuffled leave", RESULT_NO_GOAL},
	};
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	double least[KINDS], most[KINDS];
	char name[64];

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned n = counts[i];
		struct cost row = best(AF_INET, n, IN_A_ROW);
		struct cost shuffled = best(AF_INET, n, SHUFFLED);
		double seconds[KINDS] = {row.join, row.leave, row.answer, shuffled.join,
			shuffled.leave, shuffled.join_calls, shuffled.leave_calls, best_floor(n),
			best_floor_leave(n)};

		for (unsigned j = 0; j < KINDS; j++) {
			double ns = seconds[j] / n * 1e9;

			snprintf(name, sizeof(name), "%s, %u groups", kinds[j].name, n);
			bench_result_add(name, ns, "ns", RESULT_NO_GOAL, 0);
			least[j] = i == 0 ? ns : bench_min(least[j], ns);
			most[j] = i > 0 && most[j] > ns ? most[j] : ns;
		}
	}
	for (unsigned j = 0; j < KINDS; j++) {
		snprintf(name, sizeof(name), "%s, dearest to cheapest", kinds[j].name);
		bench_result_add(name, most[j] / least[j], "x", kinds[j].goal, 2);
	}
}

// Nanoseconds to set the whole filter of one group, for many groups one after the other.
static double measure_sources(unsigned n)
{
	struct sluice_addr sources[1000], group;
	unsigned groups = 20000 / n + 1;
	struct bench bench;

	for (unsigned i = 0; i < n; i++)
		bench_source(i, &sources[i]);
	bench_open(&bench, AF_INET);
	double start = bench_cpu();
	for (unsigned i = 0; i < groups; i++) {
		bench_group(AF_INET, i, &group);
		if (member_set_filter(bench.session, bench.host, &group,
			    &(struct sluice_source_filter){SLUICE_INCLUDE, n, sources}, NULL))
			exit(1);
		host_flush(bench.host, bench.now_ms);
	}
	double seconds = bench_cpu() - start;
	bench_close(&bench);
	return seconds / groups * 1e9;
}

// One source is joined in addition to n - 1 others; includes its report.
static double measure_one_source(unsigned n)
{
	struct sluice_addr group, source;
	struct bench bench;
	double start = 0;

	bench_open(&bench, AF_INET);
	bench_group(AF_INET, 1, &group);
	for (unsigned i = 0; i < n; i++) {
		bench_source(i, &source);
		member_join_source(bench.session, bench.host, &group, &source, NULL);
	}
	host_flush(bench.host, bench.now_ms);
	bench_settle(&bench);
	bench_source(n, &source);
	start = bench_cpu();
	for (unsigned i = 0; i < 1000; i++) {
		member_join_source(bench.session, bench.host, &group, &source, NULL);
		host_flush(bench.host, bench.now_ms);
		member_leave_source(bench.session, bench.host, &group, &source);
		host_flush(bench.host, bench.now_ms);
	}
	double seconds = bench_cpu() - start;
	bench_close(&bench);
	return seconds / 2000 * 1e9;
}

// A filter of one source also creates the group, so that sources are counted from the second on.
static void bench_sources(void)
{
	static const unsigned counts[] = {1, 10, 100, 1000};
	double alone = 0, least[2] = {1e9, 1e9}, most[2] = {0, 0};
	char name[64];

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned n = counts[i];
		double whole = 1e12, ns[2] = {1e9, 1e9};

		for (unsigned j = 0; j < SHORT_TIMES; j++) {
			whole = bench_min(whole, measure_sources(n));
			ns[1] = bench_min(ns[1], measure_one_source(n));
		}
		if (n == 1) {
			alone = whole;
			bench_result_add("set a filter of 1, with the group", alone, "ns",
				RESULT_NO_GOAL, 0);
		} else {
			ns[0] = (whole - alone) / (n - 1);
			snprintf(name, sizeof(name), "set a filter of %u, a further source", n);
			bench_result_add(name, ns[0], "ns", RESULT_NO_GOAL, 0);
		}
		snprintf(name, sizeof(name), "join or leave a source beside %u", n);
		bench_result_add(name, ns[1], "ns", RESULT_NO_GOAL, 0);
		for (unsigned j = n == 1; j < 2; j++) {
			least[j] = bench_min(least[j], ns[j]);
			most[j] = ns[j] > most[j] ? ns[j] : most[j];
		}
	}
	bench_result_add("a further source, dearest to cheapest", most[0] / least[0], "x",
		RESULT_AT_MOST, 2);
	bench_result_add("a source beside others, dearest to cheapest", most[1] / least[1], "x",
		RESULT_AT_MOST, 2);
}

static void count_sources(void *arg, const struct frame_record *record)
{
	unsigned *sources = arg;

	if (record->type == FRAME_IS_IN)
		*sources += record->n_sources;
}

// SEC-3: one second of queries. Each names new sources of one group, and one of them is wanted.
static void bench_flood(void)
{
	struct sluice_addr sources[QUERY_SOURCES], wanted, group;
	struct host_status before, after;
	struct bench bench;
	unsigned answered = 0;

	bench_open(&bench, AF_INET);
	bench_group(AF_INET, 1, &group);
	bench_source(7, &wanted);
	if (member_join_source(bench.session, bench.host, &group, &wanted, NULL))
		exit(1);
	host_flush(bench.host, bench.now_ms);
	bench_settle(&bench);
	host_status(bench.host, &before);
	bench_reset(&bench);

	size_t most = 0;
	double start = bench_cpu();
	for (unsigned i = 0; i < FLOOD; i++) {
		for (unsigned s = 0; s < QUERY_SOURCES; s++)
			bench_source((i * QUERY_SOURCES + s) & 0xffff, &sources[s]);
		query(&bench, &group, sources, QUERY_SOURCES);
		host_status(bench.host, &after);
		most = after.memory > most ? after.memory : most;
		bench_run(&bench, bench.now_ms + (i % 10 == 9));
	}
	double seconds = bench_cpu() - start;
	bench_run(&bench, bench.now_ms + RESPONSE_MS + 100);
	router_frame_parse(
		AF_INET, 1500, bench.last_frame, bench.last_len, count_sources, &answered);

	bench_result_add("10,000 queries of 366 sources", seconds, "s CPU", RESULT_AT_MOST, 1);
	bench_result_add("  memory grows by", most - before.memory, "B", RESULT_AT_MOST, 65536);
	bench_result_add("  answers", bench.frames, "frames", RESULT_AT_LEAST, 1);
	bench_result_add("  wanted sources in the last", answered, "", RESULT_AT_LEAST, 1);
	bench_close(&bench);
}

static void bench_peer(void)
{
	double kernel = kernel_join(KERNEL_GROUPS);
	double ours = best(AF_INET, KERNEL_GROUPS, IN_A_ROW).join;

	if (!kernel)
		return;
	bench_result_add(
		"10,000 groups, kernel, 500 sockets", kernel * 1e3, "ms CPU", RESULT_NO_GOAL, 0);
	bench_result_add("10,000 groups, here", ours * 1e3, "ms CPU", RESULT_NO_GOAL, 0);
	bench_result_add("  times cheaper", kernel / ours, "x", RESULT_AT_LEAST, 10);
}

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{"million", bench_million},
	{"growth", bench_growth},
	{"sources", bench_sources},
	{"flood", bench_flood},
	{"peer", bench_peer},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static int usage(const char *program)
{
	fprintf(stderr, "usage: %s [--json FILE] [PART...]\nparts:", program);
	for (unsigned i = 0; i < PARTS; i++)
		fprintf(stderr, " %s", parts[i].name);
	fputc('\n', stderr);
	return 2;
}

// The number of the part with that name; PARTS if there is none.
static unsigned find_part(const char *name)
{
	unsigned i = 0;

	while (i < PARTS && strcmp(parts[i].name, name) != 0)
		i++;
	return i;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", required_argument, NULL, 'j'},
		{0},
	};
	const char *json = NULL;
	bool wanted[PARTS] = {false};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return usage(argv[0]);
		json = optarg;
	}
	for (int i = optind; i < argc; i++) {
		unsigned part = find_part(argv[i]);

		if (part == PARTS)
			return usage(argv[0]);
		wanted[part] = true;
	}
	for (unsigned i = 0; i < PARTS; i++) {
		if (optind == argc || wanted[i])
			parts[i].run();
	}
	bool good = bench_result_print();
	if (json && bench_result_write(json)) {
		fprintf(stderr, "%s: cannot be written\n", json);
		return 1;
	}
	return good ? 0 : 1;
}
