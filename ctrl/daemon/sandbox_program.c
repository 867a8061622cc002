// SPDX-License-Identifier: BSD-3-Clause
#include "sandbox_program.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int make(int fd, int (*add_rules)(scmp_filter_ctx filter, bool bpf), bool bpf)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int rc;

	if (filter == NULL)
		return -ENOMEM;
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = add_rules(filter, bpf);
	if (rc == 0)
		rc = seccomp_export_bpf(filter, fd);
	return rc;
}

static int make_apart(int fd, int (*add_rules)(scmp_filter_ctx filter, bool bpf), bool bpf)
{
	const struct rlimit seconds = {1, 1}; // it takes some milliseconds
	const pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &seconds);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(-make(fd, add_rules, bpf));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	// libseccomp returns EFAULT for errors of its own.
	if (!WIFEXITED(status) || WEXITSTATUS(status) == EFAULT)
		return -ENOMEM;
	return -WEXITSTATUS(status);
}

int sandbox_program_make(struct sandbox_program *program,
	int (*add_rules)(scmp_filter_ctx filter, bool bpf), bool bpf)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC), rc;
	ssize_t len;

	if (fd < 0)
		return -errno;
	rc = make_apart(fd, add_rules, bpf);
	len = pread(fd, program->instructions, sizeof(program->instructions), 0);
	close(fd);
	program->n = len > 0 ? len / sizeof(program->instructions[0]) : 0;
	return rc;
}

static bool condition(const struct sock_filter *instruction, uint32_t value)
{
	switch (BPF_OP(instruction->code)) {
	case BPF_JEQ:
		return value == instruction->k;
	case BPF_JGT:
		return value > instruction->k;
	case BPF_JGE:
		return value >= instruction->k;
	default: // BPF_JSET
		return (value & instruction->k) != 0;
	}
}

// The instructions that libseccomp uses. The kernel checks that they stay within the program.
uint32_t sandbox_program_run(const struct sandbox_program *program, const struct seccomp_data *call)
{
	uint32_t value = 0;

	for (unsigned at = 0; at < program->n; at++) {
		const struct sock_filter *instruction = &program->instructions[at];

		switch (instruction->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (instruction->k > sizeof(*call) - sizeof(value))
				return SCMP_ACT_KILL_PROCESS;
			memcpy(&value, (const char *)call + instruction->k, sizeof(value));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			value &= instruction->k;
			break;
		case BPF_JMP | BPF_JA:
			at += instruction->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			at += condition(instruction, value) ? instruction->jt : instruction->jf;
			break;
		case BPF_RET | BPF_K:
			return instruction->k;
		default:
			return SCMP_ACT_KILL_PROCESS;
		}
	}
	return SCMP_ACT_KILL_PROCESS;
}

int sandbox_program_install(const struct sandbox_program *program)
{
	const struct sock_fprog loaded = {program->n, (struct sock_filter *)program->instructions};
	// Without SPEC_ALLOW, older kernels slow down each thread by their defence against code
	// that runs in a sandbox, which is not what this one is for.
	const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	long rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &loaded);
	if (rc < 0)
		return -errno;
	return rc > 0 ? -ECANCELED : 0; // the thread that has another filter
}
