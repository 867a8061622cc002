// SPDX-License-Identifier: BSD-3-Clause
#include "punt_budget.h"

#define DEPTH_MIN 64 // burst of frames that the limit always admits
// A querier sends a general query every few seconds at most, while specific queries and reports
// come as fast as hosts leave and join.
#define RARE 100 // of the rate, 1 of so many frames may be a general query
#define SILENT_MS 600000 // of a querier that another may take the place of

#define IGMP_QUERY 0x11
#define IGMP_HEADER 8
#define MLD_QUERY 130
#define MLD_HEADER 24

void punt_limit_init(struct punt_limit *limit, uint64_t hz, unsigned rate)
{
	*limit = (struct punt_limit){.cost_tsc = hz / rate};
	limit->depth_tsc = RTE_MAX(DEPTH_MIN * limit->cost_tsc, hz / 10);
}

bool punt_limit_take(struct punt_limit *limit, uint64_t now_tsc)
{
	uint64_t full_tsc = RTE_MAX(limit->full_tsc, now_tsc) + limit->cost_tsc;

	if (full_tsc > now_tsc + limit->depth_tsc)
		return false;
	limit->full_tsc = full_tsc;
	return true;
}

// ---- Known queriers ------------------------------------------------------------------------

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

static bool is_known(
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

// ---- Kinds of messages ---------------------------------------------------------------------

static bool is_zero(const uint8_t *bytes, unsigned n)
{
	uint8_t any = 0;

	for (unsigned i = 0; i < n; i++)
		any |= bytes[i];
	return any == 0;
}

static enum punt_class class_of_igmp(const uint8_t *message, unsigned len)
{
	switch (message[0]) {
	case IGMP_QUERY:
		// Those of IGMPv1 are general, whatever their group field says.
		return is_zero(message + 4, 4) || (len == IGMP_HEADER && message[1] == 0)
			       ? PUNT_GENERAL
			       : PUNT_SPECIFIC;
	case 0x12:
	case 0x16:
	case 0x17:
	case 0x22:
		return PUNT_REPORT;
	default:
		return PUNT_UNKNOWN;
	}
}

// The parser punts no other types of ICMPv6.
static enum punt_class class_of_mld(const uint8_t *message)
{
	if (message[0] != MLD_QUERY)
		return PUNT_REPORT;
	return is_zero(message + 8, 16) ? PUNT_GENERAL : PUNT_SPECIFIC;
}

enum punt_class punt_class_of(const struct punt_queriers *queriers, const struct rte_mbuf *frame,
	const struct parsed *parsed, unsigned *slot)
{
	const bool mld = parsed->flags & PARSED_IPV6;
	const unsigned header = mld ? MLD_HEADER : IGMP_HEADER;
	uint8_t headers[PARSE_WINDOW], copy[MLD_HEADER];
	const uint8_t *ip, *message;
	enum punt_class class;
	unsigned offset;

	if (parsed->flags & PARSED_LATER_FRAGMENT)
		return PUNT_OTHER;
	ip = rte_pktmbuf_read(frame, parsed->l3_offset,
		RTE_MIN(parsed->l3_len, (uint16_t)sizeof(headers)), headers);
	offset = ip != NULL ? parse_upper_offset(ip, parsed) : parsed->l3_len;
	if (offset + 1u > parsed->l3_len)
		return PUNT_OTHER;
	if (offset + header > parsed->l3_len)
		return mld || ip[offset] == IGMP_QUERY ? PUNT_OTHER : PUNT_UNKNOWN;
	message = rte_pktmbuf_read(frame, parsed->l3_offset + offset, header, copy);
	if (message == NULL)
		return PUNT_OTHER;
	class = mld ? class_of_mld(message) : class_of_igmp(message, parsed->l3_len - offset);
	if ((class == PUNT_GENERAL || class == PUNT_SPECIFIC) && is_known(queriers, parsed, slot))
		class -= PUNT_GENERAL - PUNT_QUERIER_GENERAL;
	return class;
}

// ---- Budgets -------------------------------------------------------------------------------

static unsigned limit_of(enum punt_class class, unsigned slot)
{
	if (class < PUNT_GENERAL)
		return 2 * slot + (class == PUNT_QUERIER_SPECIFIC);
	return 2 * PUNT_QUERIERS + class - PUNT_GENERAL;
}

void punt_budget_init(struct punt_budget *budget, uint64_t hz, unsigned rate)
{
	for (unsigned family = 0; family < 2; family++)
		for (enum punt_class class = 0; class < PUNT_CLASSES; class ++)
			for (unsigned slot = 0; slot < PUNT_QUERIERS; slot++) {
				const bool rare = class == PUNT_QUERIER_GENERAL ||
						  class == PUNT_GENERAL || class == PUNT_OTHER;

				punt_limit_init(&budget->limits[family][limit_of(class, slot)], hz,
					rare ? RTE_MAX(rate / RARE, 1U) : rate);
			}
}

bool punt_budget_take(struct punt_budget *budget, const struct parsed *parsed,
	enum punt_class class, unsigned slot, uint64_t now_tsc)
{
	const unsigned family = (parsed->flags & PARSED_IPV6) != 0;

	return punt_limit_take(&budget->limits[family][limit_of(class, slot)], now_tsc);
}
