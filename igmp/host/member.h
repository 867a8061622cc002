// SPDX-License-Identifier: BSD-3-Clause
// Sessions and their memberships: the service interface of RFC 9776 section 2, with the calls and
// errors of RFC 3678 (PROTOCOL.md section API, column D) and counted joins.
//
// A session owns memberships. A membership is (session, host, group) with a filter and a join
// counter. The interface's state is their merge (STA-4, STA-5), kept incrementally. Calls
// change state and tell the data plane through host_ops.publish; reports leave at host_flush().
// A failed call changes nothing (API-41). All return 0 or a negative errno. Calls that can begin a
// membership take an `arg` for host_ops.publish, which may give the new member its user pointer.
#ifndef IGMP_MEMBER_H
#define IGMP_MEMBER_H

#include <sys/queue.h>

#include "host.h"

struct session_limits {
	uint32_t groups; // memberships of the session, over all interfaces; -ENOBUFS beyond
	uint32_t sources; // a filter, at least 64
};

// Opens a session with no membership. `user` comes back from session_user(). NULL: out of memory.
struct session *session_open(const struct session_limits *limits, void *user);

// Leaves all groups on all hosts (API-42) and frees the session. The caller flushes the hosts.
void session_close(struct session *session);

// Leaves at most n groups, the newest first. Returns whether the session has none left.
bool session_leave_some(struct session *session, unsigned n);

// Limits below what the session has hold for later calls only.
void session_set_limits(struct session *session, const struct session_limits *limits);

void *session_user(const struct session *session);
unsigned session_members(const struct session *session);
// Walks over the members, the newest first. NULL at the end.
struct member *session_first_member(struct session *session);
struct member *session_next_member(const struct member *member);

// Any-source join. The first one makes the membership EXCLUDE{}, a repeated one only counts. n
// leaves undo n joins, whatever filter was set in between.
//
// -EINVAL   the group is not multicast, cannot be joined, is of the wrong family or in an SSM range
//           (SSM-2), or the membership is INCLUDE
// -ENOBUFS  a limit
// -ENOMEM   no memory
int member_join(struct session *session, struct host *host, const struct sluice_addr *group,
	const void *arg);

// Undoes one join and leaves the filter alone, unless it is the last one: then the membership ends,
// whatever its filter (API-13). A membership that was made by a source or by a filter counts one
// join. -EADDRNOTAVAIL never joined, -EINVAL not multicast.
int member_leave(struct session *session, struct host *host, const struct sluice_addr *group);

// The delta calls of RFC 3678 on an INCLUDE (join, leave) or EXCLUDE (block, unblock) membership;
// errors as PROTOCOL.md API-14 to API-25 and API-40.
int member_join_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source, const void *arg);
int member_leave_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source);
int member_block_source(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source);
int member_unblock_source(struct session *session, struct host *host,
	const struct sluice_addr *group, const struct sluice_addr *source);

// Replaces the whole filter (API-26 to API-32), or makes a membership with one join. The count of
// joins of an existing membership stays. INCLUDE without sources ends the membership, whatever its
// count. Sources may be unsorted and contain duplicates.
int member_set_filter(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_source_filter *filter, const void *arg);

// Reads the filter: *n holds the room on entry and the total on return (API-5); sources may be
// NULL if the room is 0. -EADDRNOTAVAIL without a membership (API-33).
int member_get_filter(const struct session *session, const struct host *host,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n);

// ---- One membership -----------------------------------------------------------------------

enum member_state {
	MEMBER_PENDING, // its join is not yet on the wire
	MEMBER_JOINED,
};

// NULL if there is none. The pointer lives until the membership ends.
struct member *member_find(
	const struct session *session, const struct host *host, const struct sluice_addr *group);
// A member of the group, whose session may be any; NULL if none is known without its session.
struct member *member_of_group(const struct host *host, const struct sluice_addr *group);

// Walks the memberships of a session in parts, from the newest to the oldest, while some end in
// between: each that is there from the beginning to the end is met once.
struct member_walk {
	LIST_ENTRY(member_walk) entry;
	struct session *session; // NULL once it is closed
	struct member *next;
};
void member_walk_begin(struct member_walk *walk, struct session *session);
struct member *member_walk_next(struct member_walk *walk); // NULL at the end
void member_walk_end(struct member_walk *walk);

struct session *member_session(const struct member *member);
struct host *member_host(const struct member *member);
void member_group(const struct member *member, struct sluice_addr *group);
enum member_state member_state(const struct member *member);
unsigned member_joins(const struct member *member); // the join counter
// The present filter; its sources are sorted, owned by the membership, and valid until it changes.
struct sluice_source_filter member_filter(const struct member *member);

// A pointer for the caller's own use, NULL at first.
void *member_user(const struct member *member);
void member_set_user(struct member *member, void *user);

#endif
