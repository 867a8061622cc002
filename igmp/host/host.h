// SPDX-License-Identifier: BSD-3-Clause
// The host side of IGMPv1-3 or MLDv1-2 on one interface.
//
// A host holds the reception state of one interface and one family, receives queries and the
// reports of other hosts, and sends reports and leaves. It has no clock, no thread and no I/O: the
// caller passes the time in, carries packets both ways and calls host_advance() when host_next_ms()
// is due. Time is monotonic milliseconds from any origin and never runs backwards.
//
// All functions of igmp/ belong to one thread, the control thread. None blocks.
#ifndef IGMP_HOST_H
#define IGMP_HOST_H

#include <stddef.h>
#include <sluice/stats.h>

struct host;
struct member;
struct session;

#define HOST_NEVER UINT64_MAX // no deadline

// A prefix; groups within an SSM range take source-specific joins only (RFC 4607).
struct host_range {
	struct sluice_addr prefix;
	uint8_t length; // bits
};

// Everything PROTOCOL.md section TMR and the decisions of section DEC leave to the operator.
// host_config_default() fills in the defaults named here.
struct host_config {
	uint8_t robustness; // TMR-1: 2. Replaced by the querier's QRV while one is present (CHG-18)
	uint32_t query_interval_ms; // TMR-2: 125 s
	uint32_t query_response_interval_ms; // TMR-3: 10 s
	uint32_t unsolicited_report_interval_ms; // TMR-4, IGMPv3 and MLDv2: 1 s
	uint32_t older_unsolicited_report_interval_ms; // TMR-4, IGMPv1/v2 and MLDv1: 10 s
	uint32_t older_querier_timeout_ms; // TMR-5; 0 computes RV*QI+QRI from its last query,
					   // at most 7*query_interval_ms+QRI
	bool require_router_alert; // VAL-6: false. MLD requires it always
	bool strict_ttl; // VAL-5: false. MLD requires hop limit 1 always
	bool ignore_off_subnet; // VAL-18: false
	bool learn_off_subnet; // false: IGMP queries of other subnets are only answered
	bool ignore_older_versions; // CMP-17: false
	bool always_leave; // CMP-10: false skips a v2 leave or MLDv1 done if another host reported
			   // last
	bool ssm_aware; // SSM-2: true
	bool report_link_local; // IGMP-13: true. 224.0.0.0/24 except 224.0.0.1
	const struct host_range *ssm_ranges; // copied; NULL means SSM-1's defaults
	unsigned n_ssm_ranges;
	uint32_t max_groups; // SEC-6: 1,000,000 per host
	uint32_t max_sources; // STA-3: 1024 per filter
	uint16_t mtu; // bytes of an IP packet: 1500
	uint32_t report_rate; // frames per second in a long burst: 20000
	uint32_t report_burst; // frames that may leave back to back: 128
	uint64_t seed; // of the random delays; equal seeds give equal runs
};

void host_config_default(struct host_config *config);

// A change of one membership; the calls of member.h cause it.
struct member_change {
	struct session *session;
	const struct sluice_addr *group;
	struct member *member; // a new one is not found by member_find() yet
	bool is_new; // the membership begins with this change
	bool first; // and is the first of its group
	bool last; // the membership ends, and is the last of its group
	const void *arg; // what the caller of member.h has passed; NULL if the call takes none
	// From now on; sources sorted by memcmp(), no duplicates. Empty: the membership ends.
	struct sluice_source_filter filter;
};

struct host_ops {
	// Sends one complete IP packet, IP header first, to a link-layer multicast destination that
	// follows from `dst` (FRM-9, FRM-10). Returns 0, or -EAGAIN if the port is full: the host
	// then keeps the report and tries again within 10 ms.
	int (*send)(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst);

	// A membership is about to change. Called before any state of the host changes and before
	// a report is sent, so that the data plane is first. A negative errno refuses the change
	// and becomes the failed call's return value; the change must not be refused when it
	// withdraws or narrows. Called only if the filter really changes.
	int (*publish)(void *ctx, struct host *host, const struct member_change *change);

	// The join of the membership was reported, or needs no report (PENDING -> JOINED).
	void (*joined)(void *ctx, struct host *host, struct member *member);

	// One line for the operator's log, rate-limited by the host (SEC-5). May be NULL.
	void (*log)(void *ctx, struct host *host, const char *text);
};

// Opens a host of `family` (AF_INET: IGMP, AF_INET6: MLD). `config` is copied, `ops` must outlive
// the host. Returns NULL with errno ENOMEM or EINVAL.
struct host *host_open(int family, const struct host_config *config, const struct host_ops *ops,
	void *ctx, uint64_t now_ms);

// Frees the host. All memberships must have ended. Repeats that are left are not sent.
void host_close(struct host *host);

void *host_context(const struct host *host);
int host_family(const struct host *host);

// True if the host is SSM-aware and the group lies in one of its SSM ranges (SSM-2).
bool host_config_is_ssm(const struct host *host, const struct sluice_addr *group);

// Replaces the configuration. A new seed has no effect. Limits below the present use hold for
// later calls only. Groups keep their filter modes until host_classify_some() has compared them
// with the new SSM ranges.
int host_reconfigure(struct host *host, const struct host_config *config, uint64_t now_ms);
// Compares the next n groups. Returns true once all are compared.
bool host_classify_some(struct host *host, unsigned n);

// Sets the addresses of the interface. The first IPv4 address (or 0.0.0.0 without one) is the
// source of IGMP reports, the first valid IPv6 link-local (or ::) of MLD reports. When a first
// link-local appears, all groups are announced again (MLD-13). prefix_length serves VAL-18.
struct host_address {
	struct sluice_addr addr;
	uint8_t prefix_length;
};
int host_set_addresses(
	struct host *host, const struct host_address *addrs, unsigned n, uint64_t now_ms);

// Sets the link state, which is up at first. Nothing is sent while it is down. When it comes up,
// all groups are announced again (CHG-17).
void host_set_link(struct host *host, bool up, uint64_t now_ms);

// Handles one received IP packet that carries IGMP or MLD, IP header first. Padding may follow it.
// A malformed packet, or one that is not for this host, is dropped and counted by reason.
void host_input(struct host *host, const uint8_t *packet, size_t len, uint64_t now_ms);

// Sends the state-change reports for all changes made by member_*() calls since the last flush,
// packed together (CHG-6, CHG-16). Changes that cancel each other before a flush are never
// sent. To be called at the end of each call or batch of calls.
void host_flush(struct host *host, uint64_t now_ms);

// Runs everything that is due at now_ms.
void host_advance(struct host *host, uint64_t now_ms);

// When host_advance() is next needed, HOST_NEVER if nothing is pending. O(1).
uint64_t host_next_ms(const struct host *host);

// True while repeats of a report or leave are still to be sent, and in an older version also while
// a response is pending, because it uses the same timer. SIGTERM waits for it: groups that have
// been left have no response.
bool host_busy(const struct host *host);

// ---- Status ------------------------------------------------------------------------------

enum host_group_state {
	HOST_GROUP_PENDING, // joined, not yet reported
	HOST_GROUP_JOINED,
	HOST_GROUP_LEAVING, // left, its repeats are still to be sent
};

struct host_group_info {
	struct sluice_addr group;
	enum sluice_filter_mode mode; // the interface state, STA-4 and STA-5
	enum host_group_state state;
	unsigned n_members; // sessions
	unsigned n_sources; // of the interface state
};

// Finds one group; -ENOENT if there is none. The sources of the interface state, sorted, go to
// `sources` as far as there is room for n; info->n_sources tells how many there are.
int host_group_get(const struct host *host, const struct sluice_addr *group,
	struct host_group_info *info, struct sluice_addr *sources, unsigned n);

struct host_status {
	unsigned version; // the compatibility mode: IGMP 1-3, MLD 1-2
	struct sluice_addr querier; // source of the last accepted general query; family 0 if none
	unsigned querier_version;
	uint64_t querier_heard_ms; // when
	uint32_t querier_interval_ms; // its QQIC, 0 if unknown
	uint8_t robustness; // in use
	uint64_t version_until_ms; // when an older mode ends, HOST_NEVER in the newest
	unsigned n_groups; // PENDING and JOINED
	unsigned n_leaving;
	size_t memory; // bytes held
};
void host_status(const struct host *host, struct host_status *status);

struct host_counters {
	SLUICE_HOST_COUNTERS(SLUICE_STATS_MEMBER)
};
// Lives as long as the host.
const struct host_counters *host_counters(const struct host *host);

// HOST_RX_BAD_IP and so on, see SLUICE_HOST_DROPS.
#define HOST_DROP(symbol, ...) HOST_##symbol,
enum host_drop {
	HOST_DROP_NONE, // the message is accepted
	SLUICE_HOST_DROPS(HOST_DROP) HOST_DROPS,
};
#undef HOST_DROP
uint64_t host_drop_count(const struct host *host, enum host_drop reason);
const char *host_drop_name(enum host_drop reason); // "rx_bad_checksum"

#endif
