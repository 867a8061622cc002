// SPDX-License-Identifier: BSD-3-Clause
// The sources of one group: how many members include and exclude each, what the routers were told
// of it, and how often that is still to be repeated (STA-4, STA-5, CHG-9).
#ifndef IGMP_SOURCE_H
#define IGMP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct pool;

struct source {
	struct source *child[2]; // of the treap
	TAILQ_ENTRY(source) order; // by address
	LIST_ENTRY(source) bucket; // with sources excluded by as many members; if excludes > 0
	TAILQ_ENTRY(source) change; // if changing
	uint8_t addr[16];
	uint32_t includes; // members
	uint32_t excludes; // members
	uint32_t priority; // of the treap
	uint8_t repeats; // state-change reports it is still to be in
	bool reported; // in the list the routers believe in
	bool changing; // on the list of changes
};

LIST_HEAD(source_bucket, source);

// How far a list has been sent that takes several reports. An address holds the place even if
// sources come and go meanwhile.
struct source_place {
	bool partly; // the sources before `from` have been sent; else nothing has
	uint8_t from[16];
};

struct source_set {
	struct source *root;
	TAILQ_HEAD(, source) order;
	TAILQ_HEAD(, source) changes; // touched since the last report, or to be repeated
	struct source_bucket *buckets; // [n]: sources that n members exclude
	unsigned n_buckets;
	unsigned n_sources;
	unsigned n_included; // sources with includes > 0
	unsigned n_reported;
	unsigned n_changes;
	unsigned n_round; // changes that the transmission under way has still to name; 0: none is
	struct source_place place; // in a TO_IN list that takes several reports
};

struct source_set *source_set_open(size_t *held);
void source_set_close(struct source_set *set, size_t *held); // must have no sources

// Makes room for buckets up to n: afterwards sources can be excluded by n members. False: no
// memory.
bool source_set_reserve(struct source_set *set, unsigned n, size_t *held);

struct source *source_find(const struct source_set *set, const uint8_t addr[16]);
// The first source not before addr, NULL at the end.
struct source *source_from(const struct source_set *set, const uint8_t addr[16]);
// Finds it or takes it from the pool, which must have it in reserve.
struct source *source_get(struct source_set *set, struct pool *pool, const uint8_t addr[16]);

// Finds or makes the sources of a list one after the other, in rising order. A list that is not
// small beside the set costs as much as the two have sources, whatever their number.
struct source_run {
	struct source_set *set;
	struct pool *pool;
	struct source *next; // none before it is still to come
	bool merge; // along the order instead of down the tree, which is made anew at the end
};

void source_run_begin(
	struct source_run *run, struct source_set *set, struct pool *pool, unsigned n);
struct source *source_run_get(struct source_run *run, const uint8_t addr[16]);
void source_run_end(struct source_run *run);

// Count a member in (+1) or out (-1); both note the source as touched.
void source_include(struct source_set *set, struct source *source, int by);
void source_exclude(struct source_set *set, struct source *source, int by);
void source_touch(struct source_set *set, struct source *source);

void source_set_reported(struct source_set *set, struct source *source, bool reported);
// Nothing is to be said of the source any more. It is gone if no member names it and routers do not
// list it. Not within a run.
void source_settle(struct source_set *set, struct source *source);

#endif
