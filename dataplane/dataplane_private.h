// SPDX-License-Identifier: BSD-3-Clause
// Private part of struct dataplane, shared by the files that implement it.
#ifndef DATAPLANE_PRIVATE_H
#define DATAPLANE_PRIVATE_H

#include <stdatomic.h>
#include <sys/queue.h>
#include "dataplane.h"
#include "dataplane_error.h"
#include "reclaim.h"
#include "subscription.h"

#define BURST 64 // frames received, looked up and delivered together
#define DATAPLANE_READERS 32 // application threads that may look at a group table at once
#define PUNT_RING_SIZE 512 // IGMP and MLD frames that wait for the control thread

struct punt_rings;
struct worker;

// Whether an application thread uses the number of this reader.
struct dataplane_reader {
	atomic_bool taken;
} __rte_cache_aligned;

struct dataplane {
	// Const once open.
	struct worker **workers;
	unsigned n_workers;
	uint16_t frame_size; // bytes of a frame in one receive buffer
	unsigned ring_frames; // the limit for all ring outputs together
	unsigned punt_rate; // of each worker, frames per second
	struct punt_rings *punted; // workers: put, control: get
	// Control thread only.
	LIST_HEAD(, port) ports;
	LIST_HEAD(, interface) interfaces;
	LIST_HEAD(, output) outputs;
	unsigned ring_frames_used;
	unsigned next_worker; // gets the next receive queue
	bool started; // the workers run
	int link_monitor; // -1: the kernel does not report links
	struct subscription subscription;
	// Shared with the workers.
	struct reclaim reclaim; // readers: the workers, then those of the application
	struct dataplane_reader
		*readers; // DATAPLANE_READERS; NULL: the application filters no frames
	atomic_bool running; // control: wo, worker: ro
};

#endif
