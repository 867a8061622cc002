// SPDX-License-Identifier: BSD-3-Clause
// The whole loop of a worker against receiving and freeing alone, against the minimum of a filter
// (parse, and read one line per frame), and against the same loop with rte_hash as its table.
#include <stdio.h>
#include <stdlib.h>
#include <rte_ethdev.h>
#include "loops.h"
#include "interface.h"
#include "output.h"
#include "peer_hash.h"
#include "result.h"
#include "slots.h"
#include "workload.h"

static double half_slot(struct loop *loop, loop_burst burst)
{
	uint64_t start = rte_rdtsc_precise();

	for (unsigned i = 0; i < WORKLOAD_SLOT; i += BURST) {
		struct rte_mbuf *frames[BURST];

		burst(loop, frames, rte_eth_rx_burst(loop->port->id, 0, frames, BURST));
	}
	return workload_ns(rte_rdtsc_precise() - start) / WORKLOAD_SLOT;
}

static double slot(struct loop *loop, loop_burst burst)
{
	half_slot(loop, burst);
	return half_slot(loop, burst);
}

static double free_slot(void *arg)
{
	return slot(arg, loops_free);
}

static double parse_slot(void *arg)
{
	return slot(arg, loops_parse);
}

static double limit_slot(void *arg)
{
	return slot(arg, loops_limit);
}

static double rings_slot(void *arg)
{
	return slot(arg, loops_rings);
}

static double sluice_slot(void *arg)
{
	return slot(arg, loops_sluice);
}

static double hash_slot(void *arg)
{
	return slot(arg, loops_hash);
}

static double known_slot(void *arg)
{
	return slot(arg, loops_known);
}

static double line_slot(void *arg)
{
	return slot(arg, loops_line);
}

static void loop_open(struct loop *loop)
{
	static const unsigned lcores[] = {1};
	struct dataplane_config config = {.worker_lcores = lcores, .n_workers = 1};
	struct port_config port = {.name = "source", .device = SOURCE_DEVICE, .queues = 1};
	struct interface_config tagged = {.outer_vlan = SOURCE_VLAN};
	struct dataplane_error error = {"out of memory"};

	loop->dp = dataplane_open(&config, &error);
	if (!loop->dp || dataplane_add_port(loop->dp, &port, &loop->port, &error) ||
		interface_open(loop->port, &tagged, &loop->interface, &error)) {
		fprintf(stderr, "perf: %s\n", error.text);
		exit(2);
	}
	loop->worker = loop->dp->workers[0];
}

static struct output *output_new(struct loop *loop, enum output_kind kind)
{
	struct output_config config = {.kind = kind, .ring_size = 64};
	struct dataplane_error error;
	struct output *output;

	workload_must(output_open(loop->dp, &config, &output, &error), "output");
	return output;
}

// Joins the groups, distributed over `n` outputs. With `filters` each subscriber wants one source
// and one port, which are those of the frames, so that every frame passes a filter.
static void join(struct loop *loop, unsigned n_groups, unsigned n, bool filters)
{
	const struct sluice_addr source = {AF_INET, SOURCE_ADDRESS};

	for (unsigned i = 0; i < n_groups; i++) {
		struct sluice_addr group = workload_group(AF_INET, i);
		struct subscriber sub = {
			.output = loop->outputs[i % n],
			.udp_port_be = filters ? RTE_BE16(SOURCE_PORT) : 0,
			.filter = {filters ? SLUICE_INCLUDE : SLUICE_EXCLUDE, filters, &source},
		};

		workload_must(
			interface_subscribe(loop->interface, &group, 0, &sub, 1), "subscribe");
		if (i % 64 == 0)
			dataplane_reclaim(loop->dp);
	}
}

static void run(
	struct loop *loop, struct slots_case *cases, unsigned n, const struct workload_size *size)
{
	for (unsigned i = 0; i < n; i++)
		cases[i].arg = loop;
	slots_run(cases, n, workload_rounds);
	for (unsigned i = 0; i < n; i++)
		result_time(cases[i].name, size->name, slots_ns(&cases[i], workload_rounds));
}

// A worker with nothing joined only parses. Returns the number of frames that it dropped.
static uint64_t measure_nothing(struct loop *loop, const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "nothing.free", .run = free_slot},
		{.name = "nothing.parse", .run = parse_slot},
		{.name = "nothing.sluice", .run = sluice_slot},
	};
	struct worker_info info;

	run(loop, cases, RTE_DIM(cases), size);
	result_ratio(
		"nothing.parse", size->name, slots_ratio(&cases[1], &cases[2], workload_rounds));
	worker_info(loop->dp, 0, &info);
	return info.drops[DROP_NOT_JOINED];
}

static void **known_records(const struct rte_hash *hash, const uint32_t *keys)
{
	void **records = calloc(SOURCE_KEYS, sizeof(*records));

	workload_must(records ? 0 : -1, "memory");
	for (unsigned i = 0; i < SOURCE_KEYS; i += BURST)
		workload_must(peer_hash_burst(hash, &keys[i], BURST, &records[i]) != UINT64_MAX,
			"a group is not in rte_hash");
	return records;
}

// A table with one group, so that a worker searches it.
static struct group_table *peer_table(struct loop *loop)
{
	const struct subscriber sub = {
		.output = loop->outputs[0], .filter = {.mode = SLUICE_EXCLUDE}};
	const struct sluice_addr group = workload_group(AF_INET, 0);
	struct group_table *table;

	workload_must(group_table_create(AF_INET, 1, &loop->dp->reclaim, &table), "group table");
	workload_must(subscription_replace(&loop->dp->subscription, table, &group, 0, &sub, 1),
		"subscribe");
	return table;
}

static void measure_filter(
	struct loop *loop, const struct workload_size *size, const uint32_t *keys)
{
	static struct slots_case cases[] = {
		{.name = "filter.free", .run = free_slot},
		{.name = "filter.sluice", .run = sluice_slot},
		{.name = "filter.rte_hash", .run = hash_slot},
		{.name = "filter.known", .run = known_slot},
		{.name = "limit.loop", .run = limit_slot},
		{.name = "limit.line", .run = line_slot},
	};
	static struct slots_case open_cases[] = {
		{.name = "open.free", .run = free_slot},
		{.name = "open.sluice", .run = sluice_slot},
	};
	struct group_record *peers = aligned_memory_alloc(size->n * sizeof(*peers));

	loop->n_lines = size->n;
	loop->lines = aligned_memory_alloc(size->n * sizeof(*loop->lines));
	workload_must(peers && loop->lines ? 0 : -1, "memory");
	loop->outputs[0] = output_new(loop, OUTPUT_COUNT);
	join(loop, size->n, 1, false);
	run(loop, open_cases, RTE_DIM(open_cases), size);
	result_ratio("open.ceiling", size->name,
		slots_ratio(&open_cases[0], &open_cases[1], workload_rounds));
	join(loop, size->n, 1, true);
	for (unsigned i = 0; i < size->n; i++) {
		struct sluice_addr group = workload_group(AF_INET, i);

		group_record_set_route(&peers[i], group_table_get(loop->interface->table4, &group));
	}
	loop->peer = peer_table(loop);
	loop->hash = peer_hash_open(size->n, (char *)peers, sizeof(*peers));
	loop->known = known_records(loop->hash, keys);
	run(loop, cases, RTE_DIM(cases), size);
	result_ratio(
		"filter.ceiling", size->name, slots_ratio(&cases[0], &cases[1], workload_rounds));
	result_ratio(
		"filter.rte_hash", size->name, slots_ratio(&cases[2], &cases[1], workload_rounds));
	result_ratio(
		"known.rte_hash", size->name, slots_ratio(&cases[2], &cases[3], workload_rounds));
	result_ratio(
		"limit.ceiling", size->name, slots_ratio(&cases[0], &cases[4], workload_rounds));
	result_ratio(
		"line.ceiling", size->name, slots_ratio(&cases[0], &cases[5], workload_rounds));
	free(loop->known);
	rte_hash_free(loop->hash);
	free(loop->lines);
	free(peers);
}

static void measure_deliver(struct loop *loop, const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "deliver8.free", .run = free_slot},
		{.name = "deliver8.sluice", .run = sluice_slot},
		{.name = "deliver8.rings", .run = rings_slot},
	};

	loop->n_outputs = LOOP_OUTPUTS;
	for (unsigned i = 0; i < LOOP_OUTPUTS; i++) {
		loop->outputs[i] = output_new(loop, OUTPUT_RING);
		loop->rings[i] = workload_ring(i, 2 * BURST);
	}
	join(loop, size->n, LOOP_OUTPUTS, true);
	run(loop, cases, RTE_DIM(cases), size);
	result_ratio(
		"deliver8.ceiling", size->name, slots_ratio(&cases[0], &cases[1], workload_rounds));
	result_ratio(
		"deliver8.rings", size->name, slots_ratio(&cases[0], &cases[2], workload_rounds));
	for (unsigned i = 0; i < LOOP_OUTPUTS; i++)
		rte_ring_free(loop->rings[i]);
}

// Frames of two VLANs in random order.
static void measure_mixed(struct loop *loop, const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "mixed.free", .run = free_slot},
		{.name = "mixed.sluice", .run = sluice_slot},
	};
	struct interface_config tagged = {.outer_vlan = SOURCE_VLAN_ODD};
	struct interface *even = loop->interface, *odd;

	workload_must(interface_open(loop->port, &tagged, &odd, NULL), "interface");
	loop->n_outputs = 0;
	loop->outputs[0] = output_new(loop, OUTPUT_COUNT);
	loop->interface = odd;
	join(loop, size->n, 1, true);
	loop->interface = even;
	join(loop, size->n, 1, true);
	frame_source_mix(&loop->source);
	run(loop, cases, RTE_DIM(cases), size);
	result_ratio(
		"mixed.ceiling", size->name, slots_ratio(&cases[0], &cases[1], workload_rounds));
}

void pipeline_bench(const struct workload_size *size)
{
	struct loop loop = {.dp = NULL};
	uint32_t *keys = workload_keys4(SOURCE_KEYS, size->n, 100);
	struct worker_info info;
	uint64_t n_refused;

	loop_open(&loop);
	frame_source_init(&loop.source, keys, loop.port);
	reclaim_online(&loop.dp->reclaim, 0);
	n_refused = measure_nothing(&loop, size);
	measure_filter(&loop, size, keys);
	measure_deliver(&loop, size);
	measure_mixed(&loop, size);
	worker_info(loop.dp, 0, &info);
	workload_must(info.delivered + n_refused != info.rx_packets, "frames were lost");
	reclaim_offline(&loop.dp->reclaim, 0);
	group_table_destroy(loop.peer);
	frame_source_fini(&loop.source);
	dataplane_close(loop.dp);
	free(keys);
}
