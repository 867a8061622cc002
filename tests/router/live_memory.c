// SPDX-License-Identifier: BSD-3-Clause
#include "live_memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#ifdef SANITIZED

size_t __sanitizer_get_current_allocated_bytes(void);

size_t live_memory_bytes(void)
{
	return __sanitizer_get_current_allocated_bytes();
}

#else

// libc's own.
void *__libc_malloc(size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *memory);

// Before each block.
struct head {
	size_t size;
	void *block; // of libc
};

static _Atomic size_t live;

size_t live_memory_bytes(void)
{
	return atomic_load(&live);
}

static struct head *head_of(void *memory)
{
	return (struct head *)memory - 1;
}

static void *prepare(void *block, size_t room, size_t size)
{
	void *memory = (uint8_t *)block + room;

	*head_of(memory) = (struct head){size, block};
	atomic_fetch_add(&live, size);
	return memory;
}

void *malloc(size_t size)
{
	void *block = size <= SIZE_MAX / 2 ? __libc_malloc(sizeof(struct head) + size) : NULL;

	if (block != NULL)
		return prepare(block, sizeof(struct head), size);
	errno = ENOMEM;
	return NULL;
}

void free(void *memory)
{
	if (memory == NULL)
		return;
	atomic_fetch_sub(&live, head_of(memory)->size);
	__libc_free(head_of(memory)->block);
}

void *calloc(size_t n, size_t size)
{
	size_t total;
	void *memory;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = malloc(total);
	return memory != NULL ? memset(memory, 0, total) : NULL;
}

void *realloc(void *memory, size_t size)
{
	void *again = malloc(size);

	if (again == NULL || memory == NULL)
		return again;
	memcpy(again, memory, head_of(memory)->size < size ? head_of(memory)->size : size);
	free(memory);
	return again;
}

static void *get_aligned(size_t align, size_t size)
{
	const size_t room = align > sizeof(struct head) ? align : sizeof(struct head);
	void *block = __libc_memalign(align, room + size);

	return block != NULL ? prepare(block, room, size) : NULL;
}

void *aligned_alloc(size_t align, size_t size)
{
	return get_aligned(align, size);
}

int posix_memalign(void **memory, size_t align, size_t size)
{
	*memory = get_aligned(align, size);
	return *memory != NULL ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *memory)
{
	return memory != NULL ? head_of(memory)->size : 0;
}

#endif
