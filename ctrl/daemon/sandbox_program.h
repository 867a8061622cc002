// SPDX-License-Identifier: BSD-3-Clause
// The program that libseccomp makes of a filter's rules. Without memory, libseccomp crashes, loops
// or leaves rules out: it runs in a process of its own, and its program can be run here before the
// kernel gets it.
#ifndef CTRL_SANDBOX_PROGRAM_H
#define CTRL_SANDBOX_PROGRAM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

struct sandbox_program {
	struct sock_filter instructions[BPF_MAXINSNS];
	unsigned n;
};

// Before other threads start. Other calls than those of the rules are trapped.
int sandbox_program_make(struct sandbox_program *program,
	int (*add_rules)(scmp_filter_ctx filter, bool bpf), bool bpf);
// Returns what the program decides on the call, as SCMP_ACT_ALLOW.
uint32_t sandbox_program_run(
	const struct sandbox_program *program, const struct seccomp_data *call);
// On all threads, which get no new privileges from then on.
int sandbox_program_install(const struct sandbox_program *program);

#endif
