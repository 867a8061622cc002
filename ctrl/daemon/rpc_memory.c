// SPDX-License-Identifier: BSD-3-Clause
// jansson leaves out of a value what it has no memory for, and libevent's buffers stay short: an
// answer would be wrong and nobody would know. So both get what is set aside when there is no other
// memory, and a failure beyond that is noted.
#include "rpc_private.h"

#include <malloc.h>
#include <stdlib.h>

#include "rpc_reserve.h"

static _Thread_local bool failed;

// Those that jansson had.
static json_malloc_t json_get;
static json_free_t json_put;

static void *or_reserve(void *memory, size_t size)
{
	if (!memory)
		memory = rpc_reserve_get(size);
	if (!memory)
		failed = true;
	return memory;
}

static void *get_json(size_t size)
{
	return or_reserve(json_get(size), size);
}

static void put_json(void *memory)
{
	if (rpc_reserve_owns(memory))
		rpc_reserve_put(memory);
	else
		json_put(memory);
}

static void *get(size_t size)
{
	return or_reserve(malloc(size), size);
}

static void *resize(void *memory, size_t size)
{
	bool owned = rpc_reserve_owns(memory);
	void *again = owned ? NULL : realloc(memory, size);
	size_t old_size;

	if (again || size == 0)
		return again;
	again = get(size);
	if (!again || !memory)
		return again;
	old_size = owned ? rpc_reserve_size(memory) : malloc_usable_size(memory);
	memcpy(again, memory, old_size < size ? old_size : size);
	rpc_memory_put(memory);
	return again;
}

void *rpc_memory_get(size_t size)
{
	void *memory = get(size);

	return memory ? memset(memory, 0, size) : NULL;
}

void rpc_memory_put(void *memory)
{
	if (rpc_reserve_owns(memory))
		rpc_reserve_put(memory);
	else
		free(memory);
}

void rpc_memory_watch(void)
{
	rpc_reserve_open();
	if (!json_get) {
		json_get_alloc_funcs(&json_get, &json_put);
		json_set_alloc_funcs(get_json, put_json);
	}
	event_set_mem_functions(get, resize, rpc_memory_put);
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
