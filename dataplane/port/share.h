// SPDX-License-Identifier: BSD-3-Clause
// Ring outputs shared with another process: a thread copies their frames into a memif port, whose
// shared memory is the other process's, so that neither needs huge pages of the other.
//
// Each output is a line of the share, and each frame goes behind the number of its line, so that
// one port serves many sessions of a process. A frame that finds the port full waits in its ring: a
// line that is read too slowly loses frames there, and no other line does.
#ifndef DATAPLANE_SHARE_H
#define DATAPLANE_SHARE_H

#include "dataplane.h"

#define SHARE_LINES 128 // of one share
#define SHARE_TAG sizeof(uint64_t) // before each frame: the number of its line, in host order

struct share;

// Control thread, all of them. share_open() listens at `path`, for whom this user lets in.
int share_open(const char *path, struct share **share, struct dataplane_error *error);
void share_close(struct share *share); // once no line is left

// Makes the ring output a line. No other line of the share ever has its number. -ENOBUFS if there
// are as many as can be.
int share_add(struct share *share, struct output *ring, uint64_t *number);
// Before the output is closed.
void share_remove(struct share *share, uint64_t number);
// Waits until what the ring held at the call has gone to the other side. What the port has no room
// for is dropped, so that nobody waits for the other side.
void share_settle(struct share *share, uint64_t number);
uint64_t share_dropped(const struct share *share, uint64_t number); // by share_settle()

// ---- The other side: any process with EAL --------------------------------------------------

struct share_port;
struct share_line;

// `n_frames` may wait in all its lines together. Waits until it is connected; -ETIMEDOUT after 5 s.
int share_port_open(const char *path, unsigned n_frames, struct share_port **port);
void share_port_close(struct share_port *port); // once no line is left

// `size` frames, a power of two, may wait to be received. Frames are dealt to the line by whoever
// receives from any line of the port, and dropped if it is full. Any thread.
int share_line_open(
	struct share_port *port, uint64_t number, unsigned size, struct share_line **line);
// Frames received before are to be freed before the port is closed.
void share_line_close(struct share_line *line);
// One thread at a time a line.
unsigned share_line_receive(struct share_line *line, struct rte_mbuf **frames, unsigned n);
// Deals all that lies in the port. Any thread.
void share_line_settle(struct share_line *line);
uint64_t share_line_dropped(const struct share_line *line); // any thread

#endif
