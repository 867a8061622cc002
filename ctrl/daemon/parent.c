// SPDX-License-Identifier: BSD-3-Clause
#include "parent.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "notify.h"
#include "privileges.h"

#define STATUS_CANNOT_EXECUTE 126

struct parent {
	const struct passwd *user;
	char **argv;
	char program[4096]; // found again by its path, so that a successor is the binary on disk
	sigset_t signals;
	int signal_fd;
	int states[2]; // pipe
	pid_t child;
};

// Those that the daemon handles, and the end of the daemon.
static const int forwarded[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

int parent_needed(const char *user, bool *needed, struct error *error)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		return error_set(error, ENOENT, "--user %s: there is no such user", user);
	*needed = entry->pw_uid != geteuid();
	if (*needed && geteuid() != 0)
		return error_set(
			error, EPERM, "--user %s: only root can become another user", user);
	return 0;
}

// ---- The child -----------------------------------------------------------------------------

static void prepare_environment(const struct parent *parent)
{
	char pid[16];

	// The parent tells systemd, whose watchdog looks at the parent.
	unsetenv("NOTIFY_SOCKET");
	if (getenv("WATCHDOG_PID")) {
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("WATCHDOG_PID", pid, 1);
	}
	setenv("HOME", parent->user->pw_dir, 1);
	setenv("USER", parent->user->pw_name, 1);
	// EAL's own files.
	setenv("RUNTIME_DIRECTORY", PARENT_RUNTIME_DIRECTORY, 0);
}

static _Noreturn void run_child(const struct parent *parent, int program)
{
	char option[] = "--parent", fd[12], *argv[256];
	unsigned n = 0;

	snprintf(fd, sizeof(fd), "%d", parent->states[1]);
	argv[n++] = parent->argv[0];
	argv[n++] = option;
	argv[n++] = fd;
	for (char **from = parent->argv + 1; *from && n < 255; from++)
		argv[n++] = *from;
	argv[n] = NULL;
	prepare_environment(parent);
	sigprocmask(SIG_UNBLOCK, &parent->signals, NULL);
	// A terminal's SIGINT goes to the parent only, which forwards it.
	setsid();
	if (privileges_become(parent->user) < 0) {
		fprintf(stderr, "sluiced: cannot become user %s: %s\n", parent->user->pw_name,
			strerror(errno));
	} else {
		execveat(program, "", argv, environ, AT_EMPTY_PATH);
		fprintf(stderr, "sluiced: %s: %s\n", parent->program, strerror(errno));
	}
	_exit(STATUS_CANNOT_EXECUTE);
}

static int start_child(struct parent *parent, struct error *error)
{
	int program = open(parent->program, O_PATH | O_CLOEXEC);

	if (program < 0)
		return error_set(error, errno, "%s: %s", parent->program, strerror(errno));
	parent->child = fork();
	if (parent->child == 0)
		run_child(parent, program);
	close(program);
	if (parent->child < 0)
		return error_set(error, errno, "fork: %s", strerror(errno));
	return 0;
}

// ---- The parent ----------------------------------------------------------------------------

// Signals a process of the user without CAP_KILL.
static void signal_child(const struct parent *parent, int number)
{
	if (seteuid(parent->user->pw_uid) == 0)
		kill(parent->child, number);
	if (seteuid(0) < 0)
		_exit(EXIT_FAILURE);
}

// True once the child has ended, with its status.
static bool take_signal(const struct parent *parent, int *status)
{
	struct signalfd_siginfo info;

	if (read(parent->signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGCHLD)
		signal_child(parent, (int)info.ssi_signo);
	return waitpid(parent->child, status, WNOHANG) == parent->child;
}

static bool take_state(const struct parent *parent)
{
	uint8_t state;

	if (read(parent->states[0], &state, sizeof(state)) != sizeof(state))
		return false;
	if (state < NOTIFY_STATES)
		notify_send(state);
	return true;
}

static int wait_child(const struct parent *parent)
{
	struct pollfd fds[] = {
		{.fd = parent->signal_fd, .events = POLLIN},
		{.fd = parent->states[0], .events = POLLIN},
	};
	int status = 0;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		// States that it wrote before it ended come first.
		if (fds[1].revents && !take_state(parent))
			fds[1].fd = -1;
		else if (fds[0].revents && !fds[1].revents && take_signal(parent, &status))
			return status;
	}
}

static int end_like(int status)
{
	const struct rlimit no_core = {0};
	sigset_t one;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(WTERMSIG(status));
	return EXIT_FAILURE;
}

static int open_all(struct parent *parent, struct error *error)
{
	ssize_t len = readlink("/proc/self/exe", parent->program, sizeof(parent->program) - 1);

	if (len < 0)
		return error_set(error, errno, "/proc/self/exe: %s", strerror(errno));
	parent->program[len] = '\0';
	sigemptyset(&parent->signals);
	sigaddset(&parent->signals, SIGCHLD);
	for (unsigned i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&parent->signals, forwarded[i]);
	sigprocmask(SIG_BLOCK, &parent->signals, NULL);
	parent->signal_fd = signalfd(-1, &parent->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (parent->signal_fd < 0 || pipe2(parent->states, O_NONBLOCK) < 0)
		return error_set(error, errno, "parent: %s", strerror(errno));
	fcntl(parent->states[0], F_SETFD, FD_CLOEXEC);
	return 0;
}

// For those that systemd gives none.
static void make_runtime_directory(const struct passwd *user)
{
	if (mkdir(PARENT_RUNTIME_DIRECTORY, 0755) == 0 &&
		chown(PARENT_RUNTIME_DIRECTORY, user->pw_uid, user->pw_gid) < 0)
		rmdir(PARENT_RUNTIME_DIRECTORY);
}

int parent_run(const char *user, char **argv, struct error *error)
{
	const struct rlimit no_limit = {RLIM_INFINITY, RLIM_INFINITY};
	struct parent parent = {.user = getpwnam(user), .argv = argv};
	int rc = open_all(&parent, error);

	if (rc < 0)
		return rc;
	if (!getenv("RUNTIME_DIRECTORY"))
		make_runtime_directory(parent.user);
	setrlimit(RLIMIT_MEMLOCK, &no_limit); // of vfio and AF_XDP
	if (privileges_limit_parent() < 0)
		return error_set(error, errno, "capabilities: %s", strerror(errno));
	rc = start_child(&parent, error);
	if (rc < 0)
		return rc;
	close(parent.states[1]);
	return end_like(wait_child(&parent));
}

int parent_join(int fd, struct error *error)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(error, errno, "--parent %d: %s", fd, strerror(errno));
	notify_use_pipe(fd);
	return 0;
}
