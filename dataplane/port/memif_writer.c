// SPDX-License-Identifier: BSD-3-Clause
#include "memif_writer.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "memif_signal.h"

enum { CHAIN_MAX = 32 }; // descriptors of a frame: 64 KiB in buffers of 2 KiB

// A descriptor as two words.
typedef uint64_t __attribute__((may_alias)) word;

// The remaining parts of a frame.
struct frame_rest {
	const struct iovec *part;
	size_t offset; // in the part
};

struct ring_buffer {
	word *slot; // the descriptor
	struct memif_descriptor descriptor; // the only copy
	uint8_t *at;
};

int memif_writer_open(struct memif_writer **writer, struct memif_memory *memory,
	struct memif_ring *ring, unsigned size_log2, int event_fd)
{
	struct memif_writer *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return -ENOMEM;
	rc = memif_signal_send(event_fd);
	if (rc < 0) {
		free(new);
		return rc;
	}
	new->event_fd = event_fd;
	new->memory = *memory;
	*memory = (struct memif_memory){0};
	new->ring = ring;
	new->size = 1u << size_log2;
	__atomic_store_n(&ring->tail, 0, __ATOMIC_RELAXED);
	*writer = new;
	return 0;
}

void memif_writer_close(struct memif_writer *writer)
{
	close(writer->event_fd);
	memif_memory_close(&writer->memory);
	free(writer);
}

static int give_up(struct memif_writer *writer)
{
	atomic_store_explicit(&writer->broken, true, memory_order_relaxed);
	return -EPROTO;
}

// Returns the number of free descriptors, -EPROTO if the head is impossible.
static int look_at_head(struct memif_writer *writer)
{
	uint16_t n;

	writer->head = __atomic_load_n(&writer->ring->head, __ATOMIC_ACQUIRE);
	n = writer->head - writer->tail;
	return n <= writer->size ? n : give_up(writer);
}

static bool read_descriptor(
	struct memif_writer *writer, uint16_t position, struct ring_buffer *buffer)
{
	uint64_t copy[2];

	buffer->slot = (word *)&writer->ring->descriptors[position & (writer->size - 1)];
	copy[0] = __atomic_load_n(&buffer->slot[0], __ATOMIC_RELAXED);
	copy[1] = __atomic_load_n(&buffer->slot[1], __ATOMIC_RELAXED);
	memcpy(&buffer->descriptor, copy, sizeof(copy));
	buffer->at = memif_memory_at(&writer->memory, buffer->descriptor.region,
		buffer->descriptor.offset, buffer->descriptor.length);
	return buffer->at != NULL && buffer->descriptor.length > 0;
}

// Collects buffers for `left` bytes. Does not change the ring, because a frame that does not fit
// must leave the descriptors unchanged. Returns their number.
static int find_buffers(struct memif_writer *writer, size_t left, struct ring_buffer *buffers)
{
	uint16_t n_free = writer->head - writer->tail;

	for (unsigned n = 0; n < CHAIN_MAX; n++) {
		if (n == n_free) {
			int rc = look_at_head(writer);

			if (rc <= (int)n)
				return rc < 0 ? rc : n == writer->size ? -EMSGSIZE : -EAGAIN;
			n_free = rc;
		}
		if (!read_descriptor(writer, writer->tail + n, &buffers[n]))
			return give_up(writer);
		if (left <= buffers[n].descriptor.length)
			return n + 1;
		left -= buffers[n].descriptor.length;
	}
	return -EMSGSIZE;
}

static void copy(struct frame_rest *rest, uint8_t *to, size_t n)
{
	while (n > 0) {
		size_t some = rest->part->iov_len - rest->offset;

		if (some > n)
			some = n;
		memcpy(to, (const uint8_t *)rest->part->iov_base + rest->offset, some);
		to += some;
		n -= some;
		rest->offset += some;
		if (rest->offset == rest->part->iov_len) {
			rest->part++;
			rest->offset = 0;
		}
	}
}

// Writes the filled length of the buffer. The client may have changed the other fields.
static void fill(struct ring_buffer *buffer, struct frame_rest *rest, size_t n, bool chained)
{
	uint64_t first;

	copy(rest, buffer->at, n);
	buffer->descriptor.flags = chained ? MEMIF_CHAINED : 0;
	buffer->descriptor.length = n;
	memcpy(&first, &buffer->descriptor, sizeof(first));
	__atomic_store_n(&buffer->slot[0], first, __ATOMIC_RELAXED);
}

int memif_writer_put(struct memif_writer *writer, const struct iovec *parts, unsigned n_parts)
{
	struct ring_buffer buffers[CHAIN_MAX];
	struct frame_rest rest = {parts, 0};
	size_t left = 0;
	int n;

	if (memif_writer_is_broken(writer))
		return -EPROTO;
	for (unsigned i = 0; i < n_parts; i++)
		left += parts[i].iov_len;
	n = find_buffers(writer, left, buffers);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		size_t some = buffers[i].descriptor.length;

		if (some > left)
			some = left;
		fill(&buffers[i], &rest, some, i + 1 < n);
		left -= some;
	}
	writer->tail += n;
	return 0;
}

void memif_writer_publish(struct memif_writer *writer)
{
	if (writer->published == writer->tail)
		return;
	writer->published = writer->tail;
	// Sequentially consistent. The client first allows signals, then reads the tail: either it
	// sees these frames, or its flag is seen here.
	__atomic_store_n(&writer->ring->tail, writer->tail, __ATOMIC_SEQ_CST);
	if ((__atomic_load_n(&writer->ring->flags, __ATOMIC_SEQ_CST) & MEMIF_NO_INTERRUPT) == 0)
		memif_signal_send(writer->event_fd);
}
