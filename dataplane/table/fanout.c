// SPDX-License-Identifier: BSD-3-Clause
#include "fanout.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rte_byteorder.h>

_Static_assert(sizeof(struct fanout_hook *) == sizeof(uint64_t), "a hook follows the owners");

// A subscriber in a fan-out. With one subscriber and one IPv4 source, the part of a fan-out that
// workers read takes one cache line: owners, which they do not read, come last.
struct fanout_subscriber {
	uint32_t first_source; // index into the sources
	uint32_t n_sources;
	uint16_t output; // index into the outputs
	uint16_t udp_port_be;
	uint8_t mode;
};

// Sources are stored in host byte order and sorted, which is also their order as bytes in network
// byte order.
struct source6 {
	uint64_t high, low;
};

static const struct fanout_subscriber *subscribers_of(const struct fanout *fanout)
{
	return (const struct fanout_subscriber *)&fanout->outputs[fanout->n_outputs];
}

static const void *sources_of(const struct fanout *fanout)
{
	return subscribers_of(fanout) + fanout->n_subscribers;
}

static size_t source_size(uint16_t family)
{
	return family == AF_INET ? sizeof(uint32_t) : sizeof(struct source6);
}

// One per subscriber, in the same order.
static uint64_t *owners_of(const struct fanout *fanout)
{
	return (uint64_t *)((uintptr_t)fanout + fanout->size) - fanout->has_hook -
	       fanout->n_subscribers;
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

// Both searches narrow [sources, sources + n) to the last entry that is not greater than the key.
// They have no data-dependent branch, which would be unpredictable.
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

static inline bool subscriber_wants_port(
	const struct fanout_subscriber *subscriber, const struct fanout_frame *frame)
{
	return !subscriber->udp_port_be || frame->later_fragment ||
	       subscriber->udp_port_be == frame->udp_port_be;
}

static inline bool subscriber_wants4(const struct fanout_subscriber *subscriber,
	const struct fanout_frame *frame, const uint32_t *sources, uint32_t key)
{
	return subscriber_wants_port(subscriber, frame) &&
	       sources4_contain(sources + subscriber->first_source, subscriber->n_sources, key) ==
		       (subscriber->mode == SLUICE_INCLUDE);
}

static inline bool subscriber_wants6(const struct fanout_subscriber *subscriber,
	const struct fanout_frame *frame, const struct source6 *sources, const struct source6 *key)
{
	return subscriber_wants_port(subscriber, frame) &&
	       sources6_contain(sources + subscriber->first_source, subscriber->n_sources, key) ==
		       (subscriber->mode == SLUICE_INCLUDE);
}

unsigned fanout_filter(
	const struct fanout *fanout, const struct fanout_frame *frame, struct output **wanted)
{
	const struct fanout_subscriber *subscribers = subscribers_of(fanout);
	const void *sources = sources_of(fanout);
	bool ipv4 = fanout->family == AF_INET;
	uint32_t key4 = ipv4 ? source4_load(frame->source) : 0;
	struct source6 key6 = ipv4 ? (struct source6){0} : source6_load(frame->source);
	unsigned n = fanout->n_open;
	unsigned last = UINT16_MAX;

	for (unsigned i = 0; i < n; i++)
		wanted[i] = fanout->outputs[i];
	for (unsigned i = fanout->n_open_subscribers; i < fanout->n_subscribers; i++) {
		const struct fanout_subscriber *subscriber = &subscribers[i];

		if (subscriber->output == last ||
			!(ipv4 ? subscriber_wants4(subscriber, frame, sources, key4)
			       : subscriber_wants6(subscriber, frame, sources, &key6)))
			continue;
		last = subscriber->output;
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
	const struct fanout_subscriber *subscriber = subscribers_of(fanout);

	if (fanout->n_outputs != 1 || fanout->has_hook)
		return false;
	*single = (struct fanout_single){.output = fanout->outputs[0]};
	if (fanout->n_open == 1)
		return true;
	if (fanout->n_subscribers != 1 ||
		subscriber->n_sources != (subscriber->mode == SLUICE_INCLUDE ? 1 : 0))
		return false;
	single->udp_port_be = subscriber->udp_port_be;
	single->has_source = subscriber->n_sources == 1;
	if (single->has_source)
		source_unpack(single->source, sources_of(fanout), fanout->family);
	return true;
}

static int draft_add(struct fanout_draft *draft, const struct fanout_draft_subscriber *subscriber)
{
	if (draft->n_subscribers == FANOUT_SUBSCRIBERS_MAX)
		return -ENOSPC;
	draft->subscribers[draft->n_subscribers++] = *subscriber;
	return 0;
}

static int by_output(const void *a, const void *b)
{
	const struct fanout_draft_subscriber *x = a, *y = b;

	return (x->output > y->output) - (x->output < y->output);
}

static int by_open_output(const void *a, const void *b)
{
	const struct fanout_draft_subscriber *x = a, *y = b;

	return x->open != y->open ? y->open - x->open : by_output(a, b);
}

// Sorts subscribers by output, those of open outputs first. An output is open if one of its
// subscribers is.
static void draft_sort(struct fanout_draft *draft)
{
	struct fanout_draft_subscriber *subscribers = draft->subscribers;
	unsigned n = draft->n_subscribers;

	qsort(subscribers, n, sizeof(*subscribers), by_output);
	for (unsigned i = 1; i < n; i++)
		subscribers[i].open |= subscribers[i].output == subscribers[i - 1].output &&
				       subscribers[i - 1].open;
	for (unsigned i = n; i-- > 1;)
		subscribers[i - 1].open |=
			subscribers[i].output == subscribers[i - 1].output && subscribers[i].open;
	qsort(subscribers, n, sizeof(*subscribers), by_open_output);
}

static void draft_measure(struct fanout_draft *draft)
{
	size_t n_sources = 0;

	for (unsigned i = 0; i < draft->n_subscribers; i++) {
		const struct fanout_draft_subscriber *subscriber = &draft->subscribers[i];
		bool first = !i || subscriber->output != subscriber[-1].output;

		draft->n_outputs += first;
		draft->n_open += first && subscriber->open;
		draft->n_open_subscribers += subscriber->open;
		n_sources += subscriber->n_sources;
	}
	// With room for an output of each subscriber, so that a change of the outputs of some never
	// needs more memory.
	if (draft->n_subscribers)
		draft->size =
			RTE_ALIGN_CEIL(
				sizeof(struct fanout) +
					draft->n_subscribers * sizeof(struct output *) +
					draft->n_subscribers * sizeof(struct fanout_subscriber) +
					n_sources * source_size(draft->family),
				sizeof(uint64_t)) +
			draft->n_subscribers * sizeof(uint64_t) +
			(draft->hook ? sizeof(uint64_t) : 0);
}

static void draft_start(struct fanout_draft *draft, uint16_t family, const struct fanout_hook *hook)
{
	draft->size = 0;
	draft->family = family;
	draft->hook = hook;
	draft->n_subscribers = draft->n_open_subscribers = draft->n_outputs = draft->n_open = 0;
}

// Adds subscriber number i of a fan-out.
static int draft_add_old(struct fanout_draft *draft, const struct fanout *old, unsigned i)
{
	const struct fanout_subscriber *subscriber = &subscribers_of(old)[i];
	const uint8_t *sources = sources_of(old);

	return draft_add(draft,
		&(struct fanout_draft_subscriber){
			.output = old->outputs[subscriber->output],
			.owner = owners_of(old)[i],
			.sources = sources + subscriber->first_source * source_size(draft->family),
			.n_sources = subscriber->n_sources,
			.udp_port_be = subscriber->udp_port_be,
			.mode = subscriber->mode,
			.packed = true,
			.open = subscriber->mode == SLUICE_EXCLUDE && !subscriber->n_sources &&
				!subscriber->udp_port_be,
		});
}

static int draft_add_new(
	struct fanout_draft *draft, uint64_t owner, const struct subscriber *subscriber)
{
	const struct sluice_source_filter *filter = &subscriber->filter;

	return draft_add(draft, &(struct fanout_draft_subscriber){
					.output = subscriber->output,
					.owner = owner,
					.sources = filter->sources,
					.n_sources = filter->n_sources,
					.udp_port_be = subscriber->udp_port_be,
					.mode = filter->mode,
					.open = filter->mode == SLUICE_EXCLUDE &&
						!filter->n_sources && !subscriber->udp_port_be,
				});
}

int fanout_draft(struct fanout_draft *draft, const struct fanout *old, uint16_t family,
	uint64_t owner, const struct subscriber *subs, unsigned n)
{
	int rc = 0;

	draft_start(draft, family, old ? fanout_hook(old) : NULL);
	for (unsigned i = 0; !rc && old && i < old->n_subscribers; i++)
		if (owners_of(old)[i] != owner)
			rc = draft_add_old(draft, old, i);
	for (unsigned i = 0; !rc && i < n; i++)
		if (!sluice_source_filter_is_empty(&subs[i].filter))
			rc = draft_add_new(draft, owner, &subs[i]);
	if (rc)
		return rc;
	draft_sort(draft);
	draft_measure(draft);
	return 0;
}

void fanout_draft_hook(
	struct fanout_draft *draft, const struct fanout *old, const struct fanout_hook *hook)
{
	draft_start(draft, old->family, hook);
	for (unsigned i = 0; i < old->n_subscribers; i++)
		draft_add_old(draft, old, i);
	draft_sort(draft);
	draft_measure(draft);
}

static void sources_pack(
	void *packed, const struct fanout_draft_subscriber *subscriber, uint16_t family)
{
	const struct sluice_addr *addrs = subscriber->sources;

	if (subscriber->packed)
		memcpy(packed, subscriber->sources, subscriber->n_sources * source_size(family));
	else if (family == AF_INET)
		for (uint32_t i = 0; i < subscriber->n_sources; i++)
			((uint32_t *)packed)[i] = source4_load(addrs[i].bytes);
	else
		for (uint32_t i = 0; i < subscriber->n_sources; i++)
			((struct source6 *)packed)[i] = source6_load(addrs[i].bytes);
}

struct fanout *fanout_build(const struct fanout_draft *draft, void *block)
{
	struct fanout *fanout = block;
	struct fanout_subscriber *subscribers;
	uint8_t *sources;
	uint32_t n_sources = 0;
	unsigned output = 0;

	*fanout = (struct fanout){
		.size = draft->size,
		.family = draft->family,
		.n_outputs = draft->n_outputs,
		.n_open = draft->n_open,
		.n_subscribers = draft->n_subscribers,
		.n_open_subscribers = draft->n_open_subscribers,
		.has_hook = draft->hook != NULL,
	};
	if (draft->hook)
		((const struct fanout_hook **)((uintptr_t)fanout + fanout->size))[-1] = draft->hook;
	subscribers = (struct fanout_subscriber *)subscribers_of(fanout);
	sources = (uint8_t *)sources_of(fanout);
	for (unsigned i = 0; i < draft->n_subscribers; i++) {
		const struct fanout_draft_subscriber *subscriber = &draft->subscribers[i];

		if (i && subscriber->output != subscriber[-1].output)
			output++;
		fanout->outputs[output] = subscriber->output;
		owners_of(fanout)[i] = subscriber->owner;
		subscribers[i] = (struct fanout_subscriber){
			.first_source = n_sources,
			.n_sources = subscriber->n_sources,
			.output = output,
			.udp_port_be = subscriber->udp_port_be,
			.mode = subscriber->mode,
		};
		sources_pack(sources + n_sources * source_size(draft->family), subscriber,
			draft->family);
		n_sources += subscriber->n_sources;
	}
	return fanout;
}
