// SPDX-License-Identifier: BSD-3-Clause
// Which packets a host accepts (PROTOCOL section VAL). Private to igmp/host.
#ifndef IGMP_QUERY_H
#define IGMP_QUERY_H

#include "host.h"
#include "message.h"

// Parses and judges a packet. Returns HOST_DROP_NONE if the host accepts it, else why it is
// dropped.
enum host_drop query_judge(
	const struct host *host, const uint8_t *packet, size_t len, struct message *message);

// Whether the address is in the subnet of one of the host's own addresses.
bool query_is_on_subnet(const struct host *host, const struct sluice_addr *addr);

#endif
