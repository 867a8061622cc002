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
#include "socket_file.h"

struct memif_socket {
	int fd;
	char path[108];
	// Identify the file, so that the file of a successor is not removed.
	dev_t device;
	ino_t inode;
};

// Listens at the path. The file has this mode from its creation on, and this owner before anybody
// can connect. Replaces a socket without a listener, which a killed process has left. -EADDRINUSE
// if the socket has a listener or the file is not a socket, -ENAMETOOLONG, -EPERM if the file
// cannot be given to the owner, -EMFILE if only the descriptors that descriptor.h keeps are left.
int memif_socket_listen(
	struct memif_socket *socket, const char *path, const struct socket_file_access *access);
// Removes the file, unless another one has taken its place.
void memif_socket_close(struct memif_socket *socket);

// Removes the sockets PREFIX.NUMBER without a listener. Returns their number.
unsigned memif_socket_sweep(const char *prefix);

// Does not block. Returns the descriptor and the credentials of the client. -EMFILE as above, after
// closing the connection.
int memif_socket_accept(const struct memif_socket *socket, struct ucred *peer);

enum { MEMIF_SOCKET_FDS = 4 }; // with a message; the kernel closes further ones

// A message as received.
struct memif_packet {
	uint8_t bytes[sizeof(struct memif_message) + 1]; // a longer message is detected
	size_t len;
	int fds[MEMIF_SOCKET_FDS]; // the caller closes them
	unsigned n_fds;
};

// Do not block. -EAGAIN; -ECONNRESET if the other side has closed the connection; -EMFILE as above,
// for descriptors in the message.
int memif_socket_receive(int fd, struct memif_packet *packet);
int memif_socket_send(int fd, const struct memif_message *message);

#endif
