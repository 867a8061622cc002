// SPDX-License-Identifier: BSD-3-Clause
#include "config_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"

// The largest interval a query can announce (QQIC, RFC 9776 section 4.1.7).
#define SECONDS_MAX 31744.0

unsigned config_value_unsigned(struct config_reader *reader, struct config_path path,
	const char *text, struct config_value_range range, unsigned fallback)
{
	unsigned long value;
	char *end;

	if (!text)
		return fallback;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end) {
		config_reader_complain(reader, &path, "\"%s\" is not a whole number", text);
		return range.max;
	}
	if (errno || value < range.min || value > range.max) {
		config_reader_complain(
			reader, &path, "%s is not within %u-%u", text, range.min, range.max);
		return range.max;
	}
	return (unsigned)value;
}

bool config_value_boolean(
	struct config_reader *reader, struct config_path path, const char *text, bool fallback)
{
	if (!text)
		return fallback;
	if (strcasecmp(text, "true") == 0)
		return true;
	if (strcasecmp(text, "false") == 0)
		return false;
	config_reader_complain(reader, &path, "\"%s\" is neither true nor false", text);
	return fallback;
}

double config_value_seconds(struct config_reader *reader, struct config_path path, const char *text)
{
	double value;
	char *end;

	if (!text)
		return 0;
	value = strtod(text, &end);
	if (!*text || *end || !isfinite(value)) {
		config_reader_complain(reader, &path, "\"%s\" is not a number of seconds", text);
		return 0;
	}
	if (value < 0.001 || value > SECONDS_MAX) {
		config_reader_complain(
			reader, &path, "%s s is not within 0.001-%.0f s", text, SECONDS_MAX);
		return 0;
	}
	return value;
}

struct sluice_addr config_value_address(
	struct config_reader *reader, struct config_path path, const char *text)
{
	struct sluice_addr addr = {0};

	if (!address_parse(text, &addr)) {
		config_reader_complain(reader, &path, "\"%s\" is not an IP address", text);
		return (struct sluice_addr){0};
	}
	return addr;
}

struct config_address config_value_prefix(
	struct config_reader *reader, struct config_path path, const char *text)
{
	struct config_address prefix = {0};
	const char *slash = strchr(text, '/');
	char addr[ADDRESS_TEXT_MAX];
	unsigned bits;

	if (!slash) {
		config_reader_complain(
			reader, &path, "\"%s\" lacks a prefix length, as in 192.0.2.1/24", text);
		return prefix;
	}
	snprintf(addr, sizeof(addr), "%.*s", (int)(slash - text), text);
	prefix.addr = config_value_address(reader, path, addr);
	if (!prefix.addr.family)
		return prefix;
	bits = sluice_addr_len(&prefix.addr) * 8;
	prefix.prefix_length = config_value_unsigned(
		reader, path, slash + 1, (struct config_value_range){1, bits}, bits);
	return prefix;
}

bool config_value_mac(
	struct config_reader *reader, struct config_path path, const char *text, uint8_t mac[6])
{
	int end = 0;

	if (strlen(text) != 17 ||
		sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
			&mac[3], &mac[4], &mac[5], &end) != 6 ||
		end != 17) {
		config_reader_complain(reader, &path, "\"%s\" is not a MAC address", text);
		return false;
	}
	if (mac[0] & 1) {
		config_reader_complain(reader, &path, "%s is a multicast MAC address", text);
		return false;
	}
	return true;
}
