// SPDX-License-Identifier: BSD-3-Clause
// A memif server: listens on a Unix socket and gives one client at a time a ring to receive from.
// Works with any client of memif 2.0 that shares memory of its own, such as DPDK's net_memif in its
// client role and VPP's interfaces with `slave no-zero-copy`. No DPDK.
//
// The header memif_format has the protocol's messages and the layout of the memory. In this folder:
//
//   memif_server.c   the connections, their time limits, who receives
//   memif_socket.c   the listening socket, its file, messages with file descriptors
//   memif_control.c  the handshake with one client
//   memif_memory.c   the client's regions, and why their size can be relied on
//   memif_writer.c   frames into the client's ring
//   memif_signal.c   the client's eventfd
//   descriptor.c     descriptors that clients may not take
//   memif.c          not the server: a port of DPDK that is a client
//
// A client may send anything at any time, and may write anything into the memory it shares. What
// it gets for that is a closed connection. It cannot make the server wait, grow or crash.
//
// Thread rule: the control thread, unless a function says otherwise. There is no thread in here:
// the caller's event loop watches memif_server_fd().
#ifndef DATAPLANE_MEMIF_SERVER_H
#define DATAPLANE_MEMIF_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "memif_writer.h"

#define MEMIF_MEMORY_MAX (256ull << 20) // bytes of a client's regions, by default

struct memif_server;

struct memif_server_config {
	const char *path; // of the socket
	mode_t mode; // of its file; 0: 0600
	uint64_t memory_max; // bytes of a client's regions; 0: MEMIF_MEMORY_MAX
	unsigned timeout_ms; // a client has for the handshake; 0: 2000
	// Whether the process may connect, as the kernel knows it (SO_PEERCRED). NULL: any that the
	// file's mode lets in.
	bool (*allow)(void *arg, const struct ucred *peer);
	void *arg; // of allow()
};

// Errors of memif_socket_listen(), -ENOMEM, -errno of epoll_create1() or timerfd_create().
int memif_server_open(const struct memif_server_config *config, struct memif_server **server);
// Disconnects the client and removes the socket's file. The writing thread has ended before.
void memif_server_close(struct memif_server *server);

// Readable while memif_server_process() has work. The server's own, const.
int memif_server_fd(const struct memif_server *server);
// Does a bounded part of the work: a few messages, each of which takes some system calls. Does not
// block.
void memif_server_process(struct memif_server *server);

// The writing thread, which may be another one. Returns the writer of the client that is connected,
// NULL if none is. What the call before returned is closed if its client has gone.
struct memif_writer *memif_server_writer(struct memif_server *server);
// Any thread. Makes the control thread look whether the writer is broken, and disconnect the
// client.
void memif_server_wake(struct memif_server *server);

#endif
