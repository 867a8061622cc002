// SPDX-License-Identifier: BSD-3-Clause
// The groups of a configuration's memberships, to find those of a session that are no longer
// configured. They are added one by one: to sort a million of them would take too long.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"

#define SLOTS_MIN 16u

struct wanted_group {
	const struct engine_interface *interface; // NULL: the slot is free
	struct sluice_addr group;
};

int engine_wanted_open(struct engine_wanted *wanted, unsigned n)
{
	// At most half of the slots are used.
	wanted->n_slots = RTE_MAX(rte_align64pow2(2ull * n), SLOTS_MIN);
	wanted->slots = calloc(wanted->n_slots, sizeof(*wanted->slots));
	return wanted->slots != NULL ? 0 : -ENOMEM;
}

void engine_wanted_close(struct engine_wanted *wanted)
{
	free(wanted->slots);
	wanted->slots = NULL;
}

static size_t home(const struct engine_wanted *wanted, const struct engine_interface *interface,
	const struct sluice_addr *group)
{
	uint64_t words[2];

	memcpy(words, group->bytes, sizeof(words));
	words[0] = (words[0] ^ (uintptr_t)interface) * 0x9e3779b97f4a7c15;
	words[1] = (words[0] ^ words[0] >> 32 ^ words[1]) * 0x9e3779b97f4a7c15;
	return words[1] >> 32 & (wanted->n_slots - 1);
}

// The slot of the group, or the free one where it belongs.
static struct wanted_group *slot_of(const struct engine_wanted *wanted,
	const struct engine_interface *interface, const struct sluice_addr *group)
{
	size_t at = home(wanted, interface, group);

	while (wanted->slots[at].interface != NULL &&
		(wanted->slots[at].interface != interface ||
			!sluice_addr_equal(&wanted->slots[at].group, group)))
		at = (at + 1) & (wanted->n_slots - 1);
	return &wanted->slots[at];
}

void engine_wanted_add(struct engine_wanted *wanted, const struct engine_interface *interface,
	const struct sluice_addr *group)
{
	*slot_of(wanted, interface, group) =
		(struct wanted_group){.interface = interface, .group = *group};
}

bool engine_wanted_has(const struct engine_wanted *wanted, const struct engine_interface *interface,
	const struct sluice_addr *group)
{
	return slot_of(wanted, interface, group)->interface != NULL;
}
