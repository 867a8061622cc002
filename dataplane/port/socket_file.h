// SPDX-License-Identifier: BSD-3-Clause
// The file of a Unix socket, with its mode and owner before anybody can connect.
//
// Thread rule: one thread at a time, as the umask is the process's.
#ifndef DATAPLANE_SOCKET_FILE_H
#define DATAPLANE_SOCKET_FILE_H

#include <sys/types.h>
#include <sys/un.h>

struct socket_file_access {
	mode_t mode;
	uid_t owner; // -1: the process's
	gid_t group; // -1: the process's
};

// Binds a socket that does not listen yet. The file has its mode from the first moment on. 0 or a
// negative errno; -EPERM also if the file may not be given to the owner or group.
int socket_file_bind(
	int fd, const struct sockaddr_un *address, const struct socket_file_access *access);

#endif
