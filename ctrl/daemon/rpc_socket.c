// SPDX-License-Identifier: BSD-3-Clause
// Takes the Unix socket: creates its directory, and distinguishes the socket of a live daemon from
// that of a dead one.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rpc_private.h"

#define DIRECTORY_MODE 0755

static int make_directories(const char *path, struct error *error)
{
	char *directory = strdup(path);
	int rc = 0;

	if (!directory)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	for (char *slash = strchr(directory + 1, '/'); slash && rc == 0;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(directory, DIRECTORY_MODE) < 0 && errno != EEXIST)
			rc = error_set(error, errno, "%s: %s", directory, strerror(errno));
		*slash = '/';
	}
	free(directory);
	return rc;
}

static evutil_socket_t new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// Returns 1 if no process listens on the socket, 0 if one does, -errno if that cannot be found out.
// A connection is refused without a listener.
static int is_stale(const struct sockaddr_un *addr)
{
	evutil_socket_t fd = new_socket();
	bool refused;

	if (fd < 0)
		return -errno;
	refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 &&
		  errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int clear(const struct sockaddr_un *addr, struct error *error)
{
	const char *path = addr->sun_path;
	struct stat status;
	int stale;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0
				       : error_set(error, errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, EEXIST, "%s: exists and is not a socket", path);
	stale = is_stale(addr);
	if (stale < 0)
		return error_set(error, -stale, "%s: %s", path, strerror(-stale));
	if (stale == 0)
		return error_set(error, EADDRINUSE, "%s: another daemon answers there", path);
	if (unlink(path) < 0)
		return error_set(error, errno, "%s: %s", path, strerror(errno));
	return 0;
}

// The inode of a bound socket is not reused while the socket is open.
static bool identify(const char *path, struct rpc_socket_file *file)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return false;
	*file = (struct rpc_socket_file){.device = status.st_dev, .inode = status.st_ino};
	return true;
}

void rpc_socket_remove(const char *path, const struct rpc_socket_file *file)
{
	struct rpc_socket_file present;

	if (identify(path, &present) && present.device == file->device &&
		present.inode == file->inode)
		unlink(path);
}

evutil_socket_t rpc_socket_open(const char *path, const struct socket_file_access *access,
	struct rpc_socket_file *file, struct error *error)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	evutil_socket_t fd;
	int rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(error, ENAMETOOLONG, "%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	rc = make_directories(path, error);
	if (rc == 0)
		rc = clear(&addr, error);
	if (rc < 0)
		return rc;
	fd = new_socket();
	if (fd < 0)
		return error_set(error, errno, "%s: %s", path, strerror(errno));
	rc = socket_file_bind(fd, &addr, access);
	if (rc == -EPERM)
		error_set(error, EPERM,
			"%s: not permitted to give it to control.owner and "
			"control.group",
			path);
	else if (rc < 0)
		error_set(error, -rc, "%s: %s", path, strerror(-rc));
	else if (!identify(path, file) || listen(fd, SOMAXCONN) < 0)
		rc = error_set(error, errno, "%s: %s", path, strerror(errno));
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}
