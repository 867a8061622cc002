// SPDX-License-Identifier: BSD-3-Clause
// Sessions by number and by name: chains of a table that doubles when it is full.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"

#define BUCKETS_MIN 64

static struct engine_session_bucket *bucket_of_id(
	const struct engine_session_table *table, uint64_t id)
{
	return &table->by_id[id & (table->n_buckets - 1)];
}

static struct engine_session_bucket *bucket_of_name(
	const struct engine_session_table *table, const char *name)
{
	uint32_t hash = 2166136261; // FNV-1a

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619;
	return &table->by_name[hash & (table->n_buckets - 1)];
}

static void put(struct engine_session_table *table, struct engine_session *session)
{
	LIST_INSERT_HEAD(bucket_of_id(table, session->id), session, same_id);
	if (session->name != NULL)
		LIST_INSERT_HEAD(bucket_of_name(table, session->name), session, same_name);
}

static int set_buckets(struct engine_session_table *table, size_t n)
{
	struct engine_session_bucket *by_id = table->by_id;
	size_t n_old = table->n_buckets;

	table->by_id = calloc(2 * n, sizeof(*table->by_id));
	if (table->by_id == NULL) {
		table->by_id = by_id;
		return -ENOMEM;
	}
	table->by_name = table->by_id + n;
	table->n_buckets = n;
	for (size_t i = 0; i < n_old; i++) {
		struct engine_session *session;

		while ((session = LIST_FIRST(&by_id[i])) != NULL) {
			LIST_REMOVE(session, same_id);
			put(table, session);
		}
	}
	free(by_id);
	return 0;
}

int engine_session_table_put(struct engine_session_table *table, struct engine_session *session)
{
	size_t n = table->n_buckets > 0 ? 2 * table->n_buckets : BUCKETS_MIN;

	// A full table without memory for another one becomes slower, not wrong.
	if (table->n_sessions >= table->n_buckets && set_buckets(table, n) < 0 &&
		table->n_buckets == 0)
		return -ENOMEM;
	put(table, session);
	table->n_sessions++;
	return 0;
}

void engine_session_table_remove(struct engine_session_table *table, struct engine_session *session)
{
	LIST_REMOVE(session, same_id);
	if (session->name != NULL)
		LIST_REMOVE(session, same_name);
	table->n_sessions--;
}

struct engine_session *engine_session_table_id(
	const struct engine_session_table *table, uint64_t id)
{
	struct engine_session *session;

	if (table->n_buckets == 0)
		return NULL;
	LIST_FOREACH (session, bucket_of_id(table, id), same_id)
		if (session->id == id)
			return session;
	return NULL;
}

struct engine_session *engine_session_table_name(
	const struct engine_session_table *table, const char *name)
{
	struct engine_session *session;

	if (table->n_buckets == 0)
		return NULL;
	LIST_FOREACH (session, bucket_of_name(table, name), same_name)
		if (strcmp(session->name, name) == 0)
			return session;
	return NULL;
}

void engine_session_table_free(struct engine_session_table *table)
{
	free(table->by_id);
}
