// SPDX-License-Identifier: BSD-3-Clause
// The sources of one group: how many members include and exclude each, whether it has been
// reported, and how often that is still to be repeated (STA-4, STA-5, CHG-9).
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
	LIST_ENTRY(source) bucket; // of source_set->buckets, if excludes > 0
	TAILQ_ENTRY(source) change; // if changing
	uint8_t addr[16];
	uint32_t includes; // members
	uint32_t excludes; // members
	uint32_t priority; // of the treap
	uint8_t repeats; // state-change reports that still have to name it
	bool reported; // in the list that routers have
	bool changing; // on the list of changes
};

LIST_HEAD(source_bucket, source);

// How much of a list that takes several reports has been sent. The place is an address, so that it
// holds even if sources are added and removed meanwhile.
struct source_place {
	bool partly; // the sources before `from` have been sent; else nothing has
	uint8_t from[16];
};

struct source_set {
	struct source *root;
	TAILQ_HEAD(, source) order;
	TAILQ_HEAD(, source) changes; // changed since the last report, or to be repeated
	struct source_bucket *buckets; // [n]: sources that n members exclude
	unsigned n_buckets;
	unsigned n_sources;
	unsigned n_included; // sources with includes > 0
	unsigned n_reported;
	unsigned n_changes;
	unsigned n_round; // changes left of the transmission in progress; 0: none is in progress
	struct source_place place; // in a TO_IN list that takes several reports
};

struct source_set *source_set_open(size_t *held);
void source_set_close(struct source_set *set, size_t *held); // must have no sources

// Makes room for buckets up to n, so that n members can exclude a source. False: no memory.
bool source_set_reserve(struct source_set *set, unsigned n, size_t *held);

struct source *source_find(const struct source_set *set, const uint8_t addr[16]);
// The first source not before addr, NULL at the end.
struct source *source_from(const struct source_set *set, const uint8_t addr[16]);
// Finds the source or creates it. The pool must have one in reserve.
struct source *source_get(struct source_set *set, struct pool *pool, const uint8_t addr[16]);

// Finds or creates the sources of a sorted list one after the other. Unless the list is much
// smaller than the set, the cost is linear in the sources of both.
struct source_run {
	struct source_set *set;
	struct pool *pool;
	struct source *next; // the first that has not been passed
	bool merge; // follows the order instead of the tree, which is rebuilt at the end
};

void source_run_begin(
	struct source_run *run, struct source_set *set, struct pool *pool, unsigned n);
struct source *source_run_get(struct source_run *run, const uint8_t addr[16]);
void source_run_end(struct source_run *run);

// Count one member more (+1) or less (-1). Both mark the source as changing.
void source_include(struct source_set *set, struct source *source, int by);
void source_exclude(struct source_set *set, struct source *source, int by);
void source_touch(struct source_set *set, struct source *source);

void source_set_reported(struct source_set *set, struct source *source, bool reported);
// Nothing is left to be sent for the source. Frees it if no member names it and routers do not list
// it. Not within a run.
void source_settle(struct source_set *set, struct source *source);

#endif
