// SPDX-License-Identifier: BSD-3-Clause
// The statistics of Sluice. Each one is declared in one line of a list here and nowhere else. From
// the lists come the structures below, the counters of the workers, the JSON fields of the control
// socket, the columns of `sluice show` and the field list in sluiced(8).
//
// A list applies X to each of its statistics:
//
//	X(type, member, json, kind, unit, column, help)
//
//	type, member	of the structure
//	json		its name in the answers of sluiced
//	kind		COUNTER: only rises; GAUGE: a state
//	unit		PACKETS, BYTES, MILLISECONDS, MICROSECONDS, or NUMBER for anything else
//	column		its title in the tables of `sluice show`; NULL: not shown there
//	help		one line for the manual and for metrics
#ifndef SLUICE_STATS_H
#define SLUICE_STATS_H

#include <sluice/control.h>
#include <sluice/types.h>

#ifdef __cplusplus
extern "C" {
#endif

// A statistic without a value, such as the age of a packet that never came. JSON: null.
#define SLUICE_STATS_UNKNOWN UINT64_MAX

// clang-format off
#define SLUICE_WORKER_GAUGES(X) \
	X(unsigned, queues, "queues", GAUGE, NUMBER, "QUEUES", "receive queues that it polls") \
	X(uint64_t, stalled_ms, "stalled_ms", GAUGE, MILLISECONDS, "STALLED", \
		"since the last turn of its loop, if that is more than a second; else null")
#define SLUICE_WORKER_COUNTERS(X) \
	X(uint64_t, rx_packets, "rx_packets", COUNTER, PACKETS, "RX PACKETS", "received") \
	X(uint64_t, rx_bytes, "rx_bytes", COUNTER, BYTES, "RX BYTES", "received") \
	X(uint64_t, delivered, "delivered", COUNTER, PACKETS, "DELIVERED", \
		"let through, counted once per packet") \
	X(uint64_t, deliveries, "deliveries", COUNTER, PACKETS, "DELIVERIES", \
		"let through, counted once per packet and output") \
	X(uint64_t, punted, "punted", COUNTER, PACKETS, "PUNTED", \
		"IGMP and MLD messages handed to the control thread") \
	X(uint64_t, polls, "polls", COUNTER, NUMBER, "POLLS", "turns of the loop") \
	X(uint64_t, idle_polls, "idle_polls", COUNTER, NUMBER, "IDLE POLLS", \
		"turns of the loop that found no packet")
#define SLUICE_WORKER_STATS(X) SLUICE_WORKER_GAUGES(X) SLUICE_WORKER_COUNTERS(X)

#define SLUICE_CONTROL_STATS(X) \
	X(uint64_t, turns, "turns", COUNTER, NUMBER, "TURNS", \
		"turns of the event loop of the control thread") \
	X(uint64_t, turn_cpu_max_us, "turn_cpu_max_us", GAUGE, MICROSECONDS, "LONGEST US", \
		"the longest CPU time of a turn; queries and protocol timers wait for its end") \
	X(uint64_t, mbufs, "mbufs", GAUGE, NUMBER, "MBUFS", "mbufs in use, of all pools of DPDK") \
	X(unsigned, connections, "connections", GAUGE, NUMBER, "CONNECTIONS", \
		"clients of the control socket and of the read-only socket") \
	X(uint64_t, buffered_bytes, "buffered_bytes", GAUGE, BYTES, "BUFFERED BYTES", \
		"kept for all connections: received requests and answers that are not read")

#define SLUICE_CONNECTION_STATS(X) \
	X(uint64_t, buffered_bytes, "buffered_bytes", GAUGE, BYTES, "BUFFERED BYTES", \
		"kept for the connection: received requests and answers that are not read") \
	X(uint64_t, unread_bytes, "unread_bytes", GAUGE, BYTES, "UNREAD BYTES", \
		"of them, those that the client has not read")

#define SLUICE_PORT_GAUGES(X) \
	X(unsigned, multicast_macs, "multicast_macs", GAUGE, NUMBER, "MACS", \
		"multicast MAC addresses that the port has to receive") \
	X(unsigned, rx_queues, "rx_queues", GAUGE, NUMBER, NULL, "receive queues") \
	X(unsigned, tx_queues, "tx_queues", GAUGE, NUMBER, NULL, "transmit queues")
#define SLUICE_PORT_COUNTERS(X) \
	X(uint64_t, rx_packets, "rx_packets", COUNTER, PACKETS, "RX PACKETS", "received") \
	X(uint64_t, rx_bytes, "rx_bytes", COUNTER, BYTES, "RX BYTES", "received") \
	X(uint64_t, rx_missed, "rx_missed", COUNTER, PACKETS, "RX MISSED", \
		"lost because no worker took them in time") \
	X(uint64_t, rx_errors, "rx_errors", COUNTER, PACKETS, "RX ERRORS", \
		"received with an error") \
	X(uint64_t, tx_packets, "tx_packets", COUNTER, PACKETS, "TX PACKETS", "sent") \
	X(uint64_t, tx_bytes, "tx_bytes", COUNTER, BYTES, NULL, "sent") \
	X(uint64_t, tx_errors, "tx_errors", COUNTER, PACKETS, "TX ERRORS", \
		"that the device failed to send")
#define SLUICE_PORT_STATS(X) SLUICE_PORT_GAUGES(X) SLUICE_PORT_COUNTERS(X)

#define SLUICE_INTERFACE_GAUGES(X) \
	X(unsigned, groups, "groups", GAUGE, NUMBER, "GROUPS", "joined groups, IPv4 and IPv6") \
	X(unsigned, igmp_version, "igmp_version", GAUGE, NUMBER, "IGMP", \
		"version of IGMP in use, as the oldest querier has it") \
	X(unsigned, mld_version, "mld_version", GAUGE, NUMBER, "MLD", \
		"version of MLD in use, as the oldest querier has it")
// Counters of an IGMP or MLD host. An interface has the sums of its two hosts.
#define SLUICE_HOST_COUNTERS(X) \
	X(uint64_t, rx_queries, "rx_queries", COUNTER, PACKETS, "QUERIES", \
		"IGMP and MLD queries received") \
	X(uint64_t, rx_reports, "rx_reports", COUNTER, PACKETS, NULL, \
		"reports and leaves of other hosts received") \
	X(uint64_t, tx_reports, "tx_reports", COUNTER, PACKETS, "REPORTS", "reports sent") \
	X(uint64_t, tx_leaves, "tx_leaves", COUNTER, PACKETS, NULL, \
		"IGMPv2 leaves and MLDv1 dones sent") \
	X(uint64_t, tx_records, "tx_records", COUNTER, NUMBER, NULL, \
		"group records in the reports sent")
#define SLUICE_INTERFACE_STATS(X) SLUICE_INTERFACE_GAUGES(X) SLUICE_HOST_COUNTERS(X)

#define SLUICE_GROUP_COUNTERS(X) \
	X(uint64_t, packets, "packets", COUNTER, PACKETS, "PACKETS", \
		"let through by the filter of at least one session") \
	X(uint64_t, bytes, "bytes", COUNTER, BYTES, "BYTES", \
		"let through by the filter of at least one session") \
	X(uint64_t, filtered, "filtered", COUNTER, PACKETS, "FILTERED", \
		"of the group, but wanted by no session")
#define SLUICE_GROUP_GAUGES(X) \
	X(uint64_t, age_ms, "last_seen_ms", GAUGE, MILLISECONDS, "SEEN", \
		"since the last packet; null if none came")
#define SLUICE_GROUP_STATS(X) SLUICE_GROUP_COUNTERS(X) SLUICE_GROUP_GAUGES(X)

// Sessions that receive frames have these, too.
#define SLUICE_OUTPUT_STATS(X) \
	X(uint64_t, packets, "packets", COUNTER, PACKETS, "PACKETS", "delivered") \
	X(uint64_t, bytes, "bytes", COUNTER, BYTES, "BYTES", "delivered") \
	X(uint64_t, dropped, "dropped", COUNTER, PACKETS, "DROPPED", \
		"not delivered, because the output or the session's ring was full")

#define SLUICE_QUERIER_GAUGES(X) \
	X(unsigned, version, "version", GAUGE, NUMBER, "VERSION", \
		"version of the querier's last general query; 0 if none was heard") \
	X(uint64_t, age_ms, "age_ms", GAUGE, MILLISECONDS, "HEARD", \
		"since the last general query; null if none was heard") \
	X(uint64_t, interval_ms, "interval_ms", GAUGE, MILLISECONDS, "INTERVAL", \
		"between two general queries, as the querier says; null if it does not") \
	X(unsigned, robustness, "robustness", GAUGE, NUMBER, "ROBUSTNESS", \
		"robustness variable in use") \
	X(unsigned, host_version, "host_version", GAUGE, NUMBER, "OUR VERSION", \
		"version of the reports that are sent") \
	X(uint64_t, compat_left_ms, "compat_left_ms", GAUGE, MILLISECONDS, "STILL OLDER FOR", \
		"until the newest version is in use again; null if it is")
// The members are those of SLUICE_HOST_COUNTERS.
#define SLUICE_QUERIER_COUNTERS(X) \
	X(uint64_t, rx_queries, "queries", COUNTER, PACKETS, "QUERIES", "queries received") \
	X(uint64_t, rx_reports, "reports", COUNTER, PACKETS, "REPORTS", \
		"reports and leaves of other hosts received")
#define SLUICE_QUERIER_STATS(X) SLUICE_QUERIER_GAUGES(X) SLUICE_QUERIER_COUNTERS(X)

// Why a packet is dropped: X(symbol, name, help). The reasons of the workers are enum drop_reason,
// DROP_ and the symbol; those of the hosts are enum host_drop, HOST_ and the symbol.
#define SLUICE_WORKER_DROPS(X) \
	X(NOT_MULTICAST, "not_multicast", "not to a group, or to the MAC address of another host") \
	X(NO_INTERFACE, "no_interface", "no interface has this VLAN") \
	X(NOT_IP, "not_ip", "neither IPv4 nor IPv6") \
	X(TRUNCATED, "truncated", "the headers reach past the end of the frame") \
	X(BAD_VERSION, "bad_version", "the IP version contradicts the EtherType") \
	X(BAD_LENGTH, "bad_length", "the length fields of IP contradict the frame") \
	X(BAD_CHECKSUM, "bad_checksum", "wrong checksum of the IPv4 header") \
	X(BAD_OPTION, "bad_option", "malformed IPv4 options, or a source route") \
	X(BAD_EXTENSION, "bad_extension", \
		"bad chain of IPv6 extension headers, or a routing header") \
	X(SOURCE_MAC, "source_mac", "the Ethernet source is a group address") \
	X(SOURCE_MULTICAST, "source_multicast", "the IP source is a group") \
	X(SOURCE_BROADCAST, "source_broadcast", "the IP source is 255.255.255.255") \
	X(SOURCE_LOOPBACK, "source_loopback", "the IP source is in 127.0.0.0/8, or ::1") \
	X(SOURCE_UNSPECIFIED, "source_unspecified", \
		"the IP source is 0.0.0.0 or ::, and the group is not link-local") \
	X(NOT_JOINED, "not_joined", "no session has joined the group") \
	X(FILTERED, "filtered", "no session's filter lets it through") \
	X(UNKNOWN_TYPE, "unknown_type", "IGMP message of an unknown type") \
	X(PUNT_RATE, "punt_rate", "IGMP or MLD beyond the punt rate") \
	X(PUNT_FULL, "punt_full", "IGMP or MLD, and the control thread is behind") \
	X(OUTPUT_FULL, "output_full", "the output is full; counted per packet and output") \
	X(NO_MBUF, "no_mbuf", "no buffer for a rewritten header")

// PROTOCOL.md section VAL has the rules. The last ones note what is accepted against a rule, lost
// in part, or delayed.
#define SLUICE_HOST_DROPS(X) \
	X(RX_BAD_IP, "rx_bad_ip", "wrong IP header") \
	X(RX_FRAGMENT, "rx_fragment", "a fragment") \
	X(RX_BAD_LENGTH, "rx_bad_length", "the length fits no message of its type") \
	X(RX_BAD_CHECKSUM, "rx_bad_checksum", "wrong checksum of the message") \
	X(RX_BAD_TTL, "rx_bad_ttl", "the TTL or hop limit is not 1") \
	X(RX_NO_ROUTER_ALERT, "rx_no_router_alert", "no Router Alert option") \
	X(RX_BAD_SOURCE, "rx_bad_source", \
		"the source is an own address, not unicast, or for MLD not link-local") \
	X(RX_BAD_DESTINATION, "rx_bad_destination", \
		"a query to an address that it may not be sent to") \
	X(RX_BAD_GROUP, "rx_bad_group", \
		"a query for a group that is not multicast, or for all groups with sources") \
	X(RX_TRUNCATED, "rx_truncated", "the message ends before its last source") \
	X(RX_UNKNOWN_TYPE, "rx_unknown_type", "a message of an unknown type") \
	X(RX_OLD_IGNORED, "rx_old_ignored", \
		"a query of an older version, with `ignore_older_versions`") \
	X(RX_NO_STATE, "rx_no_state", "accepted, but there is nothing to report") \
	X(RX_LENIENT_ROUTER_ALERT, "rx_lenient_router_alert", \
		"accepted without the Router Alert option") \
	X(RX_OFF_SUBNET, "rx_off_subnet", \
		"answered, but not learned from: the querier is of another subnet") \
	X(RX_SOURCES_OVERFLOW, "rx_sources_overflow", \
		"too many sources are queried; the response reports the whole group") \
	X(TX_AGAIN, "tx_again", "a report waits because the port is full")

#define SLUICE_DROP_STATS(X) \
	X(uint64_t, count, "count", COUNTER, PACKETS, "COUNT", "dropped for this reason")
// clang-format on

// ---- Structures ----------------------------------------------------------------------------

// These are for X. COPY and ADD are for two structures with the members of a list, `to` and `from`.
#define SLUICE_STATS_MEMBER(type, member, ...) type member;
#define SLUICE_STATS_COPY(type, member, ...) (to)->member = (from)->member;
#define SLUICE_STATS_ADD(type, member, ...) (to)->member += (from)->member;

struct sluice_group_stats {
	SLUICE_GROUP_STATS(SLUICE_STATS_MEMBER)
};

struct sluice_output_stats {
	SLUICE_OUTPUT_STATS(SLUICE_STATS_MEMBER)
};

struct sluice_session_stats {
	SLUICE_OUTPUT_STATS(SLUICE_STATS_MEMBER)
	uint64_t events_lost; // events not kept, because too many waited
};

struct sluice_port_stats {
	SLUICE_PORT_STATS(SLUICE_STATS_MEMBER)
};

struct sluice_interface_stats {
	SLUICE_INTERFACE_STATS(SLUICE_STATS_MEMBER)
	// The counters of its port, which the VLANs of the port share.
	SLUICE_PORT_COUNTERS(SLUICE_STATS_MEMBER)
};

// The control thread.
struct sluice_control_stats {
	SLUICE_CONTROL_STATS(SLUICE_STATS_MEMBER)
};

// What is kept for a client of the control socket.
struct sluice_connection_stats {
	SLUICE_CONNECTION_STATS(SLUICE_STATS_MEMBER)
};

struct sluice_worker_stats {
	unsigned lcore;
	SLUICE_WORKER_STATS(SLUICE_STATS_MEMBER)
};

struct sluice_querier_stats {
	SLUICE_QUERIER_STATS(SLUICE_STATS_MEMBER)
};

struct sluice_drop_stats {
	unsigned ifindex; // 0: refused by the workers, else by the interface's protocol machine
	uint16_t family; // of that machine, AF_INET or AF_INET6
	char reason[SLUICE_NAME_MAX]; // "not_joined", as `sluice show drops` has it
	SLUICE_DROP_STATS(SLUICE_STATS_MEMBER)
};

#ifdef __cplusplus
}
#endif

#endif
