// SPDX-License-Identifier: BSD-3-Clause
// A CAPL socket is a session. The face adds what CAPL knows of a socket: its family, the interface
// to send from, the last error and the pending receive.
#include <sluice/capl.h>
#include "face.h"
#include "winsock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <rte_mbuf.h>

// Datagrams that may wait. Few, because programs have many sockets, which share
// limits.queued_frames.
enum { RING_SIZE = 128 };

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

// The lock guards all fields. Handles only grow, so that the handle of a closed socket stays
// invalid.
static struct {
	pthread_mutex_t lock;
	struct face_target target;
	TAILQ_HEAD(, capl_socket) sockets; // in order of their handles
	dword last_handle;
	long error;
} face = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.sockets = TAILQ_HEAD_INITIALIZER(face.sockets),
};

// A program that does not receive need not define it.
#pragma weak OnUdpReceiveFrom

// Locks the face. NULL if there is no such socket.
static struct capl_socket *socket_take(dword handle)
{
	struct capl_socket *socket;

	pthread_mutex_lock(&face.lock);
	TAILQ_FOREACH (socket, &face.sockets, link)
		if (socket->handle == handle)
			break;
	return socket;
}

// Unlocks the face, keeps the error of the call, and returns the result of the CAPL function.
static long socket_done(struct capl_socket *socket, int rc)
{
	long result = 0;

	if (!socket || rc == -ENODEV) {
		result = WSA_INVALID_PARAMETER;
	} else if (rc < 0) {
		result = SOCKET_ERROR;
		face.error = socket->error = winsock_code(rc);
	}
	pthread_mutex_unlock(&face.lock);
	return result;
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
	rc = face_session_open(&face.target, &options, session);
	if (rc == 0)
		sluice_event_fd(*session); // events are kept from here on
	return rc;
}

dword UdpOpenEndpoint(IP_Endpoint local)
{
	struct capl_socket *socket = calloc(1, sizeof(*socket));
	dword handle = INVALID_SOCKET;
	int rc = -ENOMEM;

	pthread_mutex_lock(&face.lock);
	if (socket)
		rc = session_open(local, &socket->session);
	if (rc < 0) {
		face.error = winsock_code(rc);
		free(socket);
	} else {
		handle = socket->handle = ++face.last_handle;
		socket->family = local.Address.addr.family;
		TAILQ_INSERT_TAIL(&face.sockets, socket, link);
	}
	pthread_mutex_unlock(&face.lock);
	return handle;
}

long UdpClose(dword handle)
{
	struct capl_socket *socket = socket_take(handle);
	long result;

	if (socket) {
		TAILQ_REMOVE(&face.sockets, socket, link);
		sluice_session_close(socket->session);
	}
	result = socket_done(socket, 0);
	free(socket);
	return result;
}

long IpGetLastSocketError(dword handle)
{
	struct capl_socket *socket = socket_take(handle);
	long error = socket ? socket->error : WSA_INVALID_PARAMETER;

	socket_done(socket, 0);
	return error;
}

long IpGetLastError(void)
{
	long error;

	pthread_mutex_lock(&face.lock);
	error = face.error;
	pthread_mutex_unlock(&face.lock);
	return error;
}

long IpGetLastSocketErrorAsString(dword handle, char text[], dword count)
{
	struct capl_socket *socket = socket_take(handle);

	if (socket)
		winsock_text(socket->error, text, count);
	return socket_done(socket, 0);
}

// Returns the native index of the interface that has the address with this number.
static int interface_find(struct capl_socket *socket, dword ifIndex)
{
	dword last = 0;
	int n;

	if (ifIndex == 0)
		return -ENODEV;
	for (unsigned native = 1;; native++) {
		n = sluice_interface_addresses(socket->session, native, NULL, 0);
		if (n < 0)
			return n;
		last += n > 0 ? n : 1;
		if (ifIndex <= last)
			return native;
	}
}

static int address_check(struct capl_socket *socket, const struct sluice_addr *addr)
{
	if (addr->family == AF_UNSPEC)
		return -EFAULT;
	return addr->family == socket->family ? 0 : -EAFNOSUPPORT;
}

// Reads the events of the session, to learn of lost groups.
static void events_read(struct capl_socket *socket)
{
	struct sluice_event event;

	while (sluice_event_get(socket->session, &event) == 0) {
		sluice_event_ack(socket->session, &event);
		if (event.kind == SLUICE_EVENT_ERROR)
			socket->lost = winsock_code(event.status);
	}
}

static int join_once(struct capl_socket *socket, unsigned native, const struct sluice_addr *group)
{
	enum sluice_filter_mode mode;
	unsigned n_sources = 0;
	int rc = sluice_get_filter(socket->session, native, group, &mode, NULL, &n_sources);

	if (rc == 0)
		return -EADDRNOTAVAIL;
	return rc == -EADDRNOTAVAIL ? sluice_join(socket->session, native, group) : rc;
}

static int leave(struct capl_socket *socket, unsigned native, const struct sluice_addr *group)
{
	int rc = sluice_leave_flush(socket->session, native, group);

	return rc == -EADDRNOTAVAIL ? -EINVAL : rc;
}

typedef int membership_fn(
	struct capl_socket *socket, unsigned native, const struct sluice_addr *group);

static int membership_change(struct capl_socket *socket, dword ifIndex,
	const struct sluice_addr *group, membership_fn *change)
{
	int native = interface_find(socket, ifIndex), rc;

	events_read(socket);
	if (native < 0)
		return native;
	rc = address_check(socket, group);
	return rc == 0 ? change(socket, native, group) : rc;
}

long(IpJoinMulticastGroup)(dword handle, dword ifIndex, IP_Address group)
{
	struct capl_socket *socket = socket_take(handle);

	return socket_done(
		socket, socket ? membership_change(socket, ifIndex, &group.addr, join_once) : 0);
}

long(IpLeaveMulticastGroup)(dword handle, dword ifIndex, IP_Address group)
{
	struct capl_socket *socket = socket_take(handle);

	return socket_done(
		socket, socket ? membership_change(socket, ifIndex, &group.addr, leave) : 0);
}

static int multicast_if_set(struct capl_socket *socket, dword ifIndex)
{
	int native = interface_find(socket, ifIndex), rc;

	if (native < 0)
		return native;
	rc = sluice_set_multicast_if(socket->session, native);
	if (rc == 0)
		socket->multicast_if = ifIndex;
	return rc;
}

long IpSetMulticastInterface(dword handle, dword ifIndex)
{
	struct capl_socket *socket = socket_take(handle);

	return socket_done(socket, socket ? multicast_if_set(socket, ifIndex) : 0);
}

static int datagram_send(
	struct capl_socket *socket, const IP_Endpoint *remote, const void *buffer, dword size)
{
	const IP_Address *group = &remote->Address;
	int rc = address_check(socket, &group->addr);

	if (rc < 0)
		return rc;
	if (!buffer && size)
		return -EFAULT;
	if (remote->Port > UINT16_MAX)
		return -EINVAL;
	if (!socket->multicast_if)
		return -ENETUNREACH;
	if (socket->family == AF_INET6 && group->ScopeID != socket->multicast_if)
		return -EADDRNOTAVAIL;
	return sluice_send(socket->session, &group->addr, htons(remote->Port), buffer, size);
}

long UdpSendToEndpoint(dword handle, IP_Endpoint remote, const void *buffer, dword size)
{
	struct capl_socket *socket = socket_take(handle);

	return socket_done(socket, socket ? datagram_send(socket, &remote, buffer, size) : 0);
}

long UdpSendToIpv6(
	dword handle, const byte ipv6Address[], dword port, const void *buffer, dword size)
{
	struct capl_socket *socket = socket_take(handle);
	IP_Endpoint remote = {.Address = capl_address_ipv6(ipv6Address), .Port = port};

	if (socket)
		remote.Address.ScopeID = socket->multicast_if;
	return socket_done(socket, socket ? datagram_send(socket, &remote, buffer, size) : 0);
}

static int receive_start(struct capl_socket *socket, char *buffer, dword size)
{
	if (!buffer)
		return -EFAULT;
	if (socket->buffer)
		return -EALREADY;
	socket->buffer = buffer;
	socket->size = size;
	return -EINPROGRESS;
}

long UdpReceiveFrom(dword handle, char buffer[], dword size)
{
	struct capl_socket *socket = socket_take(handle);

	return socket_done(socket, socket ? receive_start(socket, buffer, size) : 0);
}

struct completion {
	dword handle;
	long result;
	IP_Endpoint remote;
	char *buffer;
	dword size;
};

static void datagram_copy(struct capl_socket *socket, const struct rte_mbuf *frame,
	const struct sluice_frame *info, struct completion *done)
{
	const void *payload;

	*done = (struct completion){
		.handle = socket->handle,
		.remote = {.Address = {.addr = info->source}, .Port = ntohs(info->source_port_be)},
		.buffer = socket->buffer,
		.size = RTE_MIN(info->payload_len, socket->size),
		.result = info->payload_len > socket->size ? WSAEMSGSIZE : 0,
	};
	// It copies only if the payload spans segments. It cannot return NULL: the length is
	// checked.
	payload = rte_pktmbuf_read(frame, info->payload, done->size, done->buffer);
	if (payload != done->buffer)
		memcpy(done->buffer, payload, done->size);
	socket->buffer = NULL;
}

static void loss_tell(struct capl_socket *socket, struct completion *done)
{
	*done = (struct completion){
		.handle = socket->handle,
		.result = socket->lost,
		.buffer = socket->buffer,
	};
	face.error = socket->error = socket->lost;
	socket->lost = 0;
	socket->buffer = NULL;
}

static bool receive_complete(struct capl_socket *socket, struct completion *done)
{
	struct sluice_frame info;
	struct rte_mbuf *frame;

	while (socket->buffer && sluice_recv_burst(socket->session, &frame, 1) == 1) {
		// The port is 0 if the frame is no UDP datagram, or a fragment but the first.
		if (sluice_frame_read(frame, &info) == 0 && info.udp_port_be != 0)
			datagram_copy(socket, frame, &info, done);
		rte_pktmbuf_free(frame);
	}
	if (socket->buffer) {
		events_read(socket);
		if (socket->lost)
			loss_tell(socket, done);
	}
	return done->buffer != NULL;
}

// Completes one receive of the sockets after `handle`, if one can be completed.
static struct completion receive_next(dword handle)
{
	struct completion done = {0};
	struct capl_socket *socket;

	pthread_mutex_lock(&face.lock);
	TAILQ_FOREACH (socket, &face.sockets, link)
		if (socket->handle > handle && receive_complete(socket, &done))
			break;
	pthread_mutex_unlock(&face.lock);
	return done;
}

unsigned sluice_capl_poll(void)
{
	struct completion done;
	unsigned n = 0;

	// The program is called without the lock, because it requests the next datagram.
	for (done = receive_next(0); done.buffer; done = receive_next(done.handle)) {
		n++;
		if (OnUdpReceiveFrom)
			OnUdpReceiveFrom(
				done.handle, done.result, done.remote, done.buffer, done.size);
	}
	return n;
}

void sluice_capl_attach(struct sluice *sluice, const char *socket)
{
	pthread_mutex_lock(&face.lock);
	face.target = (struct face_target){.sluice = sluice, .socket = socket};
	pthread_mutex_unlock(&face.lock);
}
