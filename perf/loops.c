// SPDX-License-Identifier: BSD-3-Clause
#include "loops.h"
#include <string.h>
#include "group_lookup.h"
#include "interface.h"
#include "output.h"
#include "parse_template.h"
#include "peer_hash.h"
#include "pipeline.h"

// The loop whose tables the lookups below use: a lookup has no context argument.
static const struct loop *peer_loop;

void loops_free(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	(void)loop;
	rte_pktmbuf_free_bulk(frames, n);
}

void loops_sluice(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	pipeline_burst(loop->worker, loop->port, frames, n);
	for (unsigned i = 0; i < loop->n_outputs; i++) {
		struct rte_mbuf *delivered[BURST];

		rte_pktmbuf_free_bulk(
			delivered, output_receive_burst(loop->outputs[i], delivered, BURST));
	}
	reclaim_quiescent(&loop->dp->reclaim, 0);
}

// Parses the first frame and matches the others with it.
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

void loops_parse(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	struct parsed parsed[BURST];

	parse_all(loop, frames, n, parsed);
	__asm__ volatile("" : : "r"(parsed) : "memory"); // keeps the results
	rte_pktmbuf_free_bulk(frames, n);
}

static const struct loop_line *ask_line(
	const struct loop *loop, uint32_t group_be, uint32_t n_lines)
{
	const uint32_t hash = group_be * 0x9e3779b1u;
	const struct loop_line *line = &loop->lines[(uint64_t)hash * n_lines >> 32];

	rte_prefetch0(line);
	return line;
}

static void read_lines(const struct loop_line *const *at, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += at[i]->words[0];
	__asm__ volatile("" : : "r"(sum));
}

void loops_limit(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	struct parsed parsed[BURST];
	const struct loop_line *at[BURST];

	parse_all(loop, frames, n, parsed);
	for (unsigned i = 0; i < n; i++)
		at[i] = ask_line(loop, parsed[i].group4_be, loop->n_lines);
	read_lines(at, n);
	rte_pktmbuf_free_bulk(frames, n);
}

// ---- Other tables in the worker's own loop ---------------------------------------------------

// pipeline_burst() with another table and another lookup; the rest is the code of a worker. Hashing
// the group for our table is included in the time. Its buckets are few and stay in L1.
static void peer_burst(
	struct loop *loop, const struct group_lookup *lookup, struct rte_mbuf **frames, unsigned n)
{
	struct group_table *own = loop->interface->table4;

	loop->peer->lookup = lookup;
	loop->interface->table4 = loop->peer;
	peer_loop = loop;
	pipeline_burst(loop->worker, loop->port, frames, n);
	loop->interface->table4 = own;
}

static void fetch_records(struct group_record *const *records, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		rte_prefetch0(records[i]);
}

static void hash_records4(const struct group_table *table, unsigned worker,
	const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
	struct group_record **records)
{
	const unsigned n = end - first;

	(void)table;
	(void)worker;
	(void)index;
	// The tag of an IPv4 group is its address.
	workload_must(peer_hash_burst(peer_loop->hash, &query->tags[first], n,
			      (void **)&records[first]) != UINT64_MAX >> (64 - n),
		"a group is not in rte_hash");
	fetch_records(records, first, end);
}

static void known_records4(const struct group_table *table, unsigned worker,
	const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
	struct group_record **records)
{
	(void)table;
	(void)worker;
	(void)query;
	(void)index;
	memcpy(&records[first], &peer_loop->known[peer_loop->at + first],
		(end - first) * sizeof(*records));
	fetch_records(records, first, end);
}

static void line_records4(const struct group_table *table, unsigned worker,
	const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
	struct group_record **records)
{
	const uint32_t n_lines = (uint64_t)peer_loop->n_lines * 24 / sizeof(struct loop_line);
	const struct loop_line *at[BURST];

	for (unsigned i = first; i < end; i++)
		at[i - first] = ask_line(peer_loop, query->tags[i], n_lines);
	read_lines(at, end - first);
	known_records4(table, worker, query, first, end, index, records);
}

void loops_hash(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	static const struct group_lookup lookup = {.name = "hash", .records4 = hash_records4};

	peer_burst(loop, &lookup, frames, n);
}

void loops_known(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	static const struct group_lookup lookup = {.name = "known", .records4 = known_records4};

	loop->at = (loop->source.next - n) % SOURCE_KEYS;
	peer_burst(loop, &lookup, frames, n);
}

void loops_line(struct loop *loop, struct rte_mbuf **frames, unsigned n)
{
	static const struct group_lookup lookup = {.name = "line", .records4 = line_records4};

	loop->at = (loop->source.next - n) % SOURCE_KEYS;
	peer_burst(loop, &lookup, frames, n);
}

// ---- DPDK's rings ----------------------------------------------------------------------------

void loops_rings(struct loop *loop, struct rte_mbuf **frames, unsigned n)
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
