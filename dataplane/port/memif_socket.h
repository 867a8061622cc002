// SPDX-License-Identifier: BSD-3-Clause
// The socket of a memif server and its file. No DPDK.
//
// Thread rule: one thread. All return 0 or a negative errno unless they say otherwise.
#ifndef DATAPLANE_MEMIF_SOCKET_H
#define DATAPLANE_MEMIF_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "memif_format.h"

struct memif_socket {
	int fd;
	char path[108];
	// Of the file, so that a successor's is not removed.
	dev_t device;
	ino_t inode;
};

// Listens at the path, with this mode (0600) from the first moment on. Replaces the file if it is a
// socket that nobody listens on, as a killed process leaves it. -EADDRINUSE if somebody does or if
// it is no socket, -ENAMETOOLONG, -EMFILE if only the descriptors are left that descriptor.h keeps.
int memif_socket_listen(struct memif_socket *socket, const char *path, mode_t mode);
// Removes the file, unless another one has taken its place.
void memif_socket_close(struct memif_socket *socket);

// Removes the sockets PREFIX.NUMBER that nobody listens on. Returns how many.
unsigned memif_socket_sweep(const char *prefix);

// Does not block. Returns the descriptor, and who it was that connected. -EMFILE as above, then the
// connection is closed.
int memif_socket_accept(const struct memif_socket *socket, struct ucred *peer);

enum { MEMIF_SOCKET_FDS = 4 }; // that may come with a message; the kernel closes further ones

// A message as it came, of whatever sender.
struct memif_packet {
	uint8_t bytes[sizeof(struct memif_message) +
		      1]; // a longer one does not pass for a whole one
	size_t len;
	int fds[MEMIF_SOCKET_FDS]; // the caller's to close
	unsigned n_fds;
};

// Do not block. -EAGAIN; -ECONNRESET if the other side has gone; -EMFILE as above, for descriptors
// in the message.
int memif_socket_receive(int fd, struct memif_packet *packet);
int memif_socket_send(int fd, const struct memif_message *message);

#endif
