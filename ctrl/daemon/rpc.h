// SPDX-License-Identifier: BSD-3-Clause
// The control socket: JSON-RPC 2.0 over a Unix stream socket, one object or batch a line.
//
// Thread rule: the control thread only, as the engine.
#ifndef CTRL_RPC_H
#define CTRL_RPC_H

#include "engine.h"

struct rpc;

// Takes the socket, so that a second daemon is refused before it touches the wire. Nobody is
// answered yet. -EADDRINUSE if somebody answers on it; one left behind is replaced.
struct rpc *rpc_open(const char *path, struct event_base *base, struct error *error);

// Answers from now on, those who connected meanwhile included.
int rpc_serve(struct rpc *rpc, struct engine *engine, struct error *error);

// Ends the connections with their sessions and removes the socket.
void rpc_close(struct rpc *rpc);

#endif
