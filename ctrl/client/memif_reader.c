// SPDX-License-Identifier: BSD-3-Clause
#include "memif_reader.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "memif_connect.h"
#include "memif_format.h"

enum { BUFFERS = 1024, BUFFER_SIZE = 2048, TIMEOUT_MS = 5000, CACHE_LINE = 64 };

// Positions are those of memif_format.h. The buffers from `next` to `tail` hold unread frames. All
// others belong to the server, so that the head is always `next` plus the size of the ring.
struct memif_reader {
	int memory_fd, event_fd, control_fd, poll_fd;
	uint8_t *memory; // the ring, then the buffers
	size_t memory_size;
	struct memif_ring *ring;
	uint32_t first_buffer; // offset in the memory
	uint32_t buffer_size;
	uint16_t size; // of the ring; descriptor i has buffer i
	unsigned size_log2;
	uint16_t next; // the next to read
	uint16_t tail; // as last read
	uint16_t returned; // `next` when buffers were last given back to the server
	// Whether signals are off. Then the count of the eventfd is not 0, so that it polls
	// readable.
	bool polling;
	bool broken;
};

// ---- The ring ------------------------------------------------------------------------------

static void reset_descriptor(struct memif_reader *reader, uint16_t position)
{
	const uint16_t i = position & (reader->size - 1);

	reader->ring->descriptors[i] = (struct memif_descriptor){
		.length = reader->buffer_size,
		.offset = reader->first_buffer + i * reader->buffer_size,
	};
}

static void give_back(struct memif_reader *reader)
{
	reader->returned = reader->next;
	__atomic_store_n(
		&reader->ring->head, (uint16_t)(reader->next + reader->size), __ATOMIC_RELEASE);
}

static void fill_ring(struct memif_reader *reader)
{
	reader->ring->cookie = MEMIF_RING_COOKIE;
	for (unsigned i = 0; i < reader->size; i++)
		reset_descriptor(reader, i);
}

static bool look_at_tail(struct memif_reader *reader)
{
	reader->tail = __atomic_load_n(&reader->ring->tail, __ATOMIC_SEQ_CST);
	return reader->tail != reader->next;
}

static void set_polling(struct memif_reader *reader, bool polling)
{
	const uint64_t one = 1;
	uint64_t count;

	reader->polling = polling;
	__atomic_store_n(&reader->ring->flags, polling ? MEMIF_NO_INTERRUPT : 0, __ATOMIC_SEQ_CST);
	// The count cannot overflow, because it is read each time polling ends.
	if (polling && write(reader->event_fd, &one, sizeof(one)) < 0)
		reader->broken = true;
	if (!polling && read(reader->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		reader->broken = true;
}

static bool has_server(const struct memif_reader *reader)
{
	struct memif_message message;

	// The only message of a server to a connected client is that it disconnects.
	return recv(reader->control_fd, &message, sizeof(message), MSG_DONTWAIT | MSG_PEEK) < 0 &&
	       errno == EAGAIN;
}

// Returns 0 if there is a frame.
static int find_frame(struct memif_reader *reader)
{
	// Read first, so that the last frames of the server are found below.
	const bool served = has_server(reader);

	if (!look_at_tail(reader)) {
		give_back(reader);
		set_polling(reader, false);
		// A frame that arrived before the flag was cleared has caused no signal.
		if (!look_at_tail(reader))
			return served ? -EAGAIN : -EPIPE;
	}
	if (!reader->polling)
		set_polling(reader, true);
	if ((uint16_t)(reader->tail - reader->next) > reader->size)
		reader->broken = true;
	return reader->broken ? -EPROTO : 0;
}

// ---- Frames --------------------------------------------------------------------------------

// The destination of a frame. `len` may exceed `size`.
struct frame_copy {
	uint8_t *frame;
	size_t size, len;
};

static void copy(struct frame_copy *target, const uint8_t *from, size_t n)
{
	if (target->len < target->size) {
		const size_t left = target->size - target->len;

		memcpy(target->frame + target->len, from, n < left ? n : left);
	}
	target->len += n;
}

// Reads the descriptor at `next`. Its first `skip` bytes are not part of the frame.
static int take_descriptor(
	struct memif_reader *reader, struct frame_copy *target, uint32_t skip, bool *chained)
{
	const uint16_t i = reader->next & (reader->size - 1);
	const struct memif_descriptor descriptor = reader->ring->descriptors[i];
	const uint8_t *buffer = reader->memory + reader->first_buffer + i * reader->buffer_size;

	if (reader->next == reader->tail || descriptor.length > reader->buffer_size ||
		descriptor.length < skip)
		return -EPROTO;
	copy(target, buffer + skip, descriptor.length - skip);
	*chained = (descriptor.flags & MEMIF_CHAINED) != 0;
	reset_descriptor(reader, reader->next++);
	return 0;
}

static uint64_t tag_of(const struct memif_reader *reader)
{
	const uint16_t i = reader->next & (reader->size - 1);
	uint64_t tag;

	memcpy(&tag, reader->memory + reader->first_buffer + i * reader->buffer_size, sizeof(tag));
	return tag;
}

ssize_t memif_reader_receive(struct memif_reader *reader, uint64_t *line, void *frame, size_t size)
{
	struct frame_copy target = {frame, size, 0};
	bool chained;
	int rc = 0;

	if (reader->broken)
		return -EPROTO;
	if (reader->next == reader->tail)
		rc = find_frame(reader);
	if (rc < 0)
		return rc;
	*line = tag_of(reader);
	rc = take_descriptor(reader, &target, MEMIF_TAG, &chained);
	while (rc == 0 && chained)
		rc = take_descriptor(reader, &target, 0, &chained);
	if (rc < 0) {
		reader->broken = true;
		return rc;
	}
	if ((uint16_t)(reader->next - reader->returned) >= reader->size / 4)
		give_back(reader);
	return target.len;
}

// ---- Life ----------------------------------------------------------------------------------

static int check(const struct memif_reader_config *config)
{
	const unsigned n = config->n_buffers;

	if (n < 2 || n > 1u << MEMIF_RING_LOG2_MAX || (n & (n - 1)) != 0)
		return -EINVAL;
	return config->buffer_size < CACHE_LINE || config->buffer_size > 1u << 16 ? -EINVAL : 0;
}

static int open_memory(struct memif_reader *reader, const struct memif_reader_config *config)
{
	const size_t ring_size = memif_ring_bytes(__builtin_ctz(config->n_buffers));
	int rc;

	reader->size = config->n_buffers;
	reader->size_log2 = __builtin_ctz(config->n_buffers);
	reader->first_buffer = (ring_size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	// So that each buffer begins at a cache line.
	reader->buffer_size = (config->buffer_size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	reader->memory_size = reader->first_buffer + (size_t)reader->size * reader->buffer_size;
	reader->memory_fd = memfd_create("sluice-memif", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (reader->memory_fd < 0)
		return -errno;
	// The server refuses a file that can shrink.
	if (ftruncate(reader->memory_fd, reader->memory_size) < 0 ||
		fcntl(reader->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		goto close_fd;
	reader->memory = mmap(NULL, reader->memory_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		reader->memory_fd, 0);
	if (reader->memory == MAP_FAILED)
		goto close_fd;
	reader->ring = (struct memif_ring *)reader->memory;
	fill_ring(reader);
	return 0;

close_fd:
	rc = -errno;
	close(reader->memory_fd);
	return rc;
}

static void close_memory(struct memif_reader *reader)
{
	munmap(reader->memory, reader->memory_size);
	close(reader->memory_fd);
}

static int open_poll(struct memif_reader *reader)
{
	struct epoll_event event = {.events = EPOLLIN};
	int rc;

	reader->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (reader->poll_fd < 0)
		return -errno;
	if (epoll_ctl(reader->poll_fd, EPOLL_CTL_ADD, reader->event_fd, &event) == 0 &&
		epoll_ctl(reader->poll_fd, EPOLL_CTL_ADD, reader->control_fd, &event) == 0)
		return 0;
	rc = -errno;
	close(reader->poll_fd);
	return rc;
}

static int connect_reader(struct memif_reader *reader, const char *path, unsigned timeout_ms)
{
	const struct memif_offer offer = {
		.memory_fd = reader->memory_fd,
		.memory_size = reader->memory_size,
		.event_fd = reader->event_fd,
		.ring_log2 = reader->size_log2,
	};
	int rc;

	reader->control_fd = memif_connect(path, &offer, timeout_ms);
	if (reader->control_fd < 0)
		return reader->control_fd;
	rc = open_poll(reader);
	if (rc < 0) {
		close(reader->control_fd);
		return rc;
	}
	set_polling(reader, false); // the server may have tested the signal
	give_back(reader); // now the server may write
	return 0;
}

int memif_reader_open(
	const char *path, const struct memif_reader_config *config, struct memif_reader **reader)
{
	struct memif_reader_config all = config != NULL ? *config : (struct memif_reader_config){0};
	struct memif_reader *new;
	int rc;

	all.n_buffers = all.n_buffers != 0 ? all.n_buffers : BUFFERS;
	all.buffer_size = all.buffer_size != 0 ? all.buffer_size : BUFFER_SIZE;
	all.timeout_ms = all.timeout_ms != 0 ? all.timeout_ms : TIMEOUT_MS;
	rc = check(&all);
	if (rc < 0)
		return rc;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	rc = open_memory(new, &all);
	if (rc < 0)
		goto free_new;
	new->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (new->event_fd < 0) {
		rc = -errno;
		goto close_memory;
	}
	rc = connect_reader(new, path, all.timeout_ms);
	if (rc < 0)
		goto close_event;
	*reader = new;
	return 0;

close_event:
	close(new->event_fd);
close_memory:
	close_memory(new);
free_new:
	free(new);
	return rc;
}

void memif_reader_close(struct memif_reader *reader)
{
	close(reader->poll_fd);
	close(reader->control_fd);
	close(reader->event_fd);
	close_memory(reader);
	free(reader);
}

int memif_reader_fd(const struct memif_reader *reader)
{
	return reader->poll_fd;
}
