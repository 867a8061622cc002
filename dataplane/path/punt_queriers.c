// SPDX-License-Identifier: BSD-3-Clause
#include "punt_queriers.h"

#define SILENT_MS 600000 // after which another querier may take the place of this one

// 0.0.0.0 is the address of some queriers, so that its key must not be 0.
static uint64_t key4(uint32_t addr_be)
{
	return UINT64_C(1) << 32 | addr_be;
}

// The source of MLD queries is link-local: its lower half tells them apart.
static uint64_t key6(const uint8_t *addr)
{
	return parse_load64(addr + 8);
}

void punt_queriers_hear(
	struct punt_queriers *queriers, const struct sluice_addr *querier, uint64_t now_ms)
{
	const unsigned family = querier->family == AF_INET6;
	const uint64_t key = family ? key6(querier->bytes) : key4(parse_load32(querier->bytes));
	_Atomic uint64_t *keys = queriers->keys[family];
	uint64_t *heard_ms = queriers->heard_ms[family];
	unsigned oldest = 0;

	for (unsigned i = 0; i < PUNT_QUERIERS; i++) {
		if (atomic_load_explicit(&keys[i], memory_order_relaxed) == key) {
			heard_ms[i] = now_ms;
			return;
		}
		if (heard_ms[i] < heard_ms[oldest])
			oldest = i;
	}
	if (atomic_load_explicit(&keys[oldest], memory_order_relaxed) != 0 &&
		now_ms - heard_ms[oldest] < SILENT_MS)
		return;
	heard_ms[oldest] = now_ms;
	atomic_store_explicit(&keys[oldest], key, memory_order_relaxed);
}

bool punt_queriers_find(
	const struct punt_queriers *queriers, const struct parsed *parsed, unsigned *slot)
{
	const unsigned family = (parsed->flags & PARSED_IPV6) != 0;
	const uint64_t key = family ? key6(parsed->source6) : key4(parsed->source4_be);

	for (*slot = 0; *slot < PUNT_QUERIERS; ++*slot)
		if (atomic_load_explicit(&queriers->keys[family][*slot], memory_order_relaxed) ==
			key)
			return true;
	return false;
}
