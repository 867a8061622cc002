// SPDX-License-Identifier: BSD-3-Clause
// Each allocation of sandbox_prepare() fails in turn, in a process of its own: either the call
// fails and says so, or the filter is complete.
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"
#include "sweep.h"

#define BUDGET 60 // runs of a short sweep

enum { ENTERED, REFUSED, WRONG };

static void *nothing(void *arg)
{
	return arg;
}

// Calls that the daemon makes, and one that it does not.
static bool is_at_work(void)
{
	pthread_t thread;
	int fd = open("/dev/null", O_WRONLY), sockets[2];

	return fd >= 0 && write(fd, "", 1) == 1 && close(fd) == 0 &&
	       socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0 && usleep(1) == 0 &&
	       pthread_create(&thread, NULL, nothing, NULL) == 0 &&
	       pthread_join(thread, NULL) == 0 && inotify_init1(0) < 0 && errno == EPERM;
}

static int enter(void)
{
	struct error error;
	int rc = sandbox_prepare(false, &error);

	injector_disarm();
	if (rc < 0)
		return rc == -ENOMEM ? REFUSED : WRONG;
	return sandbox_enter(&error) == 0 && is_at_work() ? ENTERED : WRONG;
}

static int enter_apart(uint64_t number)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(enter());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "number %lu: signal %d", (unsigned long)number,
		WTERMSIG(status));
	cr_assert_neq(WEXITSTATUS(status), WRONG, "number %lu", (unsigned long)number);
	return WEXITSTATUS(status);
}

static void sweep_enter(enum sweep_mode mode)
{
	unsigned n_refused = 0;
	struct sweep sweep;

	injector_share();
	injector_arm(UINT64_MAX / 2, 1);
	cr_assert_eq(enter_apart(0), ENTERED);
	sweep = sweep_begin("sandbox", mode, injector_count(), BUDGET);
	while (sweep_next(&sweep, injector_failed())) {
		const int result = enter_apart(sweep.number);

		cr_assert(result == REFUSED || injector_failed() == 0 || mode == SWEEP_ONCE);
		n_refused += result == REFUSED;
	}
	cr_expect_gt(n_refused, sweep.runs / 2);
}

Test(sandbox_allocation, one, .timeout = 300,
	.description = "a filter without the memory for a part of it")
{
	sweep_enter(SWEEP_ONCE);
}

Test(sandbox_allocation, all, .timeout = 300,
	.description = "a filter without memory from a point on")
{
	sweep_enter(SWEEP_FROM);
}
