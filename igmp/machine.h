// SPDX-License-Identifier: BSD-3-Clause
// What the protocol machine of one host consists of. Private to igmp/.
//
// host.c      opens, closes and drives the machine; show.c shows it
// tunables.c  what the operator chooses
// session.c   sessions; member.c the calls that change memberships, membership.c how they change
// further.c   the members of a group after its first; joined.c tells that they have joined
// group.c     the record of a group: the merge of its members
// turn.c      when each group speaks; change.c what it says of its changes
// answer.c    answers queries; walk.c the general ones
// old.c       says all that in old versions; compat.c decides which version to speak
// query.c     decides what is a query, and for us
// report.c    builds and sends frames
#ifndef IGMP_MACHINE_H
#define IGMP_MACHINE_H

#include <assert.h>

#include "filter.h"
#include "host.h"
#include "member.h"
#include "old.h"
#include "pace.h"
#include "pool.h"
#include "queue.h"
#include "random.h"
#include "source.h"
#include "table.h"
#include "turn.h"
#include "walk.h"
#include "wheel.h"
#include "wire.h"

#define container_of(ptr, type, field) ((type *)((char *)(ptr)-offsetof(type, field)))

enum timer_kind {
	TIMER_GROUP, // the next repeat of a change; in an old version also an answer
	TIMER_ANSWER, // the answer to a specific query
	TIMER_WALK, // the answer to a general query
	TIMER_COMPAT, // an older querier has fallen silent
	TIMER_TRANSMIT, // room in the port or in the pace
};

struct member {
	struct session *session; // NULL: not in use
	struct filter *filter; // NULL: no sources
	void *user;
	uint32_t joins;
	uint32_t place; // in the session's array
	uint8_t mode; // enum sluice_filter_mode
	uint8_t state; // enum member_state, or MEMBER_REPORTED
	bool set; // by member_set_filter(): joins do not count it down
	bool further; // it is part of a struct further_member
};

#define MEMBER_REPORTED 2 // to be told that it is MEMBER_JOINED

// A member of a group that had one already.
struct further_member {
	struct member member;
	struct group *group;
	LIST_ENTRY(further_member) pending; // group_rest->pending, until MEMBER_JOINED
};

// Where a group waits for its next state-change report.
enum group_phase {
	GROUP_IDLE, // nothing is to be said
	GROUP_QUEUED, // waits for host_flush(), then for its turn: host->queue
	GROUP_WAITING, // its timer runs
};

// Who is in a group, and what there is to say of it: a cache line, and of most groups neither a
// call nor the walk of an answer reads more. The rest lies apart.
struct group {
	uint8_t addr[16];
	struct member first; // most groups have only this one
	uint32_t n_exclude; // members in EXCLUDE
	uint8_t phase; // enum group_phase
	uint8_t told_mode; // what routers were told; INCLUDE at first
	uint8_t repeats; // filter-mode reports, or old reports, still to be sent
	bool due : 1; // its timer has expired
	bool silent : 1; // never reported
	bool ssm : 1; // never in EXCLUDE (SSM-3)
	bool asked : 1; // old versions: its timer is also that of an answer
	bool last_reporter : 1; // old versions: no other host reported after us
	bool joined : 1; // on the list host->joined
	bool shared : 1; // has further members
	bool sourced : 1; // has a set of sources, since one was named
};

struct group_rest {
	struct source_set *sources;
	struct answer *answer; // to a specific query, NULL if none waits
	LIST_HEAD(, further_member) pending;
	struct wheel_timer timer; // GROUP_WAITING
	uint32_t n_further; // members
	uint32_t next_joined; // the number of the next group on host->joined
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

// NULL if no source was ever named.
static inline struct source_set *group_sources(const struct group *group)
{
	return group->sourced ? group_rest(group)->sources : NULL;
}

// Sessions.
static inline unsigned group_members(const struct group *group)
{
	return (group->first.session != NULL) + (group->shared ? group_rest(group)->n_further : 0);
}

// The answer to a specific query that waits for its time.
struct answer {
	union {
		struct wheel_timer timer;
		TAILQ_ENTRY(answer) queue; // host->answers
	};
	struct group *group;
	uint8_t (*asked)[16]; // sorted; NULL: the whole record is asked for
	unsigned n_asked;
	bool queued; // its time has come
	struct source_place place;
};

TAILQ_HEAD(answer_queue, answer);

// The frame under construction.
struct frame {
	uint8_t *bytes; // mtu
	unsigned len;
	unsigned record_at; // the record under construction
	unsigned n_records;
	unsigned n_sources; // of the record
};

struct host {
	const struct wire *wire;
	const struct host_ops *ops;
	void *ctx;
	struct host_config config;
	struct host_range *ssm_ranges; // config.ssm_ranges points here
	size_t memory;
	uint64_t random;
	uint64_t hash_seed; // of group_table, whatever is reconfigured

	struct pool group_pool, member_pool, source_pool, answer_pool;
	struct table group_table;
	struct table member_table; // further members
	unsigned n_groups; // with members

	struct queue queue; // groups
	struct answer_queue answers;
	uint32_t joined; // the number of the first group with members to be told so, 0: none
	unsigned n_changing; // groups that are not GROUP_IDLE
	unsigned n_asked; // sources held by all answers
	struct walk walk;

	struct wheel wheel;
	struct wheel_timer compat, transmit;
	bool compat_set, transmit_set;
	bool transmitting; // a callback must not start it again
	bool up;
	struct pace pace;
	struct frame frame;

	struct host_address *addresses;
	unsigned n_addresses;
	struct sluice_addr source; // of what we send

	unsigned version; // in use
	uint64_t old_until_ms[3]; // [version]: when an older querier of this version is forgotten
	uint8_t qrv; // what the querier last said, 0 if nothing
	struct sluice_addr querier;
	unsigned querier_version;
	uint64_t querier_heard_ms;
	uint32_t querier_interval_ms;

	uint64_t log_next_ms;
	uint64_t counters[HOST_COUNTERS];
};

static inline bool host_is_newest(const struct host *host)
{
	return host->version == host->wire->newest;
}

static inline uint8_t host_robustness(const struct host *host)
{
	return host->qrv != 0 ? host->qrv : host->config.robustness;
}

static inline void host_count(struct host *host, enum host_counter counter)
{
	host->counters[counter]++;
}

// A line for the operator, at most one a second.
void host_log(struct host *host, uint64_t now_ms, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Sends what may be sent now, and sees to it that the rest comes up again.
void host_transmit(struct host *host, uint64_t now_ms);

// ---- group.c --------------------------------------------------------------------------------

static inline struct host *group_host(const struct group *group)
{
	return container_of(pool_of(group), struct host, group_pool);
}

// The groups in the order of memory, which is that of joining as long as none is left.
// Of NULL: the first.
static inline struct group *group_next(const struct host *host, const struct group *group)
{
	return pool_next(&host->group_pool, group);
}

struct group *group_find(const struct host *host, const uint8_t addr[16]);
struct group *group_add(struct host *host, const struct sluice_addr *addr);
void group_classify(struct host *host, struct group *group); // silent? SSM?
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
	       (group->sourced && group_sources(group)->n_included > 0);
}

static inline bool group_was_told(const struct group *group)
{
	return group->told_mode == SLUICE_EXCLUDE ||
	       (group->sourced && group_sources(group)->n_told > 0);
}

// Whether an answer is to name it.
static inline bool group_is_answered(const struct group *group)
{
	return group_exists(group) && !group->silent;
}

// Makes room for a member's filter with n more sources, so that group_merge() cannot fail.
int group_reserve(struct host *host, struct group *group, unsigned n);

// A member's filter as the group sees it; INCLUDE without sources is no member.
struct filter_view {
	enum sluice_filter_mode mode;
	const struct sluice_addr *sources;
	unsigned n;
};

// A member goes from one filter to another.
void group_merge(struct host *host, struct group *group, const struct filter_view *before,
	const struct filter_view *after);
// The special case of one source more (+1) or less (-1) in the filter.
void group_merge_source(struct host *host, struct group *group, enum sluice_filter_mode mode,
	const struct sluice_addr *source, int by);

// ---- session.c, membership.c ------------------------------------------------------------------

#define SESSION_LEFT 16 // members

struct session {
	struct session_limits limits;
	// In the order of joining. One that ends leaves a blank behind: a list would have it write
	// to its neighbours, which are anywhere in memory. Some blanks are written at a time, when
	// their places have been fetched.
	struct member **members;
	uint32_t room;
	uint32_t end; // of the places in use
	uint32_t n_members;
	uint32_t n_left;
	uint32_t left[SESSION_LEFT]; // places that are still to be blank
	void *user;
};

// Makes sure that session_add() succeeds. False: no memory.
bool session_reserve(struct session *session);
void session_add(struct session *session, struct member *member);
void session_remove(struct session *session, struct member *member);

static inline struct filter_view filter_view(
	enum sluice_filter_mode mode, const struct filter *filter)
{
	return (struct filter_view){
		.mode = mode,
		.sources = filter != NULL ? filter->sources : NULL,
		.n = filter != NULL ? filter->n : 0,
	};
}

static inline struct filter_view member_view(const struct member *member)
{
	return filter_view(member->mode, member->filter);
}

static inline struct group *group_of(const struct member *member)
{
	if (member->further)
		return container_of(member, struct further_member, member)->group;
	return container_of(member, struct group, first);
}

// Ends a membership, which cannot fail.
void member_end(struct member *member);

// ---- change.c -------------------------------------------------------------------------------

// Has the groups at the head of the queue say in one frame what they have to say. False if the port
// or the pace is full.
bool change_transmit(struct host *host, uint64_t now_ms);
// Routers know all there is to know of the group.
void change_adopt(struct group *group);
// Tells everything from the start, as if routers knew nothing (CHG-17, MLD-13).
void change_announce(struct host *host);
// Forgets all repeats (CMP-6).
void change_cancel(struct host *host);

// What a frame that is full holds of the group does not count: it begins again.
static inline void change_restart(struct group *group)
{
	struct source_set *set = group_sources(group);

	if (set == NULL)
		return;
	set->n_round = 0;
	set->place.partly = false;
}

// ---- answer.c -------------------------------------------------------------------------------

struct query;
void answer_query(struct host *host, const struct query *query, uint64_t now_ms);
void answer_expire(struct answer *answer);
bool answer_transmit(struct host *host, uint64_t now_ms);
void answer_forget(struct host *host, struct group *group); // the group goes away
void answer_cancel(struct host *host);

// ---- compat.c -------------------------------------------------------------------------------

void compat_hear(struct host *host, const struct query *query, uint64_t now_ms);
void compat_update(struct host *host, uint64_t now_ms);

// ---- report.c -------------------------------------------------------------------------------

int report_open(struct host *host, unsigned mtu);
void report_close(struct host *host);
void report_begin(struct host *host);
bool report_record(struct host *host, enum wire_record type, const struct group *group);
bool report_source(struct host *host, const uint8_t addr[16]);
unsigned report_room(const struct host *host); // bytes left in the frame
void report_record_undo(struct host *host);
bool report_send(struct host *host); // false: the port is full
bool report_send_old(struct host *host, const struct group *group, bool leave);

// What became of a list that was to go into the frame.
enum report_result {
	REPORT_WHOLE, // it is in
	REPORT_PART, // the frame is full with the first part of it
	REPORT_FULL, // nothing of it is in: send the frame and try again
};

// Adds a record of the group's mode and list: to answer with, or for routers that know another
// mode. A list that does not fit in an empty frame is split, or if it excludes, cut (CHG-14,
// CHG-15). It begins at the place and moves it on.
enum report_result report_current_state(
	struct host *host, const struct group *group, struct source_place *place);
enum report_result report_mode_change(
	struct host *host, const struct group *group, struct source_place *place);

#endif
