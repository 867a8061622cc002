// SPDX-License-Identifier: BSD-3-Clause
#include "memif_memory.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static int refuse(const char **why, int code, const char *text)
{
	*why = text;
	return -code;
}

static int check(const struct memif_memory *memory, uint64_t size, int fd, const char **why)
{
	struct statfs fs;
	struct stat file;
	int seals;

	if (memory->n_regions == MEMIF_REGIONS)
		return refuse(why, ENOSPC, "too many regions");
	if (size == 0)
		return refuse(why, EINVAL, "a region without memory");
	if (size > memory->left)
		return refuse(why, ENOSPC, "too much memory");
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0)
		return refuse(why, EPERM, "a region's file is not a memfd");
	if ((seals & F_SEAL_SHRINK) == 0)
		return refuse(why, EPERM, "a region's file can shrink");
	if (fstatfs(fd, &fs) < 0 || fs.f_type == HUGETLBFS_MAGIC)
		return refuse(why, EPERM, "a region's file has huge pages");
	// After the check of the seal, so that the size cannot shrink.
	if (fstat(fd, &file) < 0 || (uint64_t)file.st_size < size)
		return refuse(why, EINVAL, "a region's file is too small");
	return 0;
}

int memif_memory_add(struct memif_memory *memory, uint64_t size, int fd, const char **why)
{
	void *base;
	int rc = check(memory, size, fd, why);

	if (rc < 0)
		return rc;
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return refuse(why, errno, "a region cannot be mapped");
	memory->regions[memory->n_regions].base = base;
	memory->regions[memory->n_regions].size = size;
	memory->n_regions++;
	memory->left -= size;
	return 0;
}

void memif_memory_close(struct memif_memory *memory)
{
	while (memory->n_regions > 0) {
		memory->n_regions--;
		munmap(memory->regions[memory->n_regions].base,
			memory->regions[memory->n_regions].size);
	}
}
