// SPDX-License-Identifier: BSD-3-Clause
// A memif server: listens on a Unix socket and fills the receive ring of one client at a time. It
// works with all clients of memif 2.0 that share their own memory, such as DPDK's net_memif in the
// client role and VPP's interfaces with `slave no-zero-copy`. No DPDK.
//
// The header memif_format has the messages of the protocol and the layout of the memory. In this
// folder:
//
//   memif_server.c   the connections, their time limits, the receiving client
//   memif_socket.c   the listening socket, its file, messages with file descriptors
//   memif_control.c  the handshake with one client
//   memif_memory.c   the regions of the client, and why their size is reliable
//   memif_writer.c   writes frames to the ring of the client
//   memif_signal.c   the client's eventfd
//   socket_file.c    the file of a socket with its mode and owner
//   descriptor.c     descriptors that clients may not take
//   memif.c          not the server: a DPDK port that is a client
//
// A client may send anything at any time, and may write anything to the memory it shares. If it
// breaks the rules its connection is closed. It cannot make the server wait, grow or crash.
//
// Thread rule: the control thread, unless a function says otherwise. The server starts no thread:
// the event loop of the caller watches memif_server_fd().
#ifndef DATAPLANE_MEMIF_SERVER_H
#define DATAPLANE_MEMIF_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "memif_writer.h"
#include "socket_file.h"

#define MEMIF_MEMORY_MAX (256ull << 20) // bytes of a client's regions, by default

struct memif_server;

struct memif_server_config {
	const char *path; // of the socket
	const struct socket_file_access *access; // of its file; NULL: 0600
	uint64_t memory_max; // bytes of a client's regions; 0: MEMIF_MEMORY_MAX
	unsigned timeout_ms; // for the handshake of a client; 0: 2000
	// Whether a process with these credentials (SO_PEERCRED) may connect. NULL: every process
	// that the mode of the file permits.
	bool (*allow)(void *arg, const struct ucred *peer);
	void *arg; // of allow()
};

// Errors of memif_socket_listen(), -ENOMEM, -errno of epoll_create1() or timerfd_create().
int memif_server_open(const struct memif_server_config *config, struct memif_server **server);
// Disconnects the client and removes the file of the socket. The writing thread must have ended.
void memif_server_close(struct memif_server *server);

// Readable while memif_server_process() has work. It belongs to the server and never changes.
int memif_server_fd(const struct memif_server *server);
// Does a bounded part of the work: a few messages, with a few system calls each. Does not block.
void memif_server_process(struct memif_server *server);

// The writing thread, which may be another one. Returns the writer of the connected client, NULL if
// there is none. Closes the writer that the previous call returned if its client has disconnected.
struct memif_writer *memif_server_writer(struct memif_server *server);
// Any thread. Makes the control thread check whether the writer is broken, and then disconnect the
// client.
void memif_server_wake(struct memif_server *server);

#endif
