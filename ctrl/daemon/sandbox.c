// SPDX-License-Identifier: BSD-3-Clause
#include "sandbox.h"
#include "sandbox_program.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)
// SCMP_SYS() of a call that the architecture does not have is negative; libseccomp ignores it.

// What the daemon, EAL and its drivers use while they run, and what a reload may need: the ports
// and sockets of a new configuration.
static const int allowed[] = {
	// Files and descriptors
	CALL(read),
	CALL(write),
	CALL(readv),
	CALL(writev),
	CALL(pread64),
	CALL(pwrite64),
	CALL(preadv),
	CALL(pwritev),
	CALL(close),
	CALL(close_range),
	CALL(open),
	CALL(openat),
	CALL(lseek),
	CALL(stat),
	CALL(lstat),
	CALL(fstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(statfs),
	CALL(fstatfs),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getdents64),
	CALL(getcwd),
	CALL(ioctl),
	CALL(fcntl),
	CALL(flock),
	CALL(dup),
	CALL(dup2),
	CALL(dup3),
	CALL(pipe),
	CALL(pipe2),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(mkdir),
	CALL(mkdirat),
	CALL(ftruncate),
	CALL(fallocate),
	CALL(fsync),
	CALL(fdatasync),
	CALL(fadvise64),
	CALL(umask),
	CALL(chmod),
	CALL(fchmod),
	CALL(fchmodat),
	CALL(chown),
	CALL(lchown),
	CALL(fchown),
	CALL(fchownat),
	// Asynchronous I/O of the memif server
	CALL(io_setup),
	CALL(io_submit),
	CALL(io_getevents),
	CALL(io_pgetevents),
	CALL(io_destroy),
	CALL(io_cancel),
	// Memory
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(brk),
	CALL(mlock),
	CALL(mlock2),
	CALL(munlock),
	CALL(msync),
	CALL(mincore),
	CALL(memfd_create),
	CALL(mbind),
	CALL(get_mempolicy),
	CALL(set_mempolicy),
	// Threads, signals
	CALL(futex),
	CALL(set_robust_list),
	CALL(get_robust_list),
	CALL(rseq),
	CALL(gettid),
	CALL(getpid),
	CALL(getppid),
	CALL(tgkill),
	CALL(exit),
	CALL(exit_group),
	CALL(sched_yield),
	CALL(sched_setaffinity),
	CALL(sched_getaffinity),
	CALL(sched_getparam),
	CALL(sched_getscheduler),
	CALL(sched_setscheduler),
	CALL(sched_get_priority_max),
	CALL(sched_get_priority_min),
	CALL(membarrier),
	CALL(prctl),
	CALL(restart_syscall),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(rt_sigtimedwait),
	CALL(sigaltstack),
	CALL(signalfd4),
	CALL(getrlimit),
	CALL(prlimit64),
	CALL(getrusage),
	CALL(sysinfo),
	CALL(uname),
	CALL(getcpu),
	CALL(getrandom),
	// Time and events
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(gettimeofday),
	CALL(time),
	CALL(timerfd_create),
	CALL(timerfd_settime),
	CALL(timerfd_gettime),
	CALL(epoll_create),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(poll),
	CALL(ppoll),
	CALL(select),
	CALL(pselect6),
	CALL(eventfd),
	CALL(eventfd2),
	// Sockets; socket() has its own rules
	CALL(bind),
	CALL(listen),
	CALL(accept),
	CALL(accept4),
	CALL(connect),
	CALL(socketpair),
	CALL(getsockname),
	CALL(getpeername),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(sendto),
	CALL(recvfrom),
	CALL(sendmsg),
	CALL(recvmsg),
	CALL(sendmmsg),
	CALL(recvmmsg),
	CALL(shutdown),
	// Who it is
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(getresuid),
	CALL(getresgid),
	CALL(getgroups),
	CALL(capget),
#ifdef SANDBOX_SANITIZER
	// LeakSanitizer stops the threads from another one when the program ends.
	CALL(ptrace),
	CALL(getdents),
	CALL(clone),
	CALL(wait4),
	CALL(mprotect),
	CALL(mmap),
	CALL(kill),
#endif
};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};

// A library may try what is not in the list by mistake, but never these.
static const int fatal[] = {
	CALL(execve),
	CALL(execveat),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
#ifndef SANDBOX_SANITIZER
	CALL(ptrace),
#endif
};

static int allow(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp is_thread =
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp not_writable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0);
	int rc = 0;

	for (unsigned i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, fatal[i], 0);
	// A library that is loaded later is mapped executable, and nothing is both.
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mmap), 1, not_executable);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mmap), 1, not_writable);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mprotect), 1, not_executable);
	// Threads, but no processes. The filter cannot see the flags of clone3(), without which
	// libc uses clone().
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(clone), 1, is_thread);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
	return rc;
}

static int add_rules(scmp_filter_ctx filter, bool bpf)
{
	int rc = allow(filter);

	if (rc == 0 && bpf)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(bpf), 0);
	if (rc == 0 && bpf)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, CALL(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_XDP));
	return rc;
}

// ---- Refused calls -------------------------------------------------------------------------

#define CALLS 1024

static atomic_bool logged[CALLS];

static void set_result(ucontext_t *context, long result)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long)result;
#else
#error "which register has the result of a system call?"
#endif
}

// On the thread that made the call. Only functions that are safe in signal handlers.
static void on_refused(int signal, siginfo_t *info, void *context)
{
	static const char text[] = "error: sandbox: refused system call ";
	char line[sizeof(text) + 16], digits[16];
	unsigned number = (unsigned)info->si_syscall, n = 0, len = sizeof(text) - 1;
	ssize_t written;

	(void)signal;
	set_result(context, -EPERM);
	if (number >= CALLS || atomic_exchange(&logged[number], true))
		return;
	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	memcpy(line, text, len);
	while (n > 0)
		line[len++] = digits[--n];
	line[len++] = '\n';
	written = write(STDERR_FILENO, line, len);
	(void)written;
}

// ---- Checking ------------------------------------------------------------------------------

static struct sandbox_program program;

struct probe {
	int call;
	uint64_t args[3];
	uint32_t action;
};

// What the rules with conditions decide.
static const struct probe probes[] = {
	{CALL(socket), {AF_XDP + 1}, SCMP_ACT_TRAP},
	{CALL(mmap), {0, 0, PROT_READ | PROT_EXEC}, SCMP_ACT_ALLOW},
	{CALL(mmap), {0, 0, PROT_READ | PROT_WRITE}, SCMP_ACT_ALLOW},
	{CALL(mprotect), {0, 0, PROT_READ}, SCMP_ACT_ALLOW},
	{CALL(clone), {CLONE_THREAD}, SCMP_ACT_ALLOW},
	{CALL(clone3), {0}, SCMP_ACT_ERRNO(ENOSYS)},
	{CALLS - 1, {0}, SCMP_ACT_TRAP},
#ifndef SANDBOX_SANITIZER
	{CALL(mmap), {0, 0, PROT_WRITE | PROT_EXEC}, SCMP_ACT_TRAP},
	{CALL(mprotect), {0, 0, PROT_EXEC}, SCMP_ACT_TRAP},
	{CALL(clone), {0}, SCMP_ACT_TRAP},
#endif
};

static bool decides(const struct probe *probe)
{
	struct seccomp_data call = {.nr = probe->call, .arch = seccomp_arch_native()};

	memcpy(call.args, probe->args, sizeof(probe->args));
	// Negative: the architecture does not have this call.
	return probe->call < 0 || sandbox_program_run(&program, &call) == probe->action;
}

static bool is_complete(bool bpf)
{
	const uint32_t for_bpf = bpf ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP;
	bool complete = decides(&(struct probe){CALL(bpf), {0}, for_bpf}) &&
			decides(&(struct probe){CALL(socket), {AF_XDP}, for_bpf});

	for (unsigned i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		complete &= decides(&(struct probe){allowed[i], {0}, SCMP_ACT_ALLOW});
	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		complete &= decides(
			&(struct probe){CALL(socket), {(uint64_t)families[i]}, SCMP_ACT_ALLOW});
	for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		complete &= decides(&(struct probe){fatal[i], {0}, SCMP_ACT_KILL_PROCESS});
	for (unsigned i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		complete &= decides(&probes[i]);
	return complete;
}

// ---- Entry ---------------------------------------------------------------------------------

int sandbox_prepare(bool bpf, struct error *error)
{
	int rc = sandbox_program_make(&program, add_rules, bpf);

	if (rc == 0 && !is_complete(bpf))
		rc = -ENOMEM;
	if (rc < 0)
		return error_set(error, -rc, "seccomp: no filter: %s", strerror(-rc));
	return 0;
}

int sandbox_enter(struct error *error)
{
	const struct sigaction action = {
		.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER};
	int rc;

	sigaction(SIGSYS, &action, NULL);
	rc = sandbox_program_install(&program);
	if (rc < 0)
		return error_set(error, -rc, "seccomp: %s", strerror(-rc));
	return 0;
}
