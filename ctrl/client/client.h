// SPDX-License-Identifier: BSD-3-Clause
// ctrl/client is the only client of sluiced's control socket. It needs no DPDK, only jansson and
// pthread. The command uses only the connection, the library uses struct client for sessions on
// sluiced, and the faces use the library. Which file to open for what:
//
//   connection.c         the socket: requests and answers, lists in pages, notifications
//   client.c             a session on sluiced: open, bind, close, its events
//   client_interfaces.c  the interfaces of sluiced: names, indexes, addresses
//   client_member.c      join, leave, filters, asynchronous joins
//   client_send.c        datagrams
//   events.c             which asynchronous join of a session an event belongs to
//   event_queue.c        the queued events, with a descriptor that polls readable
//   memif_reader.c       frames of sessions, by shared memory
//   memif_connect.c      the handshake of the reader
//   session_request.h    the requests of a session, shared with the engine's side of the library
//
// The session is a connected one: it ends with its connection, so that the death of this process
// leaves its groups.
//
// Thread rule: any thread. Calls wait for sluiced, except client_member_join_async().
// Errors: a negative errno; the errno of sluiced if it refused the call, -EPIPE if it is gone.
#ifndef CTRL_CLIENT_H
#define CTRL_CLIENT_H

#include "client_interfaces.h"
#include "connection.h"
#include "events.h"
#include "session_request.h"

struct client {
	struct connection connection;
	struct events *events; // of the caller; gets the events of the session
	// Const once open.
	char *path; // of the control socket
	json_int_t session; // sluiced's number of the session
	struct client_interfaces interfaces;
};

// Connects to the sluiced at `path` and opens a session there. `udp_port_be`: 0 for any.
int client_open(
	struct client *client, const char *path, uint16_t udp_port_be, struct events *events);
// Closes the connection, which leaves all groups. No event follows, and later calls fail.
void client_stop(struct client *client);
// Stops the client unless client_stop() was called, and frees it. No thread may be in a call.
void client_close(struct client *client);

int client_bind(struct client *client, uint16_t udp_port_be);

// Like connection_call(), without the error text.
int client_call(struct client *client, const char *method, json_t *params, json_t **result);

// The parameters that name the session, and those that name an interface and a group as well. The
// caller adds to them and passes them to client_call(). NULL without memory.
json_t *client_params(const struct client *client);
json_t *client_group_params(
	const struct client *client, unsigned ifindex, const struct sluice_addr *group);

// client_member.c

// `*ended`: the membership does not exist any more.
int client_member_change(
	struct client *client, const struct membership_request *request, bool *ended);
int client_member_get_filter(struct client *client, struct filter_request *request);
// Sends a join and returns. Events with the context follow.
int client_member_join_async(
	struct client *client, const struct membership_request *request, void *context);

// client_send.c
int client_send(struct client *client, const struct send_request *request);

#endif
