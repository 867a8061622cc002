// SPDX-License-Identifier: BSD-3-Clause
#include "capl_socket.h"
#include "winsock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

// Datagrams that may wait. Few, because programs have many sockets, which share
// limits.queued_frames.
enum { RING_SIZE = 128 };

struct capl_face capl_face = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.sockets = TAILQ_HEAD_INITIALIZER(capl_face.sockets),
};

struct capl_socket *capl_socket_take(dword handle)
{
	struct capl_socket *socket;

	pthread_mutex_lock(&capl_face.lock);
	TAILQ_FOREACH (socket, &capl_face.sockets, link)
		if (socket->handle == handle)
			break;
	return socket;
}

long capl_socket_done(struct capl_socket *socket, int rc)
{
	long result = 0;

	if (!socket || rc == -ENODEV) {
		result = WSA_INVALID_PARAMETER;
	} else if (rc < 0) {
		result = SOCKET_ERROR;
		capl_face.error = socket->error = winsock_code(rc);
	}
	pthread_mutex_unlock(&capl_face.lock);
	return result;
}

int capl_socket_check_address(const struct capl_socket *socket, const struct sluice_addr *addr)
{
	if (addr->family == AF_UNSPEC)
		return -EFAULT;
	return addr->family == socket->family ? 0 : -EAFNOSUPPORT;
}

void capl_socket_read_events(struct capl_socket *socket)
{
	struct sluice_event event;

	while (sluice_event_get(socket->session, &event) == 0) {
		sluice_event_ack(socket->session, &event);
		if (event.kind == SLUICE_EVENT_ERROR)
			socket->lost = winsock_code(event.status);
	}
}

static int session_open(IP_Endpoint local, struct sluice_session **session)
{
	int rc;

	const struct sluice_session_options options = {
		.udp_port_be = htons(local.Port), .ring_size = RING_SIZE};

	if (local.Address.addr.family == AF_UNSPEC)
		return -EFAULT;
	if (local.Port > UINT16_MAX)
		return -EINVAL;
	rc = face_session_open(&capl_face.target, &options, session);
	if (rc == 0)
		sluice_event_fd(*session); // events are kept from here on
	return rc;
}

dword UdpOpenEndpoint(IP_Endpoint local)
{
	struct capl_socket *socket = calloc(1, sizeof(*socket));
	dword handle = INVALID_SOCKET;
	int rc = -ENOMEM;

	pthread_mutex_lock(&capl_face.lock);
	if (socket)
		rc = session_open(local, &socket->session);
	if (rc < 0) {
		capl_face.error = winsock_code(rc);
		free(socket);
	} else {
		handle = socket->handle = ++capl_face.last_handle;
		socket->family = local.Address.addr.family;
		TAILQ_INSERT_TAIL(&capl_face.sockets, socket, link);
	}
	pthread_mutex_unlock(&capl_face.lock);
	return handle;
}

long UdpClose(dword handle)
{
	struct capl_socket *socket = capl_socket_take(handle);
	long result;

	if (socket) {
		TAILQ_REMOVE(&capl_face.sockets, socket, link);
		sluice_session_close(socket->session);
	}
	result = capl_socket_done(socket, 0);
	free(socket);
	return result;
}

long IpGetLastSocketError(dword handle)
{
	struct capl_socket *socket = capl_socket_take(handle);
	long error = socket ? socket->error : WSA_INVALID_PARAMETER;

	capl_socket_done(socket, 0);
	return error;
}

long IpGetLastError(void)
{
	long error;

	pthread_mutex_lock(&capl_face.lock);
	error = capl_face.error;
	pthread_mutex_unlock(&capl_face.lock);
	return error;
}

long IpGetLastSocketErrorAsString(dword handle, char text[], dword count)
{
	struct capl_socket *socket = capl_socket_take(handle);

	if (socket)
		winsock_text(socket->error, text, count);
	return capl_socket_done(socket, 0);
}

void sluice_capl_attach(struct sluice *sluice, const char *socket)
{
	pthread_mutex_lock(&capl_face.lock);
	capl_face.target = (struct face_target){.sluice = sluice, .socket = socket};
	pthread_mutex_unlock(&capl_face.lock);
}
