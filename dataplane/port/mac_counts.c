// SPDX-License-Identifier: BSD-3-Clause
#include "mac_counts.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 8

struct mac_count {
	uint64_t mac; // 48 bits
	uint64_t count; // 0: the slot is free
};

static uint64_t key_of(const struct rte_ether_addr *mac)
{
	uint64_t key = 0;

	memcpy(&key, mac->addr_bytes, RTE_ETHER_ADDR_LEN);
	return key;
}

static uint64_t hash_of(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15;
}

// The highest bits of the hash choose the segment, others the slot.
static struct mac_segment *segment_of(struct mac_counts *counts, uint64_t key)
{
	return &counts->segments[(hash_of(key) >> 56) % MAC_COUNTS_SEGMENTS];
}

static unsigned home_of(const struct mac_segment *segment, uint64_t key)
{
	return hash_of(key) >> 24 & (segment->n_slots - 1);
}

// The slot of the address, or the free one where it belongs.
static struct mac_count *slot_of(const struct mac_segment *segment, uint64_t key)
{
	unsigned i = home_of(segment, key);

	while (segment->slots[i].count != 0 && segment->slots[i].mac != key)
		i = (i + 1) & (segment->n_slots - 1);
	return &segment->slots[i];
}

static int resize(struct mac_segment *segment, unsigned n_slots)
{
	struct mac_segment old = *segment;
	struct mac_count *slots = calloc(n_slots, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	segment->slots = slots;
	segment->n_slots = n_slots;
	for (unsigned i = 0; i < old.n_slots; i++)
		if (old.slots[i].count != 0)
			*slot_of(segment, old.slots[i].mac) = old.slots[i];
	free(old.slots);
	return 0;
}

static int reserve(struct mac_segment *segment)
{
	if (segment->n < segment->n_slots / 2)
		return 0;
	return resize(segment, segment->n_slots == 0 ? SLOTS_MIN : 2 * segment->n_slots);
}

int mac_counts_add(struct mac_counts *counts, const struct rte_ether_addr *mac)
{
	uint64_t key = key_of(mac);
	struct mac_segment *segment = segment_of(counts, key);
	struct mac_count *slot;

	if (reserve(segment) < 0)
		return -ENOMEM;
	slot = slot_of(segment, key);
	if (slot->count == 0) {
		slot->mac = key;
		segment->n++;
		counts->n++;
	}
	return ++slot->count;
}

// Frees a slot and closes the gap, so that a search may stop at the first free slot.
static void release(struct mac_segment *segment, struct mac_count *slot)
{
	unsigned mask = segment->n_slots - 1;
	unsigned hole = slot - segment->slots;

	for (unsigned i = (hole + 1) & mask; segment->slots[i].count != 0; i = (i + 1) & mask) {
		unsigned home = home_of(segment, segment->slots[i].mac);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			segment->slots[hole] = segment->slots[i];
			hole = i;
		}
	}
	segment->slots[hole].count = 0;
	segment->n--;
}

// Without memory to shrink, the segment stays large.
static void shrink(struct mac_segment *segment)
{
	if (segment->n == 0) {
		free(segment->slots);
		*segment = (struct mac_segment){0};
	} else if (segment->n_slots > SLOTS_MIN && segment->n < segment->n_slots / 8) {
		resize(segment, segment->n_slots / 2);
	}
}

int mac_counts_remove(struct mac_counts *counts, const struct rte_ether_addr *mac)
{
	uint64_t key = key_of(mac);
	struct mac_segment *segment = segment_of(counts, key);
	struct mac_count *slot = segment->slots != NULL ? slot_of(segment, key) : NULL;

	if (slot == NULL || slot->count == 0)
		return -ENOENT;
	if (--slot->count > 0)
		return slot->count;
	release(segment, slot);
	counts->n--;
	shrink(segment);
	return 0;
}

unsigned mac_counts_list(const struct mac_counts *counts, struct rte_ether_addr *macs, unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MAC_COUNTS_SEGMENTS; i++) {
		const struct mac_segment *segment = &counts->segments[i];

		for (unsigned k = 0; k < segment->n_slots && n < max; k++)
			if (segment->slots[k].count != 0)
				memcpy(macs[n++].addr_bytes, &segment->slots[k].mac,
					RTE_ETHER_ADDR_LEN);
	}
	return n;
}

void mac_counts_fini(struct mac_counts *counts)
{
	for (unsigned i = 0; i < MAC_COUNTS_SEGMENTS; i++)
		free(counts->segments[i].slots);
}
