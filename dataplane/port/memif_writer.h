// SPDX-License-Identifier: BSD-3-Clause
// Writes frames to the server-to-client ring of a client. No DPDK.
//
// The client may change everything in the ring at any time. The writer has its own copy of the
// tail, reads each descriptor once into a local copy, and writes only to buffers that are within
// the client's regions according to this copy. If a ring breaks the rules nothing is written any
// more.
#ifndef DATAPLANE_MEMIF_WRITER_H
#define DATAPLANE_MEMIF_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/uio.h>
#include "memif_format.h"
#include "memif_memory.h"

struct memif_writer {
	struct memif_memory memory; // const
	struct memif_ring *ring; // const
	int event_fd; // const
	uint16_t size; // const; descriptors
	// Writing thread only.
	uint16_t head; // as last read
	uint16_t tail; // where the next frame goes
	uint16_t published; // the tail in the ring
	atomic_bool broken; // writing thread: wo, control: ro
};

// Takes over memory and eventfd on success. `ring` is in the memory, with all its descriptors.
// Sends the client a signal, so that its errors are found now: those of memif_signal_send(),
// -ENOMEM.
int memif_writer_open(struct memif_writer **writer, struct memif_memory *memory,
	struct memif_ring *ring, unsigned size_log2, int event_fd);
void memif_writer_close(struct memif_writer *writer);

// Only one thread at a time may call the other functions.

// Writes a frame from its parts. The client sees it after memif_writer_publish().
// -EAGAIN    there is no room now
// -EMSGSIZE  the frame does not fit even if the ring is empty
// -EPROTO    the ring is broken
int memif_writer_put(struct memif_writer *writer, const struct iovec *parts, unsigned n_parts);
// Makes the written frames visible to the client, and signals it unless it polls.
void memif_writer_publish(struct memif_writer *writer);

// Any thread.
static inline bool memif_writer_is_broken(const struct memif_writer *writer)
{
	return atomic_load_explicit(&writer->broken, memory_order_relaxed);
}

#endif
