// SPDX-License-Identifier: BSD-3-Clause
#include "fanout.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rte_byteorder.h>

// With one line and one IPv4 source a fan-out takes one cache line: what workers do not read, the
// owners, comes last.
struct line {
	uint32_t first_source; // in the fan-out's array of sources
	uint32_t n_sources;
	uint16_t output; // in the fan-out's array of outputs
	uint16_t udp_port_be;
	uint8_t mode;
};

// Sources are kept in host order, sorted, which is also their order as bytes in network order.
struct source6 {
	uint64_t high, low;
};

static const struct line *fanout_lines(const struct fanout *fanout)
{
	return (const struct line *)&fanout->outputs[fanout->n_outputs];
}

static const void *fanout_sources(const struct fanout *fanout)
{
	return fanout_lines(fanout) + fanout->n_lines;
}

static size_t source_size(uint16_t family)
{
	return family == AF_INET ? sizeof(uint32_t) : sizeof(struct source6);
}

// Of the lines, in their order.
static uint64_t *fanout_owners(const struct fanout *fanout)
{
	return (uint64_t *)((uintptr_t)fanout + fanout->size) - fanout->n_lines;
}

static uint32_t source4_load(const void *address)
{
	uint32_t be;

	memcpy(&be, address, sizeof(be));
	return rte_be_to_cpu_32(be);
}

static struct source6 source6_load(const void *address)
{
	uint64_t be[2];

	memcpy(be, address, sizeof(be));
	return (struct source6){rte_be_to_cpu_64(be[0]), rte_be_to_cpu_64(be[1])};
}

static bool source6_at_most(const struct source6 *a, const struct source6 *b)
{
	return (a->high < b->high) | ((a->high == b->high) & (a->low <= b->low));
}

// Both searches narrow [sources, sources + n) to the last entry that is at most the key, without a
// branch on the data: frames come from anywhere.
static bool sources4_contain(const uint32_t *sources, uint32_t n, uint32_t key)
{
	if (!n)
		return false;
	while (n > 1) {
		uint32_t half = n / 2;

		sources += half & -(uint32_t)(sources[half] <= key);
		n -= half;
	}
	return *sources == key;
}

static bool sources6_contain(const struct source6 *sources, uint32_t n, const struct source6 *key)
{
	if (!n)
		return false;
	while (n > 1) {
		uint32_t half = n / 2;

		sources += half & -(uint32_t)source6_at_most(&sources[half], key);
		n -= half;
	}
	return sources->high == key->high && sources->low == key->low;
}

static inline bool line_wants_port(const struct line *line, const struct fanout_frame *frame)
{
	return !line->udp_port_be || frame->later_fragment ||
	       line->udp_port_be == frame->udp_port_be;
}

static inline bool line_wants4(const struct line *line, const struct fanout_frame *frame,
	const uint32_t *sources, uint32_t key)
{
	return line_wants_port(line, frame) &&
	       sources4_contain(sources + line->first_source, line->n_sources, key) ==
		       (line->mode == SLUICE_INCLUDE);
}

static inline bool line_wants6(const struct line *line, const struct fanout_frame *frame,
	const struct source6 *sources, const struct source6 *key)
{
	return line_wants_port(line, frame) &&
	       sources6_contain(sources + line->first_source, line->n_sources, key) ==
		       (line->mode == SLUICE_INCLUDE);
}

unsigned fanout_filter(
	const struct fanout *fanout, const struct fanout_frame *frame, struct output **wanted)
{
	const struct line *lines = fanout_lines(fanout);
	const void *sources = fanout_sources(fanout);
	bool ipv4 = fanout->family == AF_INET;
	uint32_t key4 = ipv4 ? source4_load(frame->source) : 0;
	struct source6 key6 = ipv4 ? (struct source6){0} : source6_load(frame->source);
	unsigned n = fanout->n_open;
	unsigned last = UINT16_MAX;

	for (unsigned i = 0; i < n; i++)
		wanted[i] = fanout->outputs[i];
	for (unsigned i = fanout->n_open_lines; i < fanout->n_lines; i++) {
		const struct line *line = &lines[i];

		if (line->output == last || !(ipv4 ? line_wants4(line, frame, sources, key4)
						   : line_wants6(line, frame, sources, &key6)))
			continue;
		last = line->output;
		wanted[n++] = fanout->outputs[last];
	}
	return n;
}

static void source_unpack(void *address, const void *packed, uint16_t family)
{
	const struct source6 *source6 = packed;

	if (family == AF_INET)
		memcpy(address, &(uint32_t){rte_cpu_to_be_32(*(const uint32_t *)packed)}, 4);
	else
		memcpy(address,
			(uint64_t[]){
				rte_cpu_to_be_64(source6->high), rte_cpu_to_be_64(source6->low)},
			16);
}

bool fanout_single(const struct fanout *fanout, struct fanout_single *single)
{
	const struct line *line = fanout_lines(fanout);

	if (fanout->n_outputs != 1)
		return false;
	*single = (struct fanout_single){.output = fanout->outputs[0]};
	if (fanout->n_open == 1)
		return true;
	if (fanout->n_lines != 1 || line->n_sources != (line->mode == SLUICE_INCLUDE ? 1 : 0))
		return false;
	single->udp_port_be = line->udp_port_be;
	single->has_source = line->n_sources == 1;
	if (single->has_source)
		source_unpack(single->source, fanout_sources(fanout), fanout->family);
	return true;
}

static int draft_add(struct fanout_draft *draft, const struct fanout_draft_line *line)
{
	if (draft->n_lines == FANOUT_LINES_MAX)
		return -ENOSPC;
	draft->lines[draft->n_lines++] = *line;
	return 0;
}

static int by_output(const void *a, const void *b)
{
	const struct fanout_draft_line *x = a, *y = b;

	return (x->output > y->output) - (x->output < y->output);
}

static int by_open_output(const void *a, const void *b)
{
	const struct fanout_draft_line *x = a, *y = b;

	return x->open != y->open ? y->open - x->open : by_output(a, b);
}

// Lines of one output together, those of open outputs first. An output is open as soon as one of
// its lines is.
static void draft_sort(struct fanout_draft *draft)
{
	struct fanout_draft_line *lines = draft->lines;
	unsigned n = draft->n_lines;

	qsort(lines, n, sizeof(*lines), by_output);
	for (unsigned i = 1; i < n; i++)
		lines[i].open |= lines[i].output == lines[i - 1].output && lines[i - 1].open;
	for (unsigned i = n; i-- > 1;)
		lines[i - 1].open |= lines[i].output == lines[i - 1].output && lines[i].open;
	qsort(lines, n, sizeof(*lines), by_open_output);
}

static void draft_measure(struct fanout_draft *draft)
{
	size_t n_sources = 0;

	for (unsigned i = 0; i < draft->n_lines; i++) {
		const struct fanout_draft_line *line = &draft->lines[i];
		bool first = !i || line->output != line[-1].output;

		draft->n_outputs += first;
		draft->n_open += first && line->open;
		draft->n_open_lines += line->open;
		n_sources += line->n_sources;
	}
	if (draft->n_lines)
		draft->size = RTE_ALIGN_CEIL(sizeof(struct fanout) +
						     draft->n_outputs * sizeof(struct output *) +
						     draft->n_lines * sizeof(struct line) +
						     n_sources * source_size(draft->family),
				      sizeof(uint64_t)) +
			      draft->n_lines * sizeof(uint64_t);
}

int fanout_draft(struct fanout_draft *draft, const struct fanout *old, uint16_t family,
	uint64_t owner, const struct subscriber *subs, unsigned n)
{
	int rc = 0;

	draft->size = 0;
	draft->family = family;
	draft->n_lines = draft->n_open_lines = draft->n_outputs = draft->n_open = 0;
	for (unsigned i = 0; !rc && old && i < old->n_lines; i++) {
		const struct line *line = &fanout_lines(old)[i];
		const uint8_t *sources = fanout_sources(old);

		if (fanout_owners(old)[i] == owner)
			continue;
		rc = draft_add(draft,
			&(struct fanout_draft_line){
				.output = old->outputs[line->output],
				.owner = fanout_owners(old)[i],
				.sources = sources + line->first_source * source_size(family),
				.n_sources = line->n_sources,
				.udp_port_be = line->udp_port_be,
				.mode = line->mode,
				.packed = true,
				.open = line->mode == SLUICE_EXCLUDE && !line->n_sources &&
					!line->udp_port_be,
			});
	}
	for (unsigned i = 0; !rc && i < n; i++) {
		const struct subscriber *sub = &subs[i];

		if (sub->mode == SLUICE_INCLUDE && !sub->n_sources)
			continue;
		rc = draft_add(draft, &(struct fanout_draft_line){
					      .output = sub->output,
					      .owner = owner,
					      .sources = sub->sources,
					      .n_sources = sub->n_sources,
					      .udp_port_be = sub->udp_port_be,
					      .mode = sub->mode,
					      .open = sub->mode == SLUICE_EXCLUDE &&
						      !sub->n_sources && !sub->udp_port_be,
				      });
	}
	if (rc)
		return rc;
	draft_sort(draft);
	draft_measure(draft);
	return 0;
}

static void sources_pack(void *packed, const struct fanout_draft_line *line, uint16_t family)
{
	const struct sluice_addr *addrs = line->sources;

	if (line->packed)
		memcpy(packed, line->sources, line->n_sources * source_size(family));
	else if (family == AF_INET)
		for (uint32_t i = 0; i < line->n_sources; i++)
			((uint32_t *)packed)[i] = source4_load(addrs[i].bytes);
	else
		for (uint32_t i = 0; i < line->n_sources; i++)
			((struct source6 *)packed)[i] = source6_load(addrs[i].bytes);
}

struct fanout *fanout_build(const struct fanout_draft *draft, void *block)
{
	struct fanout *fanout = block;
	struct line *lines;
	uint8_t *sources;
	uint32_t n_sources = 0;
	unsigned output = 0;

	*fanout = (struct fanout){
		.size = draft->size,
		.family = draft->family,
		.n_outputs = draft->n_outputs,
		.n_open = draft->n_open,
		.n_lines = draft->n_lines,
		.n_open_lines = draft->n_open_lines,
	};
	lines = (struct line *)fanout_lines(fanout);
	sources = (uint8_t *)fanout_sources(fanout);
	for (unsigned i = 0; i < draft->n_lines; i++) {
		const struct fanout_draft_line *line = &draft->lines[i];

		if (i && line->output != line[-1].output)
			output++;
		fanout->outputs[output] = line->output;
		fanout_owners(fanout)[i] = line->owner;
		lines[i] = (struct line){
			.first_source = n_sources,
			.n_sources = line->n_sources,
			.output = output,
			.udp_port_be = line->udp_port_be,
			.mode = line->mode,
		};
		sources_pack(sources + n_sources * source_size(draft->family), line, draft->family);
		n_sources += line->n_sources;
	}
	return fanout;
}
