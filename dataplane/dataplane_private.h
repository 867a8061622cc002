// SPDX-License-Identifier: BSD-3-Clause
// The inside of struct dataplane, shared by the files that make it up.
#ifndef DATAPLANE_PLANE_H
#define DATAPLANE_PLANE_H

#include <stdatomic.h>
#include <sys/queue.h>
#include <rte_ring.h>
#include "dataplane.h"
#include "reclaim.h"
#include "subscription.h"

#define BURST 64 // frames received, looked up and delivered together
#define PLANE_READERS 32 // application threads that may look at a group table at once
#define VLAN_MAX 4094

struct worker;

// Whether an application thread has borrowed this reader's number.
struct plane_reader {
	atomic_bool taken;
} __rte_cache_aligned;

struct dataplane {
	// Const once open.
	struct worker **workers;
	unsigned n_workers;
	uint16_t frame_size; // bytes of a frame in one receive buffer
	unsigned ring_frames; // which all ring outputs may hold together
	struct rte_ring *punted; // workers: put, control: get
	// Control thread only.
	LIST_HEAD(, port) ports;
	LIST_HEAD(, interface) interfaces;
	LIST_HEAD(, output) outputs;
	unsigned ring_frames_used;
	unsigned next_worker; // which the next receive queue goes to
	bool started;
	struct subscription subscription;
	// Shared with the workers.
	struct reclaim reclaim; // readers: the workers, then the application's
	struct plane_reader *readers; // PLANE_READERS; NULL: the application filters nothing
	atomic_bool running; // control: wo, worker: ro
};

// Fills the text (error may be NULL) and returns -code, a positive errno.
__attribute__((format(printf, 3, 4))) int plane_error(
	struct dataplane_error *error, int code, const char *format, ...);

#endif
