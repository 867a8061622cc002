// SPDX-License-Identifier: BSD-3-Clause
#include "loops.h"
#include "batch.h"
#include "deliver.h"
#include "pipeline.h"
#include "output.h"
#include "peer_hash.h"

void free_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	rte_pktmbuf_free_bulk(frames, n);
}

void sluice_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	pipeline_burst(loop->worker, loop->port, frames, n);
	for (unsigned i = 0; i < loop->n_outputs; i++) {
		struct rte_mbuf *delivered[BURST];

		rte_pktmbuf_free_bulk(
			delivered, output_receive_burst(loop->outputs[i], delivered, BURST));
	}
	reclaim_quiescent(&loop->dp->reclaim, 0);
}

// The first frame is parsed, the others are matched with it.
static void parse_all(
	struct loop *loop, struct rte_mbuf **frames, unsigned n, struct parsed *parsed)
{
	struct parse_template template;

	workload_must(!parse_mbuf_fast(frames[0], loop->port->rx_offloads, parsed),
		"a frame did not parse");
	parse_template_init(&template, frames[0], loop->port->rx_offloads, parsed);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(frames[i], const uint8_t *);

		workload_must(!parse_template_match(&template, frames[i], data, false, false),
			"a frame did not match");
		parsed[i].group4_be = parse_load32(data + template.l3_offset + 16);
	}
}

void parse_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	struct parsed parsed[BURST];

	parse_all(loop, frames, n, parsed);
	__asm__ volatile("" : : "r"(parsed) : "memory"); // somebody reads them
	rte_pktmbuf_free_bulk(frames, n);
}

static const struct line *ask_line(const struct loop *loop, uint32_t group_be, uint32_t n_lines)
{
	const uint32_t hash = group_be * 0x9e3779b1u;
	const struct line *line = &loop->lines[(uint64_t)hash * n_lines >> 32];

	rte_prefetch0(line);
	return line;
}

static void read_lines(const struct line *const *at, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += at[i]->words[0];
	__asm__ volatile("" : : "r"(sum));
}

void limit_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	struct parsed parsed[BURST];
	const struct line *at[BURST];

	parse_all(loop, frames, n, parsed);
	for (unsigned i = 0; i < n; i++)
		at[i] = ask_line(loop, parsed[i].group4_be, loop->n_lines);
	read_lines(at, n);
	rte_pktmbuf_free_bulk(frames, n);
}

// The loop of filter.c around some other table than ours: all else is the same. First the frames
// are known to be alike.
static void other_start(struct loop *loop, struct rte_mbuf **frames, const uint8_t **data,
	unsigned n, struct batch *batch)
{
	for (unsigned i = 0; i < n; i++) {
		data[i] = rte_pktmbuf_mtod(frames[i], const uint8_t *);
		rte_prefetch0(data[i]);
	}
	counter_add(&loop->worker->counters.rx_packets, n);
	workload_must(!batch_start_alike(batch, loop->worker, loop->port, frames, data, 1),
		"a frame did not parse");
	batch->joined = false; // there is nothing to ask our table for
	workload_must(batch_match(batch, 0, n) != n, "a frame did not match");
	batch->joined = true;
}

// Then the records are known.
static void other_end(struct loop *loop, struct batch *batch, void *const *records, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		batch->groups[i] = records[i];
		rte_prefetch0(records[i]);
	}
	batch_deliver(batch, 0, n);
	batch_end(batch, n);
	deliver_flush(loop->worker);
}

void hash_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	const uint8_t *data[BURST];
	uint32_t groups_be[BURST];
	void *found[BURST];
	struct batch batch;

	other_start(loop, frames, data, n, &batch);
	for (unsigned i = 0; i < n; i++)
		groups_be[i] = parse_load32(data[i] + SOURCE_IP_OFFSET + 16);
	workload_must(peer_hash_burst(loop->hash, groups_be, n, found) != UINT64_MAX >> (64 - n),
		"a group is not in rte_hash");
	other_end(loop, &batch, found, n);
}

void known_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	const uint8_t *data[BURST];
	struct batch batch;

	other_start(loop, frames, data, n, &batch);
	other_end(loop, &batch, &loop->known[(loop->source.next - n) % SOURCE_KEYS], n);
}

void line_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	const uint32_t n_lines = (uint64_t)loop->n_lines * 24 / sizeof(struct line);
	const struct line *at[BURST];
	const uint8_t *data[BURST];
	struct batch batch;

	other_start(loop, frames, data, n, &batch);
	for (unsigned i = 0; i < n; i++)
		at[i] = ask_line(loop, parse_load32(data[i] + SOURCE_IP_OFFSET + 16), n_lines);
	read_lines(at, n);
	other_end(loop, &batch, &loop->known[(loop->source.next - n) % SOURCE_KEYS], n);
}

void rings_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	struct rte_mbuf *dealt[LOOP_OUTPUTS][BURST], *taken[BURST];
	unsigned n_dealt[LOOP_OUTPUTS] = {0};

	for (unsigned i = 0; i < n; i++) {
		unsigned k = rte_pktmbuf_mtod(frames[i], const uint8_t *)[5] % LOOP_OUTPUTS;

		dealt[k][n_dealt[k]++] = frames[i];
	}
	for (unsigned k = 0; k < LOOP_OUTPUTS; k++)
		rte_ring_enqueue_burst(loop->rings[k], (void **)dealt[k], n_dealt[k], NULL);
	for (unsigned k = 0; k < LOOP_OUTPUTS; k++)
		rte_pktmbuf_free_bulk(
			taken, rte_ring_dequeue_burst(loop->rings[k], (void **)taken, BURST, NULL));
}
