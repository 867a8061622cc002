// SPDX-License-Identifier: BSD-3-Clause
// From bytes on the wire to a message a host acts upon (PROTOCOL sections VAL, IGMP-3, MLD-2).
#ifndef IGMP_QUERY_H
#define IGMP_QUERY_H

#include "host.h"

struct query {
	bool is_query; // else what another host says; known unless the checksum is wrong
	unsigned version; // of the protocol it was said in
	bool general;
	struct sluice_addr src;
	struct sluice_addr dst;
	struct sluice_addr group;
	uint32_t response_ms;
	uint8_t qrv; // newest version only, like the interval
	uint32_t interval_s;
	unsigned n_sources;
	const uint8_t *sources; // in the packet
	bool router_alert;
};

// Reads and judges a packet. Returns the counter of the reason to drop it; HOST_RX_QUERY or
// HOST_RX_REPORT if it is good.
enum host_counter query_read(
	const struct host *host, const uint8_t *packet, size_t len, struct query *query);

#endif
