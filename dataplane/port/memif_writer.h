// SPDX-License-Identifier: BSD-3-Clause
// Writes frames into a client's server-to-client ring. No DPDK.
//
// All that the ring holds is the client's to change at any time. The writer keeps the tail to
// itself, reads each descriptor once into a local copy, and writes only where that copy lies within
// the client's regions. A ring that breaks the rules is broken for good: no more is written.
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
	uint16_t published; // the tail that the client was told
	atomic_bool broken; // writing thread: wo, control: ro
};

// Takes memory and eventfd over if it succeeds. `ring` lies in the memory with all its descriptors.
// The client gets a signal,
// so that an error shows now: those of memif_signal_send(), -ENOMEM.
int memif_writer_open(struct memif_writer **writer, struct memif_memory *memory,
	struct memif_ring *ring, unsigned size_log2, int event_fd);
void memif_writer_close(struct memif_writer *writer);

// The rest belongs to one thread at a time.

// Writes a frame, whose parts follow each other. The client sees it after memif_writer_publish().
// -EAGAIN    no room now
// -EMSGSIZE  the frame does not fit even if the ring is empty
// -EPROTO    the ring is broken
int memif_writer_put(struct memif_writer *writer, const struct iovec *parts, unsigned n_parts);
// Shows the client what was written, and signals it unless it polls.
void memif_writer_publish(struct memif_writer *writer);

// Any thread.
static inline bool memif_writer_is_broken(const struct memif_writer *writer)
{
	return atomic_load_explicit(&writer->broken, memory_order_relaxed);
}

#endif
