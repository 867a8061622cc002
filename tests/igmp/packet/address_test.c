// SPDX-License-Identifier: BSD-3-Clause
// Prefixes of addresses, compared with a check of each bit.
#include <address.h>
#include <criterion/criterion.h>
#include <random.h>

enum { ROUNDS = 200 };

static bool bit(const struct sluice_addr *addr, unsigned i)
{
	return addr->bytes[i / 8] >> (7 - i % 8) & 1;
}

static bool has_prefix(
	const struct sluice_addr *addr, const struct sluice_addr *prefix, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		if (bit(addr, i) != bit(prefix, i))
			return false;
	return true;
}

static struct sluice_addr random_address(int family, uint64_t *seed)
{
	struct sluice_addr addr = {.family = (uint16_t)family};

	for (unsigned i = 0; i < sluice_addr_len(&addr); i++)
		addr.bytes[i] = (uint8_t)(random_next(seed) >> 32);
	return addr;
}

// Two addresses that differ first in one bit, and at random after it.
static void check_lengths(int family, unsigned differ, uint64_t *seed)
{
	struct sluice_addr a = random_address(family, seed), b = random_address(family, seed);
	unsigned n_bits = 8 * sluice_addr_len(&a);

	for (unsigned i = 0; i < n_bits && i <= differ; i++) {
		unsigned shift = 7 - i % 8;
		bool wanted = bit(&a, i) != (i == differ);

		b.bytes[i / 8] = (uint8_t)((b.bytes[i / 8] & ~(1u << shift)) | wanted << shift);
	}
	for (unsigned length = 0; length <= n_bits; length++)
		cr_assert_eq(address_in_prefix(&a, &b, length), has_prefix(&a, &b, length),
			"first difference at bit %u, length %u", differ, length);
	cr_assert_not(address_in_prefix(&a, &a, n_bits + 1));
}

static void check_family(int family)
{
	struct sluice_addr addr = {.family = (uint16_t)family};
	unsigned n_bits = 8 * sluice_addr_len(&addr);
	uint64_t seed = 1;

	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned differ = 0; differ <= n_bits; differ++)
			check_lengths(family, differ, &seed);
}

Test(address, prefix_ipv4)
{
	check_family(AF_INET);
}

Test(address, prefix_ipv6)
{
	check_family(AF_INET6);
}

Test(address, prefix_of_other_family)
{
	const struct sluice_addr ipv4 = {.family = AF_INET}, ipv6 = {.family = AF_INET6};

	cr_assert_not(address_in_prefix(&ipv4, &ipv6, 0));
	cr_assert_not(address_in_prefix(&ipv6, &ipv4, 0));
}
