// SPDX-License-Identifier: BSD-3-Clause
// The control socket: JSON-RPC 2.0 over a Unix stream socket, one object or batch per line.
//
// Where to look in this folder:
//	sluiced.c	the program: options, signals, order of start and stop
//	eal.c		DPDK's environment abstraction layer: arguments, log, error texts
//	notify.c	states for the service manager
//	parent.c	the root parent, which starts the daemon as another user
//	privileges.c	capabilities of both
//	sandbox.c	system calls of the daemon
//	sandbox_program.c	checks and loads their filter
//	reload.c	another configuration, in turns of the event loop
//	loader.c	reads it on a thread of its own
//	watchdog.c	progress of the control thread and of the workers
//	rpc.c		open, serve, close
//	rpc_listener.c	accepts connections; lines in, answers out
//	rpc_peer.c	who has connected
//	rpc_role.c	who may do what
//	rpc_idle.c	closes connections that nobody uses
//	rpc_buffer.c	the memory of connections
//	rpc_quota.c	how much each user may hold
//	rpc_connection.c
//			the sessions and the state of a connection; rpc_connection_close.c
//			ends one
//	rpc_socket.c	takes the path of the socket
//	rpc_work.c	turns of the event loop, shared by the connections with work
//	rpc_line.c	one line step by step: requests, batches
//	rpc_list.c	lists with entries per interface
//	rpc_call.c	one request, and its answer or error
//	rpc_memory.c	memory for requests and answers; notes failed allocations
//	rpc_reserve.c	memory that is set aside for when there is no other
//	rpc_method.c	the methods and their parameters
//	rpc_group.c, rpc_session.c, rpc_interface.c, rpc_port.c, rpc_output.c, rpc_worker.c,
//	rpc_querier.c, rpc_drop.c, rpc_control.c, rpc_version.c
//			the methods of each object; rpc_group_list.c and rpc_session_list.c
//			have the lists that are written in parts,
//			rpc_session_send.c the datagrams, rpc_session_new.c opens a session
//	rpc_event.c	event.subscribe and the notifications
//	json_memory.c	memory for JSON values
//	rpc_param.c, rpc_result.c
//			parameters to C, and C to results
//
// Thread rule: the control thread only, like the engine.
#ifndef CTRL_RPC_H
#define CTRL_RPC_H

#include "engine.h"

struct rpc;

// Takes the socket, so that a second daemon is refused before it touches the wire. Clients get no
// answers yet. -EADDRINUSE if a process listens on it; the socket of a dead process is replaced.
struct rpc *rpc_open(const char *path, const struct config_control *control,
	struct event_base *base, struct error *error);

// Starts to answer clients, including those that have connected since rpc_open().
int rpc_serve(struct rpc *rpc, struct engine *engine, struct error *error);

// Takes over roles, quotas and limits. The sockets stay as they are: config_same_socket().
void rpc_reload(struct rpc *rpc, const struct config_control *control);

// Ends the connections with their sessions and removes the socket.
void rpc_close(struct rpc *rpc);

#endif
