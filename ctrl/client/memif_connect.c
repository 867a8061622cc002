// SPDX-License-Identifier: BSD-3-Clause
#include "memif_connect.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "memif_format.h"

struct handshake {
	int fd;
	uint64_t deadline_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- Messages ------------------------------------------------------------------------------

// Without a descriptor, fd is -1.
static int send_message(
	const struct handshake *handshake, const struct memif_message *message, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec data = {(void *)message, sizeof(*message)};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *rights;

		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	return sendmsg(handshake->fd, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int wait_readable(const struct handshake *handshake)
{
	struct pollfd wait = {.fd = handshake->fd, .events = POLLIN};
	int n;

	do {
		const uint64_t now = now_ms();

		if (now >= handshake->deadline_ms)
			return -ETIMEDOUT;
		n = poll(&wait, 1, (int)(handshake->deadline_ms - now));
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int receive(const struct handshake *handshake, unsigned type, struct memif_message *message)
{
	ssize_t len;
	int rc = wait_readable(handshake);

	if (rc < 0)
		return rc;
	len = recv(handshake->fd, message, sizeof(*message), MSG_DONTWAIT);
	if (len <= 0)
		return len < 0 && errno != ECONNRESET ? -errno : -ECONNREFUSED;
	if (len == sizeof(*message) && message->type == type)
		return 0;
	return message->type == MEMIF_DISCONNECT ? -ECONNREFUSED : -EPROTO;
}

static int call(
	const struct handshake *handshake, struct memif_message *message, int fd, unsigned answer)
{
	int rc = send_message(handshake, message, fd);

	// The server may have sent the reason for closing.
	if (rc == 0 || rc == -EPIPE)
		rc = receive(handshake, answer, message);
	return rc;
}

// ---- Stages --------------------------------------------------------------------------------

static int introduce(const struct handshake *handshake, const struct memif_offer *offer)
{
	struct memif_message message;
	int rc = receive(handshake, MEMIF_HELLO, &message);

	if (rc < 0)
		return rc;
	if (message.hello.version_min > MEMIF_VERSION || message.hello.version_max < MEMIF_VERSION)
		return -EPROTO;
	if (message.hello.ring_log2_max < offer->ring_log2)
		return -ECONNREFUSED;
	message = (struct memif_message){
		.type = MEMIF_INIT,
		.init = {.version = MEMIF_VERSION, .mode = MEMIF_MODE_ETHERNET, .name = "sluice"},
	};
	return call(handshake, &message, -1, MEMIF_ACK);
}

static int offer_memory(const struct handshake *handshake, const struct memif_offer *offer)
{
	struct memif_message message = {
		.type = MEMIF_ADD_REGION,
		.add_region = {.size = offer->memory_size},
	};
	int rc = call(handshake, &message, offer->memory_fd, MEMIF_ACK);

	if (rc < 0)
		return rc;
	message = (struct memif_message){
		.type = MEMIF_ADD_RING,
		.add_ring = {.size_log2 = offer->ring_log2},
	};
	rc = call(handshake, &message, offer->event_fd, MEMIF_ACK);
	if (rc < 0)
		return rc;
	message = (struct memif_message){.type = MEMIF_CONNECT, .connect.name = "sluice"};
	return call(handshake, &message, -1, MEMIF_CONNECTED);
}

static int open_socket(const char *path, unsigned timeout_ms)
{
	const struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); // also limits connect()
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	rc = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return rc;
}

int memif_connect(const char *path, const struct memif_offer *offer, unsigned timeout_ms)
{
	struct handshake handshake = {.deadline_ms = now_ms() + timeout_ms};
	int rc;

	handshake.fd = open_socket(path, timeout_ms);
	if (handshake.fd < 0)
		return handshake.fd;
	rc = introduce(&handshake, offer);
	if (rc == 0)
		rc = offer_memory(&handshake, offer);
	if (rc == 0)
		return handshake.fd;
	close(handshake.fd);
	return rc;
}
