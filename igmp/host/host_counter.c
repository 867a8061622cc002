// SPDX-License-Identifier: BSD-3-Clause
#include <assert.h>

#include "host.h"

const char *host_counter_name(enum host_counter counter)
{
	static const char *const names[] = {
		[HOST_RX_QUERY] = "rx_query",
		[HOST_RX_REPORT] = "rx_report",
		[HOST_RX_BAD_IP] = "rx_bad_ip",
		[HOST_RX_FRAGMENT] = "rx_fragment",
		[HOST_RX_BAD_LENGTH] = "rx_bad_length",
		[HOST_RX_BAD_CHECKSUM] = "rx_bad_checksum",
		[HOST_RX_BAD_TTL] = "rx_bad_ttl",
		[HOST_RX_NO_ROUTER_ALERT] = "rx_no_router_alert",
		[HOST_RX_BAD_SOURCE] = "rx_bad_source",
		[HOST_RX_BAD_DESTINATION] = "rx_bad_destination",
		[HOST_RX_BAD_GROUP] = "rx_bad_group",
		[HOST_RX_TRUNCATED] = "rx_truncated",
		[HOST_RX_UNKNOWN_TYPE] = "rx_unknown_type",
		[HOST_RX_OLD_IGNORED] = "rx_old_ignored",
		[HOST_RX_NO_STATE] = "rx_no_state",
		[HOST_RX_LENIENT_ROUTER_ALERT] = "rx_lenient_router_alert",
		[HOST_RX_OFF_SUBNET] = "rx_off_subnet",
		[HOST_RX_SOURCES_OVERFLOW] = "rx_sources_overflow",
		[HOST_TX_REPORT] = "tx_report",
		[HOST_TX_LEAVE] = "tx_leave",
		[HOST_TX_RECORD] = "tx_record",
		[HOST_TX_AGAIN] = "tx_again",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == HOST_COUNTERS, "a counter has no name");

	return names[counter];
}
