// SPDX-License-Identifier: BSD-3-Clause
#include "socket_file.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int bind_with_mode(int fd, const struct sockaddr_un *address, mode_t mode)
{
	const mode_t before = umask(~mode & 0777);
	const int rc =
		bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	return rc;
}

int socket_file_bind(
	int fd, const struct sockaddr_un *address, const struct socket_file_access *access)
{
	int rc = bind_with_mode(fd, address, access->mode);

	if (rc < 0 || (access->owner == (uid_t)-1 && access->group == (gid_t)-1))
		return rc;
	// A link in the place of the file is not followed.
	if (lchown(address->sun_path, access->owner, access->group) == 0)
		return 0;
	rc = -errno;
	unlink(address->sun_path);
	return rc;
}
