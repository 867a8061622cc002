// SPDX-License-Identifier: BSD-3-Clause
// The whole loop of a worker against receiving and freeing alone, against the least that a filter
// can do (parse, and read a line a frame), and against the same loop on rte_hash. The source is a
// net_null port whose receive callback stamps MAC, group and checksum from a prepared sequence into
// tagged UDP frames: real mbufs of a real ethdev, faster than any device.
#include <stdio.h>
#include <stdlib.h>
#include <rte_bus_vdev.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include "batch.h"
#include "deliver.h"
#include "filter.h"
#include "memory.h"
#include "output.h"
#include "parse.h"
#include "peer_hash.h"
#include "port.h"
#include "result.h"
#include "workload.h"

#define KEYS (1u << 20)
#define OUTPUTS 8
#define VLAN 100
#define FRAME_LEN 64

struct headers {
	struct rte_ether_hdr ether;
	struct rte_vlan_hdr vlan;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
};

_Static_assert(sizeof(struct headers) == 46, "headers are padded");

struct stamp {
	uint8_t mac[RTE_ETHER_ADDR_LEN];
	uint16_t checksum;
	uint32_t group_be;
};

struct line {
	_Alignas(MEMORY_LINE) uint64_t words[MEMORY_LINE / 8];
};

struct source {
	struct stamp *stamps;
	unsigned next;
};

struct filter {
	struct dataplane *dp;
	struct worker *worker;
	struct port *port;
	struct interface *interface;
	struct output *outputs[OUTPUTS];
	unsigned n_outputs; // 0: an output that counts
	struct rte_ring *rings[OUTPUTS]; // bare ones
	struct rte_hash *hash;
	struct line *lines; // one a group
	uint32_t n_lines;
	uint64_t n_refused; // frames while nothing was joined
	struct source source;
};

static void headers_init(struct headers *headers)
{
	*headers = (struct headers){
		.ether.ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN),
		.vlan = {.vlan_tci = RTE_BE16(VLAN), .eth_proto = RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip =
			{
				.version_ihl = RTE_IPV4_VHL_DEF,
				.total_length = RTE_BE16(FRAME_LEN - sizeof(struct rte_ether_hdr) -
							 sizeof(struct rte_vlan_hdr)),
				.time_to_live = 16,
				.next_proto_id = IPPROTO_UDP,
				.src_addr = RTE_BE32(RTE_IPV4(10, 1, 1, 1)),
			},
		.udp = {.dst_port = RTE_BE16(5000), .dgram_len = RTE_BE16(26)},
	};
}

static void frame_init(struct rte_mempool *pool, void *arg, void *object, unsigned i)
{
	struct rte_mbuf *frame = object;

	headers_init((struct headers *)((char *)frame->buf_addr + RTE_PKTMBUF_HEADROOM));
}

static struct stamp *stamps_of(const uint32_t *groups_be)
{
	struct stamp *stamps = calloc(KEYS, sizeof(*stamps));
	struct headers headers;

	workload_must(stamps ? 0 : -1, "memory");
	headers_init(&headers);
	for (unsigned i = 0; i < KEYS; i++) {
		const uint8_t *group = (const uint8_t *)&groups_be[i];

		headers.ip.dst_addr = groups_be[i];
		headers.ip.hdr_checksum = 0;
		stamps[i] = (struct stamp){
			.mac = {0x01, 0x00, 0x5e, group[1] & 0x7f, group[2], group[3]},
			.checksum = rte_ipv4_cksum(&headers.ip),
			.group_be = groups_be[i],
		};
	}
	return stamps;
}

static uint16_t stamp(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n,
	uint16_t max, void *arg)
{
	struct source *source = arg;

	for (unsigned i = 0; i < n; i++) {
		struct headers *headers = rte_pktmbuf_mtod(frames[i], struct headers *);
		const struct stamp *s = &source->stamps[(source->next + i) % KEYS];

		memcpy(headers->ether.dst_addr.addr_bytes, s->mac, sizeof(s->mac));
		headers->ip.hdr_checksum = s->checksum;
		headers->ip.dst_addr = s->group_be;
	}
	source->next = (source->next + n) % KEYS;
	return n;
}

typedef void (*burst_fn)(struct filter *filter, struct rte_mbuf **frames, unsigned n);

static double half_slot(struct filter *filter, burst_fn burst)
{
	uint64_t start = rte_rdtsc_precise();

	for (unsigned i = 0; i < WORKLOAD_SLOT; i += BURST) {
		struct rte_mbuf *frames[BURST];

		burst(filter, frames, rte_eth_rx_burst(filter->port->id, 0, frames, BURST));
	}
	return workload_ns(rte_rdtsc_precise() - start) / WORKLOAD_SLOT;
}

static double slot(struct filter *filter, burst_fn burst)
{
	half_slot(filter, burst);
	return half_slot(filter, burst);
}

static void free_burst(struct filter *filter, struct rte_mbuf **frames, unsigned n)
{
	rte_pktmbuf_free_bulk(frames, n);
}

static void sluice_burst(struct filter *filter, struct rte_mbuf **frames, unsigned n)
{
	filter_burst(filter->worker, filter->port, frames, n);
	for (unsigned i = 0; i < filter->n_outputs; i++) {
		struct rte_mbuf *delivered[BURST];

		rte_pktmbuf_free_bulk(
			delivered, output_receive_burst(filter->outputs[i], delivered, BURST));
	}
	reclaim_quiescent(&filter->dp->reclaim, 0);
}

// The first frame is parsed, the others are matched with it.
static void parse_all(
	struct filter *filter, struct rte_mbuf **frames, unsigned n, struct parsed *parsed)
{
	struct parse_template template;

	workload_must(!parse_mbuf_fast(frames[0], filter->port->rx_told, parsed),
		"a frame did not parse");
	parse_template_init(&template, frames[0], filter->port->rx_told, parsed);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(frames[i], const uint8_t *);

		workload_must(!parse_template_match(&template, frames[i], data, false, false),
			"a frame did not match");
		parsed[i].group4_be = parse_load32(data + template.l3_offset + 16);
	}
}

static void parse_burst(struct filter *filter, struct rte_mbuf **frames, unsigned n)
{
	struct parsed parsed[BURST];

	parse_all(filter, frames, n, parsed);
	__asm__ volatile("" : : "r"(parsed) : "memory"); // somebody reads them
	rte_pktmbuf_free_bulk(frames, n);
}

// The limit: whoever asks for a group reads at least one line.
static void limit_burst(struct filter *filter, struct rte_mbuf **frames, unsigned n)
{
	struct parsed parsed[BURST];
	const struct line *at[BURST];
	uint64_t sum = 0;

	parse_all(filter, frames, n, parsed);
	for (unsigned i = 0; i < n; i++) {
		uint32_t hash = parsed[i].group4_be * 0x9e3779b1u;

		at[i] = &filter->lines[(uint64_t)hash * filter->n_lines >> 32];
		rte_prefetch0(at[i]);
	}
	for (unsigned i = 0; i < n; i++)
		sum += at[i]->words[0];
	__asm__ volatile("" : : "r"(sum));
	rte_pktmbuf_free_bulk(frames, n);
}

// The loop of filter.c with rte_hash for a table: all else is the same.
static void hash_burst(struct filter *filter, struct rte_mbuf **frames, unsigned n)
{
	const uint8_t *data[BURST];
	uint32_t groups_be[BURST];
	void *found[BURST];
	struct parsed first;
	struct batch batch;

	for (unsigned i = 0; i < n; i++) {
		data[i] = rte_pktmbuf_mtod(frames[i], const uint8_t *);
		rte_prefetch0(data[i]);
	}
	counter_add(&filter->worker->counters.rx_packets, n);
	workload_must(!parse_mbuf_fast(frames[0], filter->port->rx_told, &first) ||
			      !interface_map_find(&filter->port->interfaces, first.outer_vlan,
				      first.inner_vlan),
		"a frame did not parse");
	batch_start(&batch, filter->worker, filter->interface, false, frames, 1);
	batch.alike = true;
	batch.data = data;
	parse_template_init(&batch.template, frames[0], filter->port->rx_told, &first);
	batch.joined = false; // nothing to ask our own table for
	workload_must(batch_match(&batch, 0, n) != n, "a frame did not match");
	batch.joined = true;
	for (unsigned i = 0; i < n; i++)
		groups_be[i] = parse_load32(data[i] + batch.template.l3_offset + 16);
	workload_must(peer_hash_burst(filter->hash, groups_be, n, found) != UINT64_MAX >> (64 - n),
		"a group is not in rte_hash");
	for (unsigned i = 0; i < n; i++) {
		batch.groups[i] = found[i];
		rte_prefetch0(found[i]);
	}
	batch_deliver(&batch, 0, n);
	batch_end(&batch, n);
	deliver_flush(filter->worker);
}

// What eight of DPDK's rings and their consumer cost by themselves: frames are dealt by a byte of
// the group.
static void rings_burst(struct filter *filter, struct rte_mbuf **frames, unsigned n)
{
	struct rte_mbuf *dealt[OUTPUTS][BURST], *taken[BURST];
	unsigned n_dealt[OUTPUTS] = {0};

	for (unsigned i = 0; i < n; i++) {
		unsigned k =
			rte_pktmbuf_mtod(frames[i], struct headers *)->ether.dst_addr.addr_bytes[5];

		k %= OUTPUTS;
		dealt[k][n_dealt[k]++] = frames[i];
	}
	for (unsigned k = 0; k < OUTPUTS; k++)
		rte_ring_enqueue_burst(filter->rings[k], (void **)dealt[k], n_dealt[k], NULL);
	for (unsigned k = 0; k < OUTPUTS; k++)
		rte_pktmbuf_free_bulk(taken,
			rte_ring_dequeue_burst(filter->rings[k], (void **)taken, BURST, NULL));
}

static double free_slot(void *arg)
{
	return slot(arg, free_burst);
}

static double parse_slot(void *arg)
{
	return slot(arg, parse_burst);
}

static double limit_slot(void *arg)
{
	return slot(arg, limit_burst);
}

static double rings_slot(void *arg)
{
	return slot(arg, rings_burst);
}

static double sluice_slot(void *arg)
{
	return slot(arg, sluice_burst);
}

static double hash_slot(void *arg)
{
	return slot(arg, hash_burst);
}

static void filter_open(struct filter *filter)
{
	static const unsigned lcores[] = {1};
	struct dataplane_config config = {.worker_lcores = lcores, .n_workers = 1};
	struct port_config port = {
		.name = "source", .device = "net_null0,copy=0,size=64", .queues = 1};
	struct interface_config tagged = {.outer_vlan = VLAN};
	struct dataplane_error error = {"out of memory"};

	filter->dp = dataplane_open(&config, &error);
	if (!filter->dp || port_open(filter->dp, &port, &filter->port, &error) ||
		interface_open(filter->port, &tagged, &filter->interface, &error)) {
		fprintf(stderr, "perf: %s\n", error.text);
		exit(2);
	}
	filter->worker = filter->dp->workers[0];
	rte_mempool_obj_iter(filter->port->rx_pool, frame_init, NULL);
	workload_must(rte_eth_add_rx_callback(filter->port->id, 0, stamp, &filter->source) ? 0 : -1,
		"callback");
}

static struct output *output_new(struct filter *filter, enum output_kind kind)
{
	struct output_config config = {.kind = kind, .ring_size = 64};
	struct dataplane_error error;
	struct output *output;

	workload_must(output_open(filter->dp, &config, &output, &error), "output");
	return output;
}

// Joins the groups, dealing them round `n` outputs. With `filters` each subscriber listens to one
// source and one port, those of the frames, so that every frame passes a filter of its group's own.
static void join(struct filter *filter, unsigned n_groups, unsigned n, bool filters)
{
	const struct sluice_addr source = {AF_INET, {10, 1, 1, 1}};

	for (unsigned i = 0; i < n_groups; i++) {
		struct sluice_addr group = workload_group(AF_INET, i);
		struct subscriber sub = {
			.output = filter->outputs[i % n],
			.mode = filters ? SLUICE_INCLUDE : SLUICE_EXCLUDE,
			.udp_port_be = filters ? RTE_BE16(5000) : 0,
			.n_sources = filters,
			.sources = &source,
		};

		workload_must(
			interface_subscribe(filter->interface, &group, 0, &sub, 1), "subscribe");
		if (i % 64 == 0)
			dataplane_reclaim(filter->dp);
	}
}

static void run(struct filter *filter, struct slots_case *cases, unsigned n,
	const struct workload_size *size)
{
	for (unsigned i = 0; i < n; i++)
		cases[i].arg = filter;
	slots_run(cases, n, workload_rounds);
	for (unsigned i = 0; i < n; i++)
		result_time(cases[i].name, size->name, slots_ns(&cases[i], workload_rounds));
}

// A worker with nothing joined does no more than parse.
static void measure_nothing(struct filter *filter, const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "nothing.free", .run = free_slot},
		{.name = "nothing.parse", .run = parse_slot},
		{.name = "nothing.sluice", .run = sluice_slot},
	};
	struct worker_info info;

	run(filter, cases, RTE_DIM(cases), size);
	result_ratio(
		"nothing.parse", size->name, slots_ratio(&cases[1], &cases[2], workload_rounds));
	worker_info(filter->dp, 0, &info);
	filter->n_refused = info.drops[DROP_NOT_JOINED];
}

static void measure_filter(struct filter *filter, const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "filter.free", .run = free_slot},
		{.name = "filter.sluice", .run = sluice_slot},
		{.name = "filter.rte_hash", .run = hash_slot},
		{.name = "limit.loop", .run = limit_slot},
	};
	static struct slots_case open_cases[] = {
		{.name = "open.free", .run = free_slot},
		{.name = "open.sluice", .run = sluice_slot},
	};
	struct group *peers = memory_alloc(size->n * sizeof(*peers));

	filter->n_lines = size->n;
	filter->lines = memory_alloc(size->n * sizeof(*filter->lines));
	workload_must(peers && filter->lines ? 0 : -1, "memory");
	filter->outputs[0] = output_new(filter, OUTPUT_COUNT);
	join(filter, size->n, 1, false);
	run(filter, open_cases, RTE_DIM(open_cases), size);
	result_ratio("open.ceiling", size->name,
		slots_ratio(&open_cases[0], &open_cases[1], workload_rounds));
	join(filter, size->n, 1, true);
	for (unsigned i = 0; i < size->n; i++) {
		struct sluice_addr group = workload_group(AF_INET, i);

		group_route_set(&peers[i], group_table_get(filter->interface->table4, &group));
	}
	filter->hash = peer_hash_open(size->n, (char *)peers, sizeof(*peers));
	run(filter, cases, RTE_DIM(cases), size);
	result_ratio(
		"filter.ceiling", size->name, slots_ratio(&cases[0], &cases[1], workload_rounds));
	result_ratio(
		"filter.rte_hash", size->name, slots_ratio(&cases[2], &cases[1], workload_rounds));
	result_ratio(
		"limit.ceiling", size->name, slots_ratio(&cases[0], &cases[3], workload_rounds));
	rte_hash_free(filter->hash);
	free(filter->lines);
	free(peers);
}

static void measure_deliver(struct filter *filter, const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "deliver8.free", .run = free_slot},
		{.name = "deliver8.sluice", .run = sluice_slot},
		{.name = "deliver8.rings", .run = rings_slot},
	};

	filter->n_outputs = OUTPUTS;
	for (unsigned i = 0; i < OUTPUTS; i++) {
		filter->outputs[i] = output_new(filter, OUTPUT_RING);
		filter->rings[i] = workload_ring(i, 2 * BURST);
	}
	join(filter, size->n, OUTPUTS, true);
	run(filter, cases, RTE_DIM(cases), size);
	result_ratio(
		"deliver8.ceiling", size->name, slots_ratio(&cases[0], &cases[1], workload_rounds));
	result_ratio(
		"deliver8.rings", size->name, slots_ratio(&cases[0], &cases[2], workload_rounds));
	for (unsigned i = 0; i < OUTPUTS; i++)
		rte_ring_free(filter->rings[i]);
}

void filter_bench(const struct workload_size *size)
{
	struct filter filter = {.dp = NULL};
	uint32_t *keys = workload_keys4(KEYS, size->n, 100);
	struct worker_info info;

	filter.source.stamps = stamps_of(keys);
	free(keys);
	filter_open(&filter);
	reclaim_online(&filter.dp->reclaim, 0);
	measure_nothing(&filter, size);
	measure_filter(&filter, size);
	measure_deliver(&filter, size);
	worker_info(filter.dp, 0, &info);
	workload_must(info.delivered + filter.n_refused != info.rx_packets, "frames were lost");
	reclaim_offline(&filter.dp->reclaim, 0);
	dataplane_close(filter.dp);
	free(filter.source.stamps);
}
