// SPDX-License-Identifier: BSD-3-Clause
// Without memory jansson omits parts of a value, and libevent's buffers stay short: an answer would
// be wrong without any sign of it. Therefore each failed allocation is noted.
#include "rpc_private.h"

#include <stdlib.h>

static _Thread_local bool failed;

static void *note(void *memory)
{
	if (!memory)
		failed = true;
	return memory;
}

// The functions that jansson used before.
static json_malloc_t json_get;
static json_free_t json_put;

static void *get_json(size_t size)
{
	return note(json_get(size));
}

static void *get(size_t size)
{
	return note(malloc(size));
}

static void *resize(void *memory, size_t size)
{
	void *again = realloc(memory, size);

	if (size > 0)
		note(again);
	return again;
}

void rpc_memory_watch(void)
{
	if (!json_get) {
		json_get_alloc_funcs(&json_get, &json_put);
		json_set_alloc_funcs(get_json, json_put);
	}
	event_set_mem_functions(get, resize, free);
}

void rpc_memory_note(void)
{
	failed = true;
}

bool rpc_memory_failed(void)
{
	bool since = failed;

	failed = false;
	return since;
}
