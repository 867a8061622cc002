// SPDX-License-Identifier: BSD-3-Clause
// Ring outputs shared with another process: a thread copies their frames into the ring of a memif
// client, whose shared memory is the other process's, so that neither needs huge pages of the
// other. The client may be a DPDK port, as share_port_open() makes one, or a program without DPDK.
//
// Each output is a queue of the share, and each frame goes behind the number of its queue, so that
// one client receives for many sessions of a process. A frame that finds the client's ring full
// waits in its output: a queue that is read too slowly loses frames there, and no other queue does.
#ifndef DATAPLANE_SHARE_H
#define DATAPLANE_SHARE_H

#include <sys/socket.h>
#include <sys/stat.h>
#include "dataplane.h"
#include "memif_format.h"

#define SHARE_QUEUES 128 // of one share
#define SHARE_TAG MEMIF_TAG // bytes before each frame: the number of its queue, in host order

struct share;

struct share_config {
	const char *path; // of the socket that the client connects to
	mode_t mode; // of its file; 0: 0600
	// Whether the process may connect, as the kernel knows it (SO_PEERCRED). NULL: any that the
	// file's mode lets in.
	bool (*allow)(void *arg, const struct ucred *peer);
	void *arg; // of allow()
};

// All from the control thread. share_open() listens at the path, where it replaces a socket that
// nobody listens on. -EADDRINUSE if somebody does, -ENAMETOOLONG, -EMFILE, -ENOMEM.
int share_open(
	const struct share_config *config, struct share **share, struct dataplane_error *error);
void share_close(struct share *share); // once no queue is left

// Removes the sockets PREFIX.NUMBER that nobody listens on, as a killed process leaves them.
// Returns how many. Any thread.
unsigned share_sweep(const char *prefix);

// Readable while share_process() has work: clients that come, go or break the rules. Const.
int share_fd(const struct share *share);
// Does a bounded part of it. Does not block.
void share_process(struct share *share);

// Makes the ring output a queue. No other queue of the share ever has its number. -ENOBUFS if there
// are as many as can be.
int share_add(struct share *share, struct output *ring, uint64_t *number);
// Before the output is closed.
void share_remove(struct share *share, uint64_t number);
// Waits until what the ring held at the call has gone to the other side. What the client has no
// room for is dropped, so that nobody waits for the other side.
void share_settle(struct share *share, uint64_t number);
// By share_settle(), and because a frame is larger than the client's whole ring.
uint64_t share_dropped(const struct share *share, uint64_t number);

// ---- The other side: any process with EAL --------------------------------------------------

struct share_port;
struct share_queue;

// `n_frames` may wait in all its queues together. Waits until it is connected; -ETIMEDOUT after 5
// s.
int share_port_open(const char *path, unsigned n_frames, struct share_port **port);
void share_port_close(struct share_port *port); // once no queue is left

// `size` frames, a power of two, may wait to be received. Frames are dealt to the queue by whoever
// receives from any queue of the port, and dropped if it is full. Any thread.
int share_queue_open(
	struct share_port *port, uint64_t number, unsigned size, struct share_queue **queue);
// Frames received before are to be freed before the port is closed.
void share_queue_close(struct share_queue *queue);
// One thread at a time a queue.
unsigned share_queue_receive(struct share_queue *queue, struct rte_mbuf **frames, unsigned n);
// Deals all that lies in the port. Any thread.
void share_queue_settle(struct share_queue *queue);

#endif
