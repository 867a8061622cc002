// SPDX-License-Identifier: BSD-3-Clause
// Addresses and a buffer for the tests of messages.
#ifndef PACKET_FIXTURE_H
#define PACKET_FIXTURE_H

#include <criterion/criterion.h>

#include "address.h"
#include "message.h"
#include "message_build.h"

#define SIZE 1500

static inline struct sluice_addr addr(const char *text)
{
	struct sluice_addr parsed;

	cr_assert(address_parse(text, &parsed), "%s", text);
	return parsed;
}

static inline struct message_build open_build(int family)
{
	static uint8_t bytes[SIZE];

	memset(bytes, 0xa5, sizeof(bytes));
	return (struct message_build){.wire = wire_of(family), .bytes = bytes, .size = SIZE};
}

static inline struct sluice_addr own(int family)
{
	return addr(family == AF_INET ? "192.0.2.1" : "fe80::1");
}

static inline struct sluice_addr group_of(int family)
{
	return addr(family == AF_INET ? "239.1.1.1" : "ff0e::1234");
}

#endif
