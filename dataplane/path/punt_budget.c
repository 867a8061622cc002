// SPDX-License-Identifier: BSD-3-Clause
#include "punt_budget.h"

// A querier sends a general query every few seconds at most, while specific queries and reports
// come as fast as hosts leave and join.
#define RARE 100 // of the rate, 1 of so many frames may be a general query

#define IGMP_QUERY 0x11
#define IGMP_HEADER 8
#define MLD_QUERY 130
#define MLD_HEADER 24

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

enum punt_class punt_budget_class(const struct punt_queriers *queriers,
	const struct rte_mbuf *frame, const struct parsed *parsed, unsigned *slot)
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
	if ((class == PUNT_GENERAL || class == PUNT_SPECIFIC) &&
		punt_queriers_find(queriers, parsed, slot))
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
