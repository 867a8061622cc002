// SPDX-License-Identifier: BSD-3-Clause
// The memory that a memif client shares with the server: regions, mapped from the client's file
// descriptors. No DPDK.
//
// The client may write to the memory at any time, and may truncate a file that is not sealed. An
// access to a page beyond the end of the file causes SIGBUS. Therefore a region must be a memfd
// that is sealed against shrinking (F_SEAL_SHRINK), like those of DPDK's driver, libmemif and VPP,
// and it must have the announced size. A memfd of huge pages is refused: after a hole is punched in
// it, the next access needs a new huge page, and causes SIGBUS if none is free. A hole in an
// ordinary memfd reads as zeros.
#ifndef DATAPLANE_MEMIF_MEMORY_H
#define DATAPLANE_MEMIF_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define MEMIF_REGIONS 16

struct memif_memory {
	struct {
		uint8_t *base; // aligned to a page
		uint64_t size; // bytes
	} regions[MEMIF_REGIONS];
	unsigned n_regions;
	uint64_t left; // bytes that may still be added
};

// One thread calls all of these. memif_memory_add() maps `size` bytes of the file as the next
// region; the caller keeps the descriptor. On an error *why is a static text:
//
//   -ENOSPC  too many regions, or too many bytes
//   -EINVAL  size 0, or a file that is too small
//   -EPERM   not a memfd, not sealed against shrinking, or a memfd of huge pages
//   -errno   of mmap()
int memif_memory_add(struct memif_memory *memory, uint64_t size, int fd, const char **why);
void memif_memory_close(struct memif_memory *memory);

// Any thread. Returns the address of `length` bytes, NULL if they are not all within the region.
static inline uint8_t *memif_memory_at(
	const struct memif_memory *memory, unsigned region, uint64_t offset, uint64_t length)
{
	if (region >= memory->n_regions || offset > memory->regions[region].size ||
		length > memory->regions[region].size - offset)
		return NULL;
	return memory->regions[region].base + offset;
}

#endif
