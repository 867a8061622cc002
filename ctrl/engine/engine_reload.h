// SPDX-License-Identifier: BSD-3-Clause
// A reload that is under way. Shared by the files that carry it out; engine_reload.c lists its
// phases. Sessions, memberships and links may change between two parts, so that a reload keeps no
// pointer to a session, and reads a membership only within a part.
#ifndef CTRL_ENGINE_RELOAD_H
#define CTRL_ENGINE_RELOAD_H

#include "engine_private.h"

// The memberships of all sessions, those of closing sessions included.
struct engine_reload_walk {
	struct engine_session_walk sessions;
	struct member_walk members; // of the session that was returned last
	bool open;
};

// What is joined beyond a limit, for the report.
struct engine_reload_excess {
	unsigned session_groups; // of the largest session
	char session[CONFIG_NAME_MAX + 1];
	unsigned sources; // of the largest filter
	struct sluice_addr group;
	const struct engine_interface *interface; // of the group
};

// The memberships of a session that have lost their outputs.
struct engine_reload_bare {
	unsigned n;
	char session[CONFIG_NAME_MAX + 1];
	struct sluice_addr group; // of one of them
	const struct engine_interface *interface;
};

struct engine_reload {
	struct engine *engine;
	const struct config *config;
	struct engine_report *report;
	unsigned phase;
	unsigned at; // how many entries of the configuration the phase has dealt with
	struct engine_reload_walk walk; // of a phase that deals with sessions

	struct engine_outputs fresh; // opened, and not listed yet
	struct engine_outputs stale; // withdrawn, while memberships may deliver to them
	bool stuck; // one of them could not be moved to other outputs
	struct engine_reload_bare bare;

	struct engine_wanted wanted; // the configured memberships
	struct member_walk configured; // the memberships of the session "config"

	struct engine_interface *interface; // whose hosts get the new settings next
	bool reconfigured; // it has them, but its groups are still compared with them
	bool lower; // a limit is
	struct engine_reload_excess excess;
};

// A phase. Carries out a part of it, some tens of microseconds, and returns true after the last.
typedef bool (*engine_reload_fn)(struct engine_reload *reload);

// engine_reload_walk.c
void engine_reload_walk_begin(struct engine_reload *reload);
// NULL at the end. It may be used within the same part only.
struct engine_session *engine_reload_walk_session(struct engine_reload *reload);
struct member *engine_reload_walk_member(struct engine_reload *reload); // NULL: the session's end
void engine_reload_walk_end(struct engine_reload *reload);
void engine_reload_walk_name(const struct engine_session *session, char name[CONFIG_NAME_MAX + 1]);

// engine_reload_output.c
bool engine_reload_output_open(struct engine_reload *reload); // the new and the changed ones
bool engine_reload_output_swap(struct engine_reload *reload); // lists them in place of the stale
bool engine_reload_output_move(struct engine_reload *reload); // memberships of stale ones
bool engine_reload_output_close(struct engine_reload *reload); // the stale ones
void engine_reload_output_cancel(struct engine_reload *reload);

// engine_reload_limits.c
bool engine_reload_limits_set(struct engine_reload *reload);
bool engine_reload_limits_hosts(struct engine_reload *reload);
bool engine_reload_limits_sessions(struct engine_reload *reload);

// engine_reload_membership.c
bool engine_reload_membership_list(struct engine_reload *reload); // fills reload->wanted
bool engine_reload_membership_leave(struct engine_reload *reload); // those not in reload->wanted
bool engine_reload_membership_join(struct engine_reload *reload);

#endif
