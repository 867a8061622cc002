// SPDX-License-Identifier: BSD-3-Clause
// The file of a memif server's socket: only the file of a killed process is replaced.
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "memif_socket.h"

static const struct socket_file_access ours = {0600, -1, -1};
static char path[64];

static void set_path(void)
{
	snprintf(path, sizeof(path), "/tmp/sluice-socket-%d.sock", getpid());
}

static void remove_file(void)
{
	unlink(path);
}

TestSuite(memif_socket, .init = set_path, .fini = remove_file, .timeout = 60);

// A socket file like that of a killed process.
static void leave(const char *at, int kind)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, kind, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", at);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	close(fd);
}

Test(memif_socket, mode, .description = "the file has the requested mode")
{
	struct memif_socket socket;
	struct stat file;

	cr_assert_eq(memif_socket_listen(&socket, path, &ours), 0);
	cr_assert_eq(stat(path, &file), 0);
	cr_expect_eq(file.st_mode, S_IFSOCK | 0600);
	memif_socket_close(&socket);
	cr_expect_neq(access(path, F_OK), 0);
}

Test(memif_socket, owner, .description = "the file has the requested owner, group and mode")
{
	const struct socket_file_access theirs = {0666, 65534, 65533};
	struct memif_socket socket;
	struct stat file;
	mode_t before;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	before = umask(0077);
	cr_assert_eq(memif_socket_listen(&socket, path, &theirs), 0);
	cr_expect_eq(umask(before), 0077);
	cr_assert_eq(stat(path, &file), 0);
	cr_expect_eq(file.st_mode, S_IFSOCK | 0666, "whatever the umask");
	cr_expect_eq(file.st_uid, 65534);
	cr_expect_eq(file.st_gid, 65533);
	memif_socket_close(&socket);
}

Test(memif_socket, abandoned, .description = "an abandoned socket is replaced")
{
	struct memif_socket socket;

	leave(path, SOCK_SEQPACKET);
	cr_assert_eq(memif_socket_listen(&socket, path, &ours), 0);
	memif_socket_close(&socket);
	leave(path, SOCK_STREAM);
	cr_assert_eq(memif_socket_listen(&socket, path, &ours), 0);
	memif_socket_close(&socket);
}

Test(memif_socket, in_use, .description = "a socket in use is left alone")
{
	struct memif_socket first, second;
	struct ucred peer;
	int fd;

	cr_assert_eq(memif_socket_listen(&first, path, &ours), 0);
	cr_expect_eq(memif_socket_listen(&second, path, &ours), -EADDRINUSE);
	cr_expect_eq(access(path, F_OK), 0);
	fd = memif_socket_accept(&first, &peer);
	cr_expect_geq(fd, 0, "the attempt was a connection");
	close(fd);
	memif_socket_close(&first);
}

Test(memif_socket, no_socket, .description = "a file that is not a socket is left alone")
{
	struct memif_socket socket;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	close(fd);
	cr_expect_eq(memif_socket_listen(&socket, path, &ours), -EADDRINUSE);
	cr_expect_eq(unlink(path), 0);
	cr_assert_eq(symlink("/nonexistent", path), 0);
	cr_expect_eq(memif_socket_listen(&socket, path, &ours), -EADDRINUSE);
	cr_expect_eq(unlink(path), 0);
}

Test(memif_socket, successor, .description = "closing does not remove the file of a successor")
{
	struct memif_socket first, second;

	cr_assert_eq(memif_socket_listen(&first, path, &ours), 0);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(memif_socket_listen(&second, path, &ours), 0);
	memif_socket_close(&first);
	cr_expect_eq(access(path, F_OK), 0);
	memif_socket_close(&second);
}

Test(memif_socket, long_path, .description = "a path too long for an address is refused")
{
	struct memif_socket socket;
	char name[200];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_expect_eq(memif_socket_listen(&socket, name, &ours), -ENAMETOOLONG);
	cr_expect_eq(memif_socket_listen(&socket, "/nonexistent/socket", &ours), -ENOENT);
}

Test(memif_socket, sweep, .description = "numbered sockets without a listener are removed")
{
	static const char *const suffixes[] = {".0", ".17", ".123456789", ".5", ".x", ".3x", "."};
	struct memif_socket live;
	char name[80];

	for (unsigned i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (i == 3)
			cr_assert_eq(memif_socket_listen(&live, name, &ours), 0);
		else
			leave(name, SOCK_SEQPACKET);
	}
	snprintf(name, sizeof(name), "%s.8", path);
	close(open(name, O_CREAT | O_WRONLY, 0600));
	leave(path, SOCK_SEQPACKET);
	cr_expect_eq(memif_socket_sweep(path), 3);
	for (unsigned i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		cr_expect_eq(access(name, F_OK) == 0, i >= 3, "%s", name);
		if (i != 3)
			unlink(name);
	}
	memif_socket_close(&live);
	snprintf(name, sizeof(name), "%s.8", path);
	cr_expect_eq(unlink(name), 0, "a file is removed");
	cr_expect_eq(access(path, F_OK), 0, "the prefix itself is removed");
}
