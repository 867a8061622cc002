// SPDX-License-Identifier: BSD-3-Clause
// Ring outputs shared with another process: a thread copies their frames to the ring of a memif
// client. The shared memory belongs to the other process, so that neither process needs huge pages
// of the other. The client is a DPDK port, opened by share_port_open(), or a program without DPDK.
//
// Each output is a queue of the share, and the number of the queue precedes each frame, so that one
// client receives for many sessions of a process. If the ring of the client is full, frames wait in
// their output: a queue that is read too slowly loses frames there, and other queues do not.
#ifndef DATAPLANE_SHARE_H
#define DATAPLANE_SHARE_H

#include <sys/socket.h>
#include <sys/stat.h>
#include "dataplane.h"
#include "memif_format.h"
#include "socket_file.h"

#define SHARE_QUEUES 128 // of one share
#define SHARE_TAG MEMIF_TAG // bytes before each frame: the number of its queue, in host order

struct share;

struct share_config {
	const char *path; // of the socket that the client connects to
	const struct socket_file_access *access; // of its file, for the call; NULL: 0600
	// Whether a process with these credentials (SO_PEERCRED) may connect. NULL: every process
	// that the mode of the file permits.
	bool (*allow)(void *arg, const struct ucred *peer);
	void *arg; // of allow()
};

// Only the control thread calls these. share_open() listens at the path, and replaces a socket
// without a listener. -EADDRINUSE if it has a listener, -ENAMETOOLONG, -EMFILE, -ENOMEM.
int share_open(
	const struct share_config *config, struct share **share, struct dataplane_error *error);
void share_close(struct share *share); // once no queue is left

// Removes the sockets PREFIX.NUMBER without a listener, which killed processes have left. Returns
// their number. Any thread.
unsigned share_sweep(const char *prefix);

// Readable while share_process() has work: clients that connect, disconnect or break the rules. It
// never changes.
int share_fd(const struct share *share);
// Does a bounded part of this work. Does not block.
void share_process(struct share *share);

// Adds the ring output as a queue. Numbers of queues are never reused within a share. -ENOBUFS if
// the share has the maximum number of queues.
int share_add(struct share *share, struct output *ring, uint64_t *number);
// Call it before the output is closed.
void share_remove(struct share *share, uint64_t number);
// Waits until the frames that are in the ring at the time of the call are sent to the other side.
// Frames for which the client has no room are dropped, so that the call never waits for the client.
void share_settle(struct share *share, uint64_t number);
// Dropped by share_settle(), or because the frame is larger than the whole ring of the client.
uint64_t share_dropped(const struct share *share, uint64_t number);

// ---- The other side: any process with EAL --------------------------------------------------

struct share_port;
struct share_queue;

// Up to `n_frames` may wait in all queues of the port together. Waits until the port is connected;
// -ETIMEDOUT after 5 s.
int share_port_open(const char *path, unsigned n_frames, struct share_port **port);
void share_port_close(struct share_port *port); // once no queue is left

// Up to `size` frames, a power of two, may wait. Each receive call on any queue of the port
// distributes frames to all queues; frames for a full queue are dropped. Any thread.
int share_port_queue_open(
	struct share_port *port, uint64_t number, unsigned size, struct share_queue **queue);
// Received frames must be freed before the port is closed.
void share_port_queue_close(struct share_queue *queue);
// One thread at a time per queue.
unsigned share_port_queue_receive(struct share_queue *queue, struct rte_mbuf **frames, unsigned n);
// Distributes all frames of the port. Any thread.
void share_port_queue_settle(struct share_queue *queue);
// How many frames were dropped because the queue was full, and their bytes. Any thread.
uint64_t share_port_queue_dropped(const struct share_queue *queue, uint64_t *bytes);

#endif
