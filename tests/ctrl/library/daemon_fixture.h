// SPDX-License-Identifier: BSD-3-Clause
// A sluiced for tests: an engine with its control socket on the wires of a fixture, in a thread of
// this process, or in a process of its own that does what the test tells it.
#ifndef TESTS_DAEMON_FIXTURE_H
#define TESTS_DAEMON_FIXTURE_H

#include <sys/types.h>
#include "library_fixture.h"

// Interfaces tv and its VLAN tv20, on the first wire, and other, on the second.
void daemon_start(struct library_fixture *fixture, const char *path);
void daemon_stop(void); // frees what the fixture holds of it

struct daemon_process {
	char path[64]; // of its control socket
	pid_t pid;
	int orders, done;
};
// Before EAL is up here. Returns when the daemon answers.
void daemon_fork(struct daemon_process *daemon);
// SIGTERM's end if `orderly`, else SIGKILL's; removes what that leaves behind.
void daemon_end(struct daemon_process *daemon, bool orderly);

// Puts n datagrams of 100 bytes to the group's UDP port on the first wire, with a VLAN tag unless
// 0, and waits until the daemon's workers have taken them.
void daemon_stream(struct daemon_process *daemon, const char *group, uint16_t udp_port,
	uint16_t vlan, unsigned n);
// As many datagrams as the wire takes, one of the group and one that nobody wants, until told to
// stop or to send others.
void daemon_load(struct daemon_process *daemon, const char *group, uint16_t udp_port);
void daemon_unload(struct daemon_process *daemon);
// The device of the first wire is gone.
void daemon_remove(struct daemon_process *daemon);

#endif
