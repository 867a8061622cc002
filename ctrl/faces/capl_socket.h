// SPDX-License-Identifier: BSD-3-Clause
// The sockets of the CAPL face. A socket is a session, with what CAPL knows of a socket: its
// family, the interface to send from, the last error and the pending receive.
#ifndef FACES_CAPL_SOCKET_H
#define FACES_CAPL_SOCKET_H

#include <pthread.h>
#include <sys/queue.h>
#include <sluice/capl.h>
#include "face.h"

struct capl_socket {
	TAILQ_ENTRY(capl_socket) link;
	dword handle;
	int family;
	struct sluice_session *session;
	dword multicast_if; // an ifIndex of CAPL; 0: not set
	long error;
	char *buffer; // of the pending receive, NULL without one
	dword size;
	long lost; // the code of a group that was lost since the last receive; 0: none
};

// The lock guards all fields, and those of the sockets. Handles only grow, so that the handle of a
// closed socket stays invalid.
struct capl_face {
	pthread_mutex_t lock;
	struct face_target target;
	TAILQ_HEAD(, capl_socket) sockets; // in order of their handles
	dword last_handle;
	long error;
};
extern struct capl_face capl_face;

// Locks the face. NULL if there is no such socket.
struct capl_socket *capl_socket_take(dword handle);
// Unlocks the face, keeps the error of the call, and returns the result of the CAPL function.
long capl_socket_done(struct capl_socket *socket, int rc);
// -EFAULT without an address, -EAFNOSUPPORT if it is of another family.
int capl_socket_check_address(const struct capl_socket *socket, const struct sluice_addr *addr);
// Reads the events of the session, to learn of lost groups.
void capl_socket_read_events(struct capl_socket *socket);

#endif
