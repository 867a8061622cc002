// SPDX-License-Identifier: BSD-3-Clause
// A sluiced for tests: an engine with its control socket on the wires of a fixture. It runs in a
// thread of this process, or in another process that follows requests of the test.
#ifndef TESTS_DAEMON_FIXTURE_H
#define TESTS_DAEMON_FIXTURE_H

#include <sys/types.h>
#include "library_fixture.h"

// Interfaces tv and its VLAN tv20 on the first wire, and other on the second.
void daemon_start(struct library_fixture *fixture, const char *path);
void daemon_stop(void); // frees what the fixture holds for it

struct daemon_process {
	char path[64]; // path of its control socket
	pid_t pid;
	int commands, done;
};
// Call it before EAL is started in this process. Returns when the daemon answers.
void daemon_fork(struct daemon_process *daemon);
// Ends the daemon like SIGTERM if `orderly`, else with SIGKILL, and removes its files.
void daemon_end(struct daemon_process *daemon, bool orderly);

// Puts n datagrams of 100 bytes to the group's UDP port on the first wire, with a VLAN tag unless
// `vlan` is 0. Waits until the workers of the daemon have received them.
void daemon_stream(struct daemon_process *daemon, const char *group, uint16_t udp_port,
	uint16_t vlan, unsigned n);
// Keeps the wire full of datagrams, alternately of the group and of a group that is not joined,
// until the next request.
void daemon_load(struct daemon_process *daemon, const char *group, uint16_t udp_port);
void daemon_unload(struct daemon_process *daemon);
// Removes the device of the first wire.
void daemon_remove(struct daemon_process *daemon);

#endif
