// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "address.h"
#include "memory.h"
#include "pool.h"
#include "source.h"
#include "hash_table.h"

#define MERGE_SHARE 8 // a list below this share of the set is looked up one by one

struct source_set *source_set_open(size_t *held)
{
	struct source_set *set = memory_get(held, sizeof(*set));

	if (set != NULL) {
		TAILQ_INIT(&set->order);
		TAILQ_INIT(&set->changes);
	}
	return set;
}

void source_set_close(struct source_set *set, size_t *held)
{
	memory_put(held, set->buckets, set->n_buckets * sizeof(*set->buckets));
	memory_put(held, set, sizeof(*set));
}

bool source_set_reserve(struct source_set *set, unsigned n, size_t *held)
{
	unsigned n_buckets = set->n_buckets > 0 ? set->n_buckets : 4;
	struct source_bucket *buckets;

	while (n_buckets <= n)
		n_buckets *= 2;
	if (n_buckets == set->n_buckets)
		return true;
	buckets = memory_get(held, n_buckets * sizeof(*buckets));
	if (buckets == NULL)
		return false;
	for (unsigned i = 0; i < set->n_buckets; i++) {
		buckets[i] = set->buckets[i];
		if (!LIST_EMPTY(&buckets[i]))
			LIST_FIRST(&buckets[i])->bucket.le_prev = &buckets[i].lh_first;
	}
	memory_put(held, set->buckets, set->n_buckets * sizeof(*buckets));
	set->buckets = buckets;
	set->n_buckets = n_buckets;
	return true;
}

// The priorities of a treap must not follow the keys.
static uint32_t priority_of(const uint8_t addr[16])
{
	uint64_t word[2];

	memcpy(word, addr, sizeof(word));
	return hash_table_mix(hash_table_mix(word[0]) + word[1]);
}

struct source *source_from(const struct source_set *set, const uint8_t addr[16])
{
	struct source *at = set->root;
	struct source *found = NULL;

	while (at != NULL) {
		if (address_compare(at->addr, addr) >= 0) {
			found = at;
			at = at->child[0];
		} else {
			at = at->child[1];
		}
	}
	return found;
}

struct source *source_find(const struct source_set *set, const uint8_t addr[16])
{
	struct source *found = source_from(set, addr);

	return found != NULL && address_compare(found->addr, addr) == 0 ? found : NULL;
}

// Splits a tree into the sources before addr and those after it.
static void split(
	struct source *tree, const uint8_t addr[16], struct source **before, struct source **after)
{
	while (tree != NULL) {
		if (address_compare(tree->addr, addr) < 0) {
			*before = tree;
			before = &tree->child[1];
			tree = *before;
		} else {
			*after = tree;
			after = &tree->child[0];
			tree = *after;
		}
	}
	*before = *after = NULL;
}

// Joins two trees, all of `before` sorting before all of `after`, at *tree.
static void join(struct source **tree, struct source *before, struct source *after)
{
	while (before != NULL && after != NULL) {
		if (before->priority > after->priority) {
			*tree = before;
			tree = &before->child[1];
			before = *tree;
		} else {
			*tree = after;
			tree = &after->child[0];
			after = *tree;
		}
	}
	*tree = before != NULL ? before : after;
}

static void insert_in_tree(struct source_set *set, struct source *source)
{
	struct source **at = &set->root;

	while (*at != NULL && (*at)->priority >= source->priority)
		at = &(*at)->child[address_compare((*at)->addr, source->addr) < 0];
	split(*at, source->addr, &source->child[0], &source->child[1]);
	*at = source;
}

// Creates a source before `next`, NULL: at the end. It is not yet in the tree.
static struct source *insert(
	struct source_set *set, struct pool *pool, const uint8_t addr[16], struct source *next)
{
	struct source *source = pool_get(pool);

	memcpy(source->addr, addr, sizeof(source->addr));
	source->priority = priority_of(addr);
	if (next != NULL)
		TAILQ_INSERT_BEFORE(next, source, order);
	else
		TAILQ_INSERT_TAIL(&set->order, source, order);
	set->n_sources++;
	return source;
}

struct source *source_get(struct source_set *set, struct pool *pool, const uint8_t addr[16])
{
	struct source *next = source_from(set, addr);
	struct source *source;

	if (next != NULL && address_compare(next->addr, addr) == 0)
		return next;
	source = insert(set, pool, addr, next);
	insert_in_tree(set, source);
	return source;
}

// Hangs `below` under the lowest source of the edge and returns the one above.
static struct source *turn_edge(struct source *lowest, struct source **below)
{
	struct source *above = lowest->child[1];

	lowest->child[1] = *below;
	*below = lowest;
	return above;
}

// Builds the tree from the sources in order. Its right edge grows from below: meanwhile child[1] of
// a source on the edge leads up. The part of the edge with lower priorities than the next source
// becomes the left side of that source.
static void build_tree(struct source_set *set)
{
	struct source *edge = NULL;
	struct source *below = NULL;
	struct source *source;

	TAILQ_FOREACH (source, &set->order, order) {

		below = NULL;
		while (edge != NULL && edge->priority < source->priority)
			edge = turn_edge(edge, &below);
		source->child[0] = below;
		source->child[1] = edge;
		edge = source;
	}
	below = NULL;
	while (edge != NULL)
		edge = turn_edge(edge, &below);
	set->root = below;
}

void source_run_begin(struct source_run *run, struct source_set *set, struct pool *pool, unsigned n)
{
	*run = (struct source_run){
		.set = set,
		.pool = pool,
		.next = TAILQ_FIRST(&set->order),
		.merge = n > 1 && n >= set->n_sources / MERGE_SHARE,
	};
}

struct source *source_run_get(struct source_run *run, const uint8_t addr[16])
{
	if (!run->merge)
		return source_get(run->set, run->pool, addr);
	while (run->next != NULL && address_compare(run->next->addr, addr) < 0)
		run->next = TAILQ_NEXT(run->next, order);
	if (run->next == NULL || address_compare(run->next->addr, addr) != 0)
		return insert(run->set, run->pool, addr, run->next);
	return run->next;
}

void source_run_end(struct source_run *run)
{
	if (run->merge)
		build_tree(run->set);
}

void source_touch(struct source_set *set, struct source *source)
{
	if (source->changing)
		return;
	source->changing = true;
	TAILQ_INSERT_TAIL(&set->changes, source, change);
	set->n_changes++;
}

void source_include(struct source_set *set, struct source *source, int by)
{
	set->n_included -= source->includes > 0;
	source->includes += by;
	set->n_included += source->includes > 0;
	source_touch(set, source);
}

void source_exclude(struct source_set *set, struct source *source, int by)
{
	if (source->excludes > 0)
		LIST_REMOVE(source, bucket);
	source->excludes += by;
	if (source->excludes > 0)
		LIST_INSERT_HEAD(&set->buckets[source->excludes], source, bucket);
	source_touch(set, source);
}

void source_set_reported(struct source_set *set, struct source *source, bool reported)
{
	set->n_reported += reported - source->reported;
	source->reported = reported;
}

static void put(struct source_set *set, struct source *source)
{
	struct source **at = &set->root;

	while (*at != source)
		at = &(*at)->child[address_compare((*at)->addr, source->addr) < 0];
	join(at, source->child[0], source->child[1]);
	TAILQ_REMOVE(&set->order, source, order);
	set->n_sources--;
	pool_put(source);
}

void source_settle(struct source_set *set, struct source *source)
{
	source->repeats = 0;
	if (source->changing) {
		source->changing = false;
		TAILQ_REMOVE(&set->changes, source, change);
		set->n_changes--;
	}
	if (source->includes == 0 && source->excludes == 0 && !source->reported)
		put(set, source);
}
