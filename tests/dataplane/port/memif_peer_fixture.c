// SPDX-License-Identifier: BSD-3-Clause
#include "memif_peer_fixture.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 2000, FDS_MAX = 16 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void turn(struct memif_peer *peer)
{
	if (peer->turn != NULL)
		peer->turn(peer->arg);
}

// ---- Messages ------------------------------------------------------------------------------

bool memif_peer_send(struct memif_peer *peer, const void *bytes, size_t len, int fd, unsigned n_fds)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec data = {(void *)bytes, len};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};

	if (n_fds > 0) {
		struct cmsghdr *rights;

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		for (unsigned i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(int));
	}
	return sendmsg(peer->fd, &header, MSG_NOSIGNAL) >= 0;
}

static bool wait_readable(struct memif_peer *peer)
{
	struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
	const uint64_t deadline = now_ms() + PATIENCE_MS;

	while (poll(&wait, 1, peer->turn != NULL ? 0 : 10) == 0) {
		if (now_ms() > deadline)
			return false;
		turn(peer);
	}
	return true;
}

unsigned memif_peer_receive(struct memif_peer *peer, struct memif_message *message)
{
	ssize_t len;

	cr_assert(wait_readable(peer), "the server says nothing");
	len = recv(peer->fd, message, sizeof(*message), 0);
	cr_assert(len <= 0 || len == sizeof(*message), "a message of %zd bytes", len);
	return len > 0 ? message->type : 0;
}

void memif_peer_wait_closed(struct memif_peer *peer)
{
	struct memif_message message;

	while (memif_peer_receive(peer, &message) != 0)
		;
}

// ---- Attaching -----------------------------------------------------------------------------

static void map_memory(struct memif_peer *peer)
{
	peer->memory_fd = memfd_create("peer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	peer->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	cr_assert(peer->memory_fd >= 0 && peer->event_fd >= 0);
	cr_assert_eq(ftruncate(peer->memory_fd, PEER_MEMORY), 0);
	peer->memory =
		mmap(NULL, PEER_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, peer->memory_fd, 0);
	cr_assert_neq(peer->memory, MAP_FAILED);
	peer->ring = (struct memif_ring *)peer->memory;
	peer->ring->cookie = MEMIF_RING_COOKIE;
}

void memif_peer_open(struct memif_peer *peer, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	peer->next = 0;
	peer->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	cr_assert_geq(peer->fd, 0);
	cr_assert_eq(connect(peer->fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s: %s",
		path, strerror(errno));
	map_memory(peer);
}

void memif_peer_close(struct memif_peer *peer)
{
	munmap(peer->memory, PEER_MEMORY);
	close(peer->memory_fd);
	close(peer->event_fd);
	close(peer->fd);
}

// Returns the type of the answer.
static unsigned call(struct memif_peer *peer, struct memif_message *message, int fd, int n_fds)
{
	memif_peer_send(peer, message, sizeof(*message), fd, n_fds < 0 ? 0 : n_fds);
	return memif_peer_receive(peer, message);
}

static unsigned introduce(struct memif_peer *peer, const struct memif_peer_fault *fault)
{
	struct memif_message message;

	if (memif_peer_receive(peer, &message) != MEMIF_HELLO)
		return 0;
	message = (struct memif_message){
		.type = MEMIF_INIT,
		.init =
			{
				.version = fault->version != 0 ? fault->version : MEMIF_VERSION,
				.mode = fault->mode,
				.interface = fault->interface,
			},
	};
	return call(peer, &message, -1, 0);
}

static unsigned add_region(struct memif_peer *peer, const struct memif_peer_fault *fault)
{
	struct memif_message message = {
		.type = MEMIF_ADD_REGION,
		.add_region =
			{
				.index = fault->region_index,
				.size = fault->region_size != 0 ? fault->region_size : PEER_MEMORY,
			},
	};

	if (!fault->unsealed)
		cr_assert_eq(fcntl(peer->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	if (fault->region_size == UINT64_MAX)
		message.add_region.size = 0;
	return call(
		peer, &message, peer->memory_fd, fault->region_fds != 0 ? fault->region_fds : 1);
}

static unsigned add_ring(struct memif_peer *peer, const struct memif_peer_fault *fault)
{
	struct memif_message message = {
		.type = MEMIF_ADD_RING,
		.add_ring =
			{
				.flags = fault->upward_only ? MEMIF_CLIENT_TO_SERVER : 0,
				.index = fault->ring_index,
				.region = fault->ring_region,
				.offset = fault->ring_offset,
				.size_log2 = fault->ring_log2 != 0 ? fault->ring_log2 : PEER_LOG2,
			},
	};

	return call(peer, &message, fault->no_event ? peer->memory_fd : peer->event_fd,
		fault->ring_fds != 0 ? fault->ring_fds : 1);
}

static unsigned finish(struct memif_peer *peer, const struct memif_peer_fault *fault)
{
	struct memif_message message = {.type = MEMIF_CONNECT};

	peer->ring->cookie ^= fault->cookie;
	return call(peer, &message, -1, 0);
}

unsigned memif_peer_attach(struct memif_peer *peer, const struct memif_peer_fault *fault)
{
	static const struct memif_peer_fault none;
	unsigned type;

	fault = fault != NULL ? fault : &none;
	type = introduce(peer, fault);
	if (type == MEMIF_ACK && !fault->no_region)
		type = add_region(peer, fault);
	for (int i = 0; i < 1 + fault->twice; i++)
		if (type == MEMIF_ACK && !fault->no_ring)
			type = add_ring(peer, fault);
	if (type == MEMIF_ACK)
		type = finish(peer, fault);
	return type;
}

// ---- Frames --------------------------------------------------------------------------------

void memif_peer_refill(struct memif_peer *peer)
{
	for (unsigned i = 0; i < PEER_SIZE; i++)
		peer->ring->descriptors[i] = (struct memif_descriptor){
			.length = PEER_BUFFER,
			.offset = PEER_BUFFERS_AT + i * PEER_BUFFER,
		};
	__atomic_store_n(&peer->ring->head, (uint16_t)(peer->next + PEER_SIZE), __ATOMIC_RELEASE);
}

static bool wait_frame(struct memif_peer *peer)
{
	const uint64_t deadline = now_ms() + PATIENCE_MS;

	while (__atomic_load_n(&peer->ring->tail, __ATOMIC_ACQUIRE) == peer->next) {
		if (now_ms() > deadline)
			return false;
		turn(peer);
	}
	return true;
}

long memif_peer_frame(struct memif_peer *peer, uint8_t *frame, size_t size)
{
	struct memif_descriptor *descriptor;
	size_t len = 0;

	if (!wait_frame(peer))
		return -1;
	do {
		descriptor = &peer->ring->descriptors[peer->next++ & (PEER_SIZE - 1)];
		cr_assert_leq(len + descriptor->length, size);
		memcpy(frame + len, peer->memory + descriptor->offset, descriptor->length);
		len += descriptor->length;
	} while (descriptor->flags & MEMIF_CHAINED);
	return len;
}

// ---- This process --------------------------------------------------------------------------

unsigned memif_peer_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	cr_assert(dir != NULL);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER
size_t __sanitizer_get_current_allocated_bytes(void); // its header is not always installed
#endif

unsigned long memif_peer_memory_kb(void)
{
#ifdef HAS_SANITIZER
	// It keeps freed memory, or what it knows of it, resident.
	return __sanitizer_get_current_allocated_bytes() / 1024;
#else
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long size, resident;

	cr_assert(file != NULL && fscanf(file, "%lu %lu", &size, &resident) == 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
#endif
}
