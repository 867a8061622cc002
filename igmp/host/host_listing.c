// SPDX-License-Identifier: BSD-3-Clause
// Groups keep their number in the pool as long as they exist, so that the numbers are the order. A
// group that is joined meanwhile may get a number that is still to come: group_add() marks it.
#include "host_listing.h"

#include <stdlib.h>

#include "group.h"

static bool joined_since(const struct host_listing *listing, uint32_t number)
{
	return (listing->joined_since[number / 64] >> number % 64 & 1) != 0;
}

struct host_listing *host_listing_open(struct host *host)
{
	uint32_t end = pool_end(&host->group_pool);
	size_t words = end / 64 + 1;
	struct host_listing *listing =
		calloc(1, sizeof(*listing) + words * sizeof(listing->joined_since[0]));

	if (listing == NULL)
		return NULL;
	listing->host = host;
	listing->next = 1;
	listing->end = end;
	LIST_INSERT_HEAD(&host->listings, listing, entry);
	return listing;
}

bool host_listing_next(struct host_listing *listing, struct sluice_addr *addr)
{
	const struct group *group;

	if (listing->host == NULL)
		return false;
	do {
		group = pool_find_from(&listing->host->group_pool, listing->next);
		if (group == NULL || pool_number(group) >= listing->end)
			return false;
		listing->next = pool_number(group) + 1;
	} while (joined_since(listing, pool_number(group)));
	group_address(group, addr);
	return true;
}

void host_listing_close(struct host_listing *listing)
{
	if (listing->host != NULL)
		LIST_REMOVE(listing, entry);
	free(listing);
}

struct host *host_listing_host(const struct host_listing *listing)
{
	return listing->host;
}
