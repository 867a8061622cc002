// SPDX-License-Identifier: BSD-3-Clause
// A group: its members and its record. Private to igmp/host.
#ifndef IGMP_GROUP_H
#define IGMP_GROUP_H

#include <assert.h>

#include "source_list.h"
#include "host_private.h"
#include "member.h"
#include "source.h"

// ---- Members ---------------------------------------------------------------------------------

struct member {
	struct session *session; // NULL: unused
	struct source_list *sources; // NULL: none
	void *user;
	uint32_t joins;
	uint32_t place; // in the session's array
	uint8_t mode; // enum sluice_filter_mode
	uint8_t state; // enum member_state, or MEMBER_REPORTED
	bool additional; // it is part of a struct additional_member
};

#define MEMBER_REPORTED 2 // its join was sent, host_ops.joined must be called

// A member of a group that already has one.
struct additional_member {
	struct member member;
	struct group *group;
	LIST_ENTRY(additional_member) pending; // group_rest->pending, until MEMBER_JOINED
};

static inline struct sluice_source_filter group_member_filter(const struct member *member)
{
	return source_list_filter(member->mode, member->sources);
}

// ---- Groups -----------------------------------------------------------------------------------

// Where a group waits for its next state-change report.
enum group_phase {
	GROUP_IDLE, // nothing to send
	GROUP_QUEUED, // in host->queue: waits for host_flush(), then for its turn
	GROUP_WAITING, // its timer runs
};

// The first part of a group is one cache line. For most groups neither a call nor the response to a
// general query reads more. struct group_rest is the second part.
struct group {
	uint8_t addr[16];
	struct member first; // the only member of most groups
	uint32_t n_exclude; // members in EXCLUDE
	uint8_t phase; // enum group_phase
	uint8_t reported_mode; // what routers know; INCLUDE at first
	uint8_t repeats; // filter-mode reports, or older reports, still to be sent
	bool due : 1; // its timer has expired
	bool silent : 1; // never reported
	bool ssm : 1; // never in EXCLUDE (SSM-3)
	bool query_pending : 1; // older versions: the timer is also that of a response
	bool last_reporter : 1; // older versions: no other host has reported since
	bool notify : 1; // on the list host->notify
	bool has_additional : 1; // has a struct additional_member
	bool has_sources : 1; // group_rest->sources is set
};

struct group_rest {
	struct source_set *sources;
	struct response *response; // NULL: none is pending
	LIST_HEAD(, additional_member) pending;
	struct wheel_timer timer; // GROUP_WAITING
	uint32_t n_additional; // members
	uint32_t next_notify; // pool number of the next group on host->notify
};

static_assert(
	sizeof(struct group) == 64 && sizeof(struct group_rest) == 64, "each fills a cache line");

static inline struct group_rest *group_rest(const struct group *group)
{
	return pool_rest(group, sizeof(struct group), sizeof(struct group_rest));
}

static inline struct group *group_front(const struct group_rest *rest)
{
	return pool_front(rest, sizeof(struct group), sizeof(struct group_rest));
}

// NULL if no member has ever named a source.
static inline struct source_set *group_sources(const struct group *group)
{
	return group->has_sources ? group_rest(group)->sources : NULL;
}

// Sessions.
static inline unsigned group_members(const struct group *group)
{
	return (group->first.session != NULL) +
	       (group->has_additional ? group_rest(group)->n_additional : 0);
}

static inline struct group *group_of(const struct member *member)
{
	if (member->additional)
		return container_of(member, struct additional_member, member)->group;
	return container_of(member, struct group, first);
}

static inline struct host *group_host(const struct group *group)
{
	return container_of(pool_of(group), struct host, group_pool);
}

// The groups in the order of memory, which is the order of joining as long as none is left.
// NULL returns the first.
static inline struct group *group_next(const struct host *host, const struct group *group)
{
	return pool_next(&host->group_pool, group);
}

// A state-change report that takes several packets begins again with the first.
static inline void group_restart_report(struct group *group)
{
	struct source_set *set = group_sources(group);

	if (set == NULL)
		return;
	set->n_round = 0;
	set->place.partly = false;
}

struct group *group_find(const struct host *host, const uint8_t addr[16]);
struct group *group_add(struct host *host, const struct sluice_addr *addr);
void group_classify(struct host *host, struct group *group); // sets `silent` and `ssm`
void group_free(struct host *host, struct group *group);
void group_address(const struct group *group, struct sluice_addr *addr);

// The interface state (STA-4, STA-5).
static inline enum sluice_filter_mode group_mode(const struct group *group)
{
	return group->n_exclude > 0 && !group->ssm ? SLUICE_EXCLUDE : SLUICE_INCLUDE;
}

static inline bool group_lists(const struct group *group, const struct source *source)
{
	if (group_mode(group) == SLUICE_INCLUDE)
		return source->includes > 0;
	return source->excludes == group->n_exclude && source->includes == 0;
}

static inline bool group_exists(const struct group *group)
{
	return group_mode(group) == SLUICE_EXCLUDE ||
	       (group->has_sources && group_sources(group)->n_included > 0);
}

static inline bool group_is_reported(const struct group *group)
{
	return group->reported_mode == SLUICE_EXCLUDE ||
	       (group->has_sources && group_sources(group)->n_reported > 0);
}

// Whether a response names it.
static inline bool group_responds(const struct group *group)
{
	return group_exists(group) && !group->silent;
}

int group_reserve_sources(struct host *host, struct group *group, unsigned n);
// Reserves memory for n more sources in the filter of a member, so that group_merge() cannot fail.
static inline int group_reserve(struct host *host, struct group *group, unsigned n)
{
	return n == 0 && !group->has_sources ? 0 : group_reserve_sources(host, group, n);
}

// A member goes from one filter to another.
void group_merge(struct host *host, struct group *group, const struct sluice_source_filter *before,
	const struct sluice_source_filter *after);
// The special case of one source more (+1) or less (-1) in the filter.
void group_merge_source(struct host *host, struct group *group, enum sluice_filter_mode mode,
	const struct sluice_addr *source, int by);

#endif
