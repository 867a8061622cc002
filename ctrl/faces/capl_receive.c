// SPDX-License-Identifier: BSD-3-Clause
// A receive of CAPL is pending until sluice_capl_poll() has a datagram for it.
#include "capl_socket.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <rte_mbuf.h>

// A program that does not receive need not define it.
#pragma weak OnUdpReceiveFrom

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
	struct capl_socket *socket = capl_socket_take(handle);

	return capl_socket_done(socket, socket ? receive_start(socket, buffer, size) : 0);
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
	capl_face.error = socket->error = socket->lost;
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
		capl_socket_read_events(socket);
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

	pthread_mutex_lock(&capl_face.lock);
	TAILQ_FOREACH (socket, &capl_face.sockets, link)
		if (socket->handle > handle && receive_complete(socket, &done))
			break;
	pthread_mutex_unlock(&capl_face.lock);
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
