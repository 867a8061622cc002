// SPDX-License-Identifier: BSD-3-Clause
// Taking the control socket: the socket of a dead daemon is replaced, that of a live one and other
// files are not.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rpc.h"

static const struct config_control control = {
	.owner = CONFIG_NO_USER,
	.group = CONFIG_NO_GROUP,
	.mode = 0660,
	.operators = CONFIG_NO_GROUP,
};
static struct event_base *base;
static char directory[] = "/tmp/sluice-socket-XXXXXX";
static char path[64];

static void set_up(void)
{
	base = event_base_new();
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(directory);
	event_base_free(base);
}

TestSuite(rpc_socket, .init = set_up, .fini = tear_down);

Test(rpc_socket, group_may_control)
{
	struct rpc *rpc = rpc_open(path, &control, base, NULL);
	struct stat status;

	cr_assert_not_null(rpc);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert(S_ISSOCK(status.st_mode));
	cr_assert_eq(status.st_mode & 0777, 0660);
	rpc_close(rpc);
	cr_assert_neq(stat(path, &status), 0, "the socket is left behind");
}

Test(rpc_socket, live)
{
	struct rpc *rpc = rpc_open(path, &control, base, NULL);
	struct error error;

	cr_assert_not_null(rpc);
	cr_assert_null(rpc_open(path, &control, base, &error));
	cr_assert_not_null(strstr(error.text, "another daemon answers there"), "%s", error.text);
	rpc_close(rpc);
}

Test(rpc_socket, no_descriptor,
	.description = "without a descriptor nobody can know whether a daemon answers")
{
	struct rpc *rpc = rpc_open(path, &control, base, NULL);
	int last = dup(STDERR_FILENO);
	struct rlimit limit = {last, last};
	struct error error;

	cr_assert_not_null(rpc);
	close(last);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_null(rpc_open(path, &control, base, &error));
	cr_assert_not_null(strstr(error.text, "Too many open files"), "%s", error.text);
	rpc_close(rpc);
}

Test(rpc_socket, replaced, .description = "a daemon leaves the socket of its successor alone")
{
	struct rpc *first = rpc_open(path, &control, base, NULL), *second;
	struct stat before, after;

	cr_assert_not_null(first);
	cr_assert_eq(unlink(path), 0);
	second = rpc_open(path, &control, base, NULL);
	cr_assert_not_null(second);
	cr_assert_eq(stat(path, &before), 0);
	rpc_close(first);
	cr_assert_eq(stat(path, &after), 0, "the successor's socket is gone");
	cr_expect_eq(after.st_ino, before.st_ino);
	rpc_close(second);
	cr_expect_neq(stat(path, &after), 0, "the socket is left behind");
}

Test(rpc_socket, stale)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	struct rpc *rpc;

	strcpy(addr.sun_path, path);
	cr_assert_eq(bind(dead, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(dead);
	rpc = rpc_open(path, &control, base, NULL);
	cr_assert_not_null(rpc);
	rpc_close(rpc);
}

Test(rpc_socket, file)
{
	FILE *file = fopen(path, "w");
	struct error error;
	struct stat status;

	fclose(file);
	cr_assert_null(rpc_open(path, &control, base, &error));
	cr_assert_not_null(strstr(error.text, "not a socket"), "%s", error.text);
	cr_assert_eq(stat(path, &status), 0, "the file is gone");
}

Test(rpc_socket, directories)
{
	char inner[128];
	struct rpc *rpc;

	snprintf(inner, sizeof(inner), "%s/a/b/socket", directory);
	rpc = rpc_open(inner, &control, base, NULL);
	cr_assert_not_null(rpc);
	rpc_close(rpc);
	snprintf(inner, sizeof(inner), "%s/a/b", directory);
	rmdir(inner);
	snprintf(inner, sizeof(inner), "%s/a", directory);
	rmdir(inner);
}
