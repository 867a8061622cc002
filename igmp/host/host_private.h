// SPDX-License-Identifier: BSD-3-Clause
// The protocol machine of one host. Its interface is in host.h and member.h; this header and those
// of the files below are private to igmp/.
//
// host.c               opens, closes and drives the machine
// host_input.c         what a host does with a packet; host_log.c limits its log lines
// host_config.c        what the operator configures
// host_group.c         what can be read of a group; host_listing.c lists the groups in pages
// host_drop.c          why messages are dropped
//
// session.c            sessions; member_array.c has the members of each
// member.c             the calls on memberships
// member_ref.c         how a membership begins, changes and ends
// member_walk.c        walks over the members of a session while they end
// group.c              the record of a group: the merge of its members; source.c its sources
// source_list.c        the sources of one filter
// additional_member.c  the members of a group after its first
// member_notify.c      tells members that their join was reported
//
// schedule.c           when each group sends; group_queue.c has the groups that wait
// state_change.c       state-change reports
// response.c           responses to queries; general_response.c to general queries
// older_version.c      all messages of older versions
// compat.c             which version is spoken
// query.c              which packets are queries, and for this host
// report.c             writes records and sends reports
#ifndef IGMP_HOST_PRIVATE_H
#define IGMP_HOST_PRIVATE_H

#include "response.h"
#include "host.h"
#include "rate_limit.h"
#include "pool.h"
#include "group_queue.h"
#include "random.h"
#include "message_build.h"
#include "hash_table.h"
#include "general_response.h"
#include "wheel.h"

#define container_of(ptr, type, field) ((type *)((char *)(ptr)-offsetof(type, field)))

enum timer_kind {
	TIMER_GROUP, // the next repeat of a change; in an older version also a response
	TIMER_RESPONSE, // the response to a query of one group
	TIMER_GENERAL_RESPONSE, // the response to a general query
	TIMER_COMPAT, // an older querier has fallen silent
	TIMER_TRANSMIT, // retry after a full port or the rate limit
};

// A list of groups that is being read, see host_listing.h.
struct host_listing {
	LIST_ENTRY(host_listing) entry;
	struct host *host; // NULL once it is closed
	uint32_t next; // the pool number to go on with
	uint32_t end; // groups with higher numbers were joined since
	uint64_t joined_since[]; // one bit per pool number
};

struct host {
	const struct wire_family *wire;
	const struct host_ops *ops;
	void *ctx;
	struct host_config config;
	struct host_range *ssm_ranges; // config.ssm_ranges points here
	size_t memory;
	uint64_t random;
	uint64_t hash_seed; // of group_table, whatever is reconfigured

	LIST_HEAD(, host_listing) listings;
	struct pool group_pool, member_pool, source_pool, response_pool;
	struct hash_table group_table;
	struct hash_table member_table; // of struct additional_member
	unsigned n_groups; // with members
	uint32_t classify_next; // pool number of the next group to compare with ssm_ranges; 0: none

	struct group_queue queue; // groups
	struct response_queue responses;
	uint32_t notify; // pool number of the first group with members to notify, 0: none
	unsigned n_changing; // groups that are not GROUP_IDLE
	unsigned n_queried; // sources kept by all responses
	struct general_response general_response;

	struct wheel wheel;
	struct wheel_timer compat, transmit;
	bool compat_set, transmit_set;
	bool transmitting; // a callback must not start it again
	bool up;
	struct rate_limit rate_limit;
	struct message_build report; // the packet under construction

	struct host_address *addresses;
	unsigned n_addresses;
	struct sluice_addr source; // of all packets sent

	unsigned version; // in use
	uint64_t older_until_ms[3]; // [version]: when an older querier of this version is forgotten
	uint8_t qrv; // of the last query, 0 if unknown
	struct sluice_addr querier;
	unsigned querier_version;
	uint64_t querier_heard_ms;
	uint32_t querier_interval_ms;
	uint64_t learned_until_ms; // when qrv and querier_interval_ms are forgotten

	uint64_t log_next_ms;
	struct host_counters counters;
	uint64_t drops[HOST_DROPS];
};

// Logs a line for the operator, at most one per second.
void host_log(struct host *host, uint64_t now_ms, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
