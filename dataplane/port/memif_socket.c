// SPDX-License-Identifier: BSD-3-Clause
#include "memif_socket.h"
#include "descriptor.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, KIND = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC };

static int address_of(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

// ---- The file ------------------------------------------------------------------------------

// Returns 1 if no process listens on the socket, 0 if one may, -errno if that cannot be found out.
// Only ECONNREFUSED means that no process listens. Other errors also occur with a listener: its
// queue is full, its socket has another type, or this process may not connect.
static int is_abandoned(const struct sockaddr_un *address)
{
	struct stat file;
	int fd, rc;

	if (lstat(address->sun_path, &file) < 0 || !S_ISSOCK(file.st_mode))
		return 0;
	fd = socket(AF_UNIX, KIND, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	close(fd);
	return rc == -ECONNREFUSED;
}

static bool sweep_one(const char *prefix, const char *suffix)
{
	struct sockaddr_un address;
	char path[sizeof(address.sun_path)];

	if (suffix[0] == '\0' || suffix[strspn(suffix, "0123456789")] != '\0')
		return false;
	if (snprintf(path, sizeof(path), "%s.%s", prefix, suffix) >= (int)sizeof(path))
		return false;
	return address_of(path, &address) == 0 && is_abandoned(&address) == 1 && unlink(path) == 0;
}

unsigned memif_socket_sweep(const char *prefix)
{
	const char *slash = strrchr(prefix, '/'), *name = slash != NULL ? slash + 1 : prefix;
	char *folder = slash != NULL ? strndup(prefix, name - prefix) : strdup(".");
	size_t len = strlen(name);
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	dir = folder != NULL ? opendir(folder) : NULL;
	free(folder);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, name, len) == 0 && entry->d_name[len] == '.' &&
			sweep_one(prefix, entry->d_name + len + 1))
			n++;
	closedir(dir);
	return n;
}

static int bind_file(
	int fd, const struct sockaddr_un *address, const struct socket_file_access *access)
{
	int rc = socket_file_bind(fd, address, access), abandoned;

	if (rc != -EADDRINUSE)
		return rc;
	abandoned = is_abandoned(address);
	if (abandoned <= 0)
		return abandoned < 0 ? abandoned : rc;
	return unlink(address->sun_path) < 0 ? -errno : socket_file_bind(fd, address, access);
}

// ---- Listening -----------------------------------------------------------------------------

int memif_socket_listen(
	struct memif_socket *new, const char *path, const struct socket_file_access *access)
{
	struct sockaddr_un address;
	struct stat file;
	int fd, rc;

	rc = address_of(path, &address);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, KIND, 0);
	if (fd < 0)
		return -errno;
	if (descriptor_is_kept(fd)) {
		rc = -EMFILE;
		goto close_socket;
	}
	rc = bind_file(fd, &address, access);
	if (rc < 0)
		goto close_socket;
	if (lstat(path, &file) < 0 || listen(fd, BACKLOG) < 0) {
		rc = -errno;
		goto unlink_file;
	}
	*new = (struct memif_socket){.fd = fd, .device = file.st_dev, .inode = file.st_ino};
	strcpy(new->path, path);
	return 0;

unlink_file:
	unlink(path);
close_socket:
	close(fd);
	return rc;
}

void memif_socket_close(struct memif_socket *socket)
{
	struct stat file;

	if (lstat(socket->path, &file) == 0 && file.st_dev == socket->device &&
		file.st_ino == socket->inode)
		unlink(socket->path);
	close(socket->fd);
}

int memif_socket_accept(const struct memif_socket *socket, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);
	int fd = accept4(socket->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (descriptor_is_kept(fd)) {
		close(fd);
		return -EMFILE;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) < 0) {
		close(fd);
		return -ECONNABORTED;
	}
	return fd;
}

// ---- Messages ------------------------------------------------------------------------------

static void close_fds(struct memif_packet *packet)
{
	for (unsigned i = 0; i < packet->n_fds; i++)
		close(packet->fds[i]);
	packet->n_fds = 0;
}

static bool any_kept(const struct memif_packet *packet)
{
	for (unsigned i = 0; i < packet->n_fds; i++)
		if (descriptor_is_kept(packet->fds[i]))
			return true;
	return false;
}

static void take_fds(struct msghdr *header, struct memif_packet *packet)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&packet->fds[packet->n_fds], CMSG_DATA(c), n * sizeof(int));
		packet->n_fds += n;
	}
}

int memif_socket_receive(int fd, struct memif_packet *packet)
{
	union {
		char bytes[CMSG_SPACE(MEMIF_SOCKET_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec data = {packet->bytes, sizeof(packet->bytes)};
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t len = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	packet->n_fds = 0;
	if (len < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	take_fds(&header, packet);
	packet->len = len;
	// An empty message looks like the end of the connection, but may carry descriptors.
	if (len > 0 && !any_kept(packet))
		return 0;
	close_fds(packet);
	return len > 0 ? -EMFILE : -ECONNRESET;
}

int memif_socket_send(int fd, const struct memif_message *message)
{
	ssize_t n = send(fd, message, sizeof(*message), MSG_DONTWAIT | MSG_NOSIGNAL);

	return n == (ssize_t)sizeof(*message) ? 0 : -errno;
}
