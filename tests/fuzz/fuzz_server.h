// SPDX-License-Identifier: BSD-3-Clause
// The control sockets of a real engine, on ports that receive nothing. One server serves all
// inputs, because EAL cannot be started twice. Server and clients run in one thread.
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include <rpc.h>
#include <sys/un.h>

struct fuzz_server {
	struct event_base *base;
	struct config *config;
	struct rpc *rpc;
	struct engine *engine;
	struct sockaddr_un control, reader; // addresses of the control and of the read-only socket
};

#define FUZZ_SERVER_SOCKETS 2 // files in its directory

struct config *fuzz_server_config(const char *yaml);
// The read-only socket is in the directory of the server, too.
void fuzz_server_open(struct fuzz_server *server, const char *yaml);
// Runs what is due.
void fuzz_server_turn(struct fuzz_server *server);
// Runs what waits for the next tick of the engine as well.
void fuzz_server_tick(struct fuzz_server *server);

unsigned fuzz_server_count_files(void); // in its directory
unsigned fuzz_server_count_mbufs(void); // in use, of all pools

#endif
