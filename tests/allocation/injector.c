// SPDX-License-Identifier: BSD-3-Clause
#include "injector.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define DEPTH_MAX 64
#define SITES_MAX 4096

static struct injector_state own_state;
static struct injector_state *state = &own_state;
// AddressSanitizer takes the place of __tls_get_addr(), and is not ready when malloc() is first
// called: nothing here may need it.
#define TLS static _Thread_local __attribute__((tls_model("initial-exec")))
TLS unsigned paused;
static int sites_fd = -1;

// ---- What comes after us ----------------------------------------------------------------------

// dlsym() may allocate. What it gets comes from here and is never freed.
static _Alignas(16) uint8_t early[4096];
static size_t early_used;
TLS bool resolving;

static void *early_get(size_t size)
{
	void *memory = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	if (early_used > sizeof(early))
		abort();
	return memory;
}

static void *next_of(void **cached, const char *name)
{
	if (*cached == NULL) {
		resolving = true;
		*cached = dlsym(RTLD_NEXT, name);
		resolving = false;
		if (*cached == NULL)
			abort();
	}
	return *cached;
}

#define NEXT(name)                                                                                 \
	({                                                                                         \
		static void *cached;                                                               \
		(typeof(&(name)))next_of(&cached, #name);                                          \
	})

// ---- Sites ------------------------------------------------------------------------------------

struct module {
	uintptr_t begin, end, base;
	char name[256];
};
static struct module modules[8];
static unsigned n_modules;

// The program, and what of the project is a shared library.
static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *name = strrchr(info->dlpi_name, '/');
	struct module *module = &modules[n_modules];
	bool *first = arg;

	(void)size;
	name = name != NULL ? name + 1 : info->dlpi_name;
	if (!*first && strncmp(name, "libsluice", 9) != 0)
		return 0;
	if (*first) {
		ssize_t len = readlink("/proc/self/exe", module->name, sizeof(module->name) - 1);

		module->name[len > 0 ? len : 0] = '\0';
	} else if (realpath(info->dlpi_name, module->name) == NULL) {
		return 0;
	}
	*first = false;
	module->base = info->dlpi_addr;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type != PT_LOAD || (header->p_flags & PF_X) == 0)
			continue;
		module->begin = info->dlpi_addr + header->p_vaddr;
		module->end = module->begin + header->p_memsz;
	}
	n_modules++;
	return n_modules == sizeof(modules) / sizeof(modules[0]);
}

static const struct module *module_of(uintptr_t address)
{
	for (unsigned i = 0; i < n_modules; i++)
		if (address >= modules[i].begin && address < modules[i].end)
			return &modules[i];
	return NULL;
}

static bool is_new(uint64_t hash)
{
	static uint64_t seen[SITES_MAX];
	size_t at = hash % SITES_MAX;

	for (unsigned i = 0; i < SITES_MAX; i++, at = (at + 1) % SITES_MAX) {
		if (seen[at] == hash)
			return false;
		if (seen[at] == 0) {
			seen[at] = hash;
			return true;
		}
	}
	return false;
}

static void note_site(void *caller)
{
	void *stack[DEPTH_MAX];
	const struct module *first = NULL;
	uint64_t hash = 14695981039346656037u;
	bool below = true; // the caller: frames of the injector itself
	char line[2048];
	int n, len = 0;

	n = backtrace(stack, DEPTH_MAX);
	for (int i = 0; i < n; i++) {
		const struct module *module = module_of((uintptr_t)stack[i]);

		below = below && stack[i] != caller;
		if (below || module == NULL || (first != NULL && module != first))
			continue;
		if (first == NULL) {
			first = module;
			len = snprintf(line, sizeof(line), "%s", module->name);
		}
		hash = (hash ^ (uintptr_t)stack[i]) * 1099511628211u;
		len += snprintf(line + len, sizeof(line) - len, " %lx",
			(unsigned long)((uintptr_t)stack[i] - module->base));
		if (len > (int)sizeof(line) - 32)
			break;
	}
	if (first == NULL || !is_new(hash))
		return;
	line[len++] = '\n';
	if (write(sites_fd, line, len) != len)
		abort();
}

// ---- Deciding ---------------------------------------------------------------------------------

static __attribute__((constructor)) void start(void)
{
	const char *path = getenv("ALLOCATION_STATE");
	bool first = true;
	void *stack[1];

	if (path != NULL) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		void *map = fd >= 0 ? NEXT(mmap)(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
					      MAP_SHARED, fd, 0)
				    : MAP_FAILED;

		if (map == MAP_FAILED)
			abort();
		close(fd);
		state = map;
	}
	path = getenv("ALLOCATION_SITES");
	if (path == NULL)
		return;
	backtrace(stack, 1); // loads its library now rather than within an allocation
	sites_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	dl_iterate_phdr(add_module, &first);
}

static bool refuse(void *caller)
{
	uint64_t number, first = atomic_load(&state->first);

	if (first == 0 || paused > 0)
		return false;
	number = atomic_fetch_add(&state->count, 1) + 1;
	if (number < first || number > atomic_load(&state->last))
		return false;
	atomic_fetch_add(&state->failed, 1);
	paused++;
	if (sites_fd >= 0)
		note_site(caller);
	paused--;
	errno = ENOMEM;
	return true;
}

#define REFUSE() refuse(__builtin_return_address(0))

void injector_share(void)
{
	void *map = mmap(
		NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	state = map;
}

void injector_arm(uint64_t first, uint64_t n)
{
	atomic_store(&state->first, 0);
	atomic_store(&state->count, 0);
	atomic_store(&state->failed, 0);
	atomic_store(&state->last, first + n - 1);
	atomic_store(&state->first, first);
}

uint64_t injector_disarm(void)
{
	atomic_store(&state->first, 0);
	return atomic_load(&state->failed);
}

uint64_t injector_failed(void)
{
	return atomic_load(&state->failed);
}

uint64_t injector_count(void)
{
	return atomic_load(&state->count);
}

void injector_note(const char *format, ...)
{
	char line[256] = "# ";
	va_list args;
	size_t len;

	if (sites_fd < 0)
		return;
	va_start(args, format);
	vsnprintf(line + 2, sizeof(line) - 3, format, args);
	va_end(args);
	len = strlen(line);
	line[len] = '\n';
	if (write(sites_fd, line, len + 1) != (ssize_t)len + 1)
		abort();
}

void injector_pause(void)
{
	paused++;
}

void injector_resume(void)
{
	paused--;
}

// ---- libc -------------------------------------------------------------------------------------

EXPORT void *malloc(size_t size)
{
	if (resolving)
		return early_get(size);
	return REFUSE() ? NULL : NEXT(malloc)(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
	if (resolving)
		return early_get(n * size);
	return REFUSE() ? NULL : NEXT(calloc)(n, size);
}

EXPORT void *realloc(void *memory, size_t size)
{
	return size > 0 && REFUSE() ? NULL : NEXT(realloc)(memory, size);
}

EXPORT void *reallocarray(void *memory, size_t n, size_t size)
{
	if (n > 0 && size > 0 && REFUSE())
		return NULL;
	if (size > 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return NEXT(realloc)(memory, n * size);
}

EXPORT int posix_memalign(void **memory, size_t align, size_t size)
{
	return REFUSE() ? ENOMEM : NEXT(posix_memalign)(memory, align, size);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return REFUSE() ? NULL : NEXT(aligned_alloc)(align, size);
}

EXPORT char *strndup(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = REFUSE() ? NULL : NEXT(malloc)(len + 1);

	if (copy == NULL)
		return NULL;
	copy[len] = '\0';
	return memcpy(copy, text, len);
}

EXPORT char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = REFUSE() ? NULL : NEXT(malloc)(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

EXPORT void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	return REFUSE() ? MAP_FAILED : NEXT(mmap)(address, len, protection, flags, fd, offset);
}

EXPORT int memfd_create(const char *name, unsigned flags)
{
	return REFUSE() ? -1 : NEXT(memfd_create)(name, flags);
}

// AddressSanitizer calls it on each new thread, and gives up if it fails.
EXPORT int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
	int rc;

	paused++;
	rc = NEXT(pthread_getattr_np)(thread, attributes);
	paused--;
	return rc;
}

// ---- DPDK: its heap, on which its rings, pools and tables are ---------------------------------

EXPORT void *rte_malloc_socket(const char *type, size_t size, unsigned align, int socket);
EXPORT void *rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket);
EXPORT void *rte_realloc_socket(void *memory, size_t size, unsigned align, int socket);
EXPORT const void *rte_memzone_reserve(const char *name, size_t len, int socket, unsigned flags);
EXPORT const void *rte_memzone_reserve_aligned(
	const char *name, size_t len, int socket, unsigned flags, unsigned align);
EXPORT const void *rte_memzone_reserve_bounded(
	const char *name, size_t len, int socket, unsigned flags, unsigned align, unsigned bound);
// DPDK's errno of the thread.
extern __attribute__((weak, tls_model("initial-exec"))) _Thread_local int per_lcore__rte_errno;

static bool refuse_dpdk(void *caller)
{
	if (!refuse(caller))
		return false;
	per_lcore__rte_errno = ENOMEM;
	return true;
}

#define REFUSE_DPDK() refuse_dpdk(__builtin_return_address(0))

void *rte_malloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	return REFUSE_DPDK() ? NULL : NEXT(rte_malloc_socket)(type, size, align, socket);
}

void *rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	return REFUSE_DPDK() ? NULL : NEXT(rte_zmalloc_socket)(type, size, align, socket);
}

void *rte_realloc_socket(void *memory, size_t size, unsigned align, int socket)
{
	return REFUSE_DPDK() ? NULL : NEXT(rte_realloc_socket)(memory, size, align, socket);
}

const void *rte_memzone_reserve(const char *name, size_t len, int socket, unsigned flags)
{
	return REFUSE_DPDK() ? NULL : NEXT(rte_memzone_reserve)(name, len, socket, flags);
}

const void *rte_memzone_reserve_aligned(
	const char *name, size_t len, int socket, unsigned flags, unsigned align)
{
	return REFUSE_DPDK() ? NULL
			     : NEXT(rte_memzone_reserve_aligned)(name, len, socket, flags, align);
}

const void *rte_memzone_reserve_bounded(
	const char *name, size_t len, int socket, unsigned flags, unsigned align, unsigned bound)
{
	return REFUSE_DPDK()
		       ? NULL
		       : NEXT(rte_memzone_reserve_bounded)(name, len, socket, flags, align, bound);
}
