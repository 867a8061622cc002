// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>

#include "address.h"

bool address_parse(const char *text, struct sluice_addr *addr)
{
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	return inet_pton(family, text, addr->bytes) == 1;
}

const char *address_format(const struct sluice_addr *addr, char text[ADDRESS_TEXT_MAX])
{
	if (inet_ntop(addr->family, addr->bytes, text, ADDRESS_TEXT_MAX) == NULL)
		strcpy(text, "-");
	return text;
}

static bool all_zero(const uint8_t *bytes, unsigned n)
{
	while (n > 0 && bytes[n - 1] == 0)
		n--;
	return n == 0;
}

bool address_is_link_local(const struct sluice_addr *addr)
{
	return addr->family == AF_INET6 && addr->bytes[0] == 0xfe && addr->bytes[1] >> 6 == 2;
}

bool address_is_unspecified(const struct sluice_addr *addr)
{
	return all_zero(addr->bytes, sizeof(addr->bytes));
}

static bool is_mapped(const struct sluice_addr *addr)
{
	static const uint8_t prefix[12] = {[10] = 0xff, 0xff};

	return memcmp(addr->bytes, prefix, sizeof(prefix)) == 0;
}

bool address_is_source(const struct sluice_addr *addr)
{
	const uint8_t *b = addr->bytes;

	if (addr->family == AF_INET)
		return b[0] != 0 && b[0] != 127 && b[0] < 224;
	if (addr->family != AF_INET6 || b[0] == 0xff || is_mapped(addr))
		return false;
	// Excludes :: and ::1.
	return !all_zero(b, 15) || b[15] > 1;
}

// FF3x::/96 up to and including FF3x::4000:0000, which RFC 4607 reserves (SSM-1).
static bool is_reserved_ssm(const uint8_t b[16])
{
	if (b[0] != 0xff || b[1] >> 4 != 3 || !all_zero(b + 2, 10))
		return false;
	return b[12] < 0x40 || (b[12] == 0x40 && all_zero(b + 13, 3));
}

bool address_is_group(const struct sluice_addr *addr)
{
	const uint8_t *b = addr->bytes;

	if (!address_is_multicast(addr))
		return false;
	if (addr->family == AF_INET)
		return (b[0] != 224 && b[0] != 232) || !all_zero(b + 1, 3);
	return !all_zero(b + 2, 14) && !is_reserved_ssm(b);
}

bool address_is_unreported(const struct sluice_addr *addr)
{
	const uint8_t *b = addr->bytes;

	if (addr->family == AF_INET)
		return b[0] == 224 && b[1] == 0 && b[2] == 0 && b[3] == 1;
	return (b[1] & 0xf) < 2 || (b[1] == 2 && all_zero(b + 2, 13) && b[15] == 1);
}

static uint64_t word_at(const struct sluice_addr *addr, unsigned at)
{
	uint64_t word;

	memcpy(&word, addr->bytes + at, sizeof(word));
	return be64toh(word);
}

bool address_in_prefix(
	const struct sluice_addr *addr, const struct sluice_addr *prefix, unsigned length)
{
	uint64_t first = word_at(addr, 0) ^ word_at(prefix, 0);
	uint64_t second = word_at(addr, 8) ^ word_at(prefix, 8);

	if (addr->family != prefix->family || length > 8 * sluice_addr_len(addr))
		return false;
	if (length == 0)
		return true;
	if (length <= 64)
		return first >> (64 - length) == 0;
	return first == 0 && second >> (128 - length) == 0;
}

void address_ethernet(const struct sluice_addr *group, uint8_t mac[6])
{
	if (group->family == AF_INET) {
		mac[0] = 0x01;
		mac[1] = 0x00;
		mac[2] = 0x5e;
		mac[3] = group->bytes[1] & 0x7f;
		memcpy(mac + 4, group->bytes + 2, 2);
	} else {
		mac[0] = mac[1] = 0x33;
		memcpy(mac + 2, group->bytes + 12, 4);
	}
}
