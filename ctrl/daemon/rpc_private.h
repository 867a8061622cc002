// SPDX-License-Identifier: BSD-3-Clause
// Shared by the files of the control socket.
#ifndef CTRL_RPC_PRIVATE_H
#define CTRL_RPC_PRIVATE_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <jansson.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "rpc.h"
#include "stat_json.h"

// Limits of the work and the memory for clients.
enum {
	RPC_LINE_MAX = 1 << 20, // bytes
	RPC_REQUEST_MAX = 48 << 10, // bytes of one request: jansson reads 64 KiB in 3 ms
	RPC_REQUEST_LONG = 4 << 10, // bytes: begun early in a turn only
	RPC_OUTPUT_HIGH = 64 << 10, // bytes unread, beyond which nothing new is answered
	RPC_OUTPUT_MAX = 4 << 20, // bytes unread of one connection
	RPC_TURN_US = 1000, // CPU time of a turn; the longest step may exceed it
	RPC_SLICE_US = 250, // CPU time of a connection within a turn
};

struct rpc_call;
struct rpc_method;

// A line that is being answered. A batch is read twice: first to see that it is JSON as a whole,
// then to run it. A tree of a line of 1 MiB would take up to 90 MB.
struct rpc_line {
	char *text; // NULL: none
	size_t len, at;
	bool begun;
	bool batch;
	bool checked; // the batch is JSON
	json_t *values; // its elements, parsed; NULL: they are parsed again when they run
	size_t next; // of values
	bool full; // the answers of the batch have reached their limit, the rest is refused
	struct evbuffer *answers; // of the batch
	struct rpc_call *call; // whose answer is written in parts
	bool written; // a part of the answer is written, but not its end
};

// Who is at the other end of a connection.
struct rpc_peer {
	uid_t uid;
	bool operates; // it is an operator
};

struct rpc_connection {
	LIST_ENTRY(rpc_connection) next;
	TAILQ_ENTRY(rpc_connection) next_working;
	struct rpc *rpc;
	uint64_t number; // never used again
	struct rpc_peer peer;
	bool read_only;
	struct bufferevent *stream;
	struct rpc_line line;
	uint64_t *sessions; // the connected sessions it opened, closed ones included
	size_t n_sessions, sessions_room;
	size_t buffered; // bytes that it is charged for
	uint64_t active_ms; // when it has sent or read
	size_t unread; // bytes, when that was last looked at
	struct rpc_pages *pages; // of the group.list that it reads, NULL if it reads none
	unsigned cursor; // identifies the next page; each page has another one
	uint64_t events_lost; // that are not reported to it yet
	struct evbuffer *events; // they wait for the end of an answer
	bool subscribed; // to events
	bool working; // it is in rpc->working
	bool served; // since its work began
	bool ending; // nothing more is read; it is closed when all is written
};

// Identifies the file of a socket.
struct rpc_socket_file {
	dev_t device;
	ino_t inode;
};

struct rpc_listener {
	struct rpc *rpc;
	char *path;
	bool read_only;
	struct rpc_socket_file file;
	evutil_socket_t fd; // -1: none
	struct event *ready; // to accept; NULL before rpc_listener_start()
	struct event *resume; // after a pause
};

struct rpc {
	struct event_base *base;
	struct engine *engine; // NULL before rpc_serve()
	struct config_control control; // without its paths
	struct socket_file_access access; // of the sockets of clients that may change something
	struct rpc_listener listener, reader; // control socket, read-only socket
	LIST_HEAD(, rpc_connection) connections;
	unsigned n_connections;
	uint64_t n_accepted; // the number of the newest connection
	TAILQ_HEAD(, rpc_connection) working; // they get slices in a round
	struct event *work; // runs a turn
	uint64_t turn_end_us, slice_end_us; // CPU time
	struct event *idle; // looks for idle connections
	size_t buffered; // bytes of all connections beyond what each may have
	size_t kept; // bytes of text of the batches whose parsed elements are kept
};

// JSON-RPC 2.0 section 5.1; a negative errno is an application error.
enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_APPLICATION_ERROR = -32000,
};

// One request on its way through a method.
struct rpc_call {
	struct rpc_connection *connection;
	struct engine *engine;
	json_t *request;
	const json_t *id; // NULL: a notification
	const json_t *params; // an object; NULL: none
	struct evbuffer *result; // the result's text
	unsigned entries; // of the list in the result
	bool out_of_memory; // the result is incomplete
	bool begun; // the method was called
	bool changes; // its method changes something
	bool failed; // the answer is an error
	bool answered; // its answer is begun; false for a notification
	struct error error;

	// A method with much work returns 0 with `more` set. more() is called until it returns
	// false. Each call works for about 100 us and may add to the result. Afterwards, or if the
	// peer has disconnected, `end` frees `state`.
	bool (*more)(struct rpc_call *call);
	void (*end)(struct rpc_call *call);
	void *state;
};

// A method writes the result and returns 0, or sets the error and returns a code.
typedef int (*rpc_method_fn)(struct rpc_call *call);

#define RPC_PARAMS_MAX 7

struct rpc_method {
	const char *name;
	rpc_method_fn fn;
	const char *params[RPC_PARAMS_MAX + 1]; // NULL at the end
	bool reads; // it changes nothing of others
};

// rpc_socket.c
evutil_socket_t rpc_socket_open(const char *path, const struct socket_file_access *access,
	struct rpc_socket_file *file, struct error *error);
// Removes the file while the socket is open, unless another one has taken its place.
void rpc_socket_remove(const char *path, const struct rpc_socket_file *file);

// rpc_peer.c
int rpc_peer_read(evutil_socket_t fd, const struct config_control *control, struct rpc_peer *peer);

// rpc_role.c: who may do what. The checks set -EPERM, and name the owner.
#define RPC_SESSION_DEFAULT "cli"
int rpc_role_check_method(struct rpc_call *call, const struct rpc_method *method);
bool rpc_role_may_use(
	const struct rpc_connection *connection, const struct engine_session *session);
int rpc_role_check_session(struct rpc_call *call, const struct engine_session *session);
int rpc_role_check_name(struct rpc_call *call, const char *name); // of a new session
int rpc_role_check_outputs(struct rpc_call *call);
void rpc_role_default_session(const struct rpc_peer *peer, char name[CONFIG_NAME_MAX + 1]);

// rpc_quota.c: what a user holds. The checks set -EDQUOT.
int rpc_quota_check_session(struct rpc_call *call);
int rpc_quota_check_frames(struct rpc_call *call, unsigned ring_size);
// A call that begins a membership or adds to its sources; or it replaces them.
int rpc_quota_check_membership(
	struct rpc_call *call, const struct engine_request *request, bool replaces);

// rpc_session_new.c: finds or opens a session. A name of NULL opens a connected one.
int rpc_session_new(struct rpc_call *call, const char *name, unsigned udp_port,
	struct engine_session **session);

// rpc_listener.c. A listener must be closed even if it was not opened.
int rpc_listener_open(struct rpc_listener *listener, struct rpc *rpc, const char *path,
	const struct socket_file_access *access, struct error *error);
int rpc_listener_start(struct rpc_listener *listener, struct error *error);
void rpc_listener_close(struct rpc_listener *listener); // removes its file

// rpc_connection.c: the connected sessions, which end with a connection, and its state.
int rpc_connection_own(struct rpc_connection *connection, const struct engine_session *session);
bool rpc_connection_has_sessions(const struct rpc_connection *connection); // open ones

void rpc_connection_close_sessions(struct rpc_connection *connection);
size_t rpc_connection_unread(const struct rpc_connection *connection); // bytes
// Takes it from rpc->working, if it is there.
void rpc_connection_rest(struct rpc_connection *connection);

// rpc_buffer.c: the memory of connections.
size_t rpc_buffer_held(const struct rpc_connection *connection); // bytes
void rpc_buffer_account(struct rpc_connection *connection); // as it is now
void rpc_buffer_release(struct rpc_connection *connection); // of its charge, at its end
// Whether what it holds is within its limits.
bool rpc_buffer_has_room(struct rpc_connection *connection);
bool rpc_buffer_has_room_for_event(struct rpc_connection *connection, size_t len);

// rpc_idle.c
int rpc_idle_open(struct rpc *rpc);
void rpc_idle_close(struct rpc *rpc);

// rpc_connection_close.c
void rpc_connection_close(struct rpc_connection *connection);

// rpc_work.c: turns of the event loop, in which connections with work get slices.
int rpc_work_open(struct rpc *rpc);
void rpc_work_close(struct rpc *rpc);
void rpc_work_add(struct rpc_connection *connection);

// rpc_line.c
enum rpc_step {
	RPC_STEP_MORE,
	RPC_STEP_LATER, // in a later turn, because the next step is long
	RPC_STEP_WAIT, // until the peer has read, or has sent more
	RPC_STEP_CLOSE, // the peer cannot get correct answers any more
};
// Executes the next step of answering the peer.
enum rpc_step rpc_line_step(struct rpc_connection *connection);
void rpc_line_drop(struct rpc_connection *connection);

// rpc_call.c: takes over `request`. NULL: out of memory.
struct rpc_call *rpc_call_begin(struct rpc_connection *connection, json_t *request);
// Executes a part of the call, which adds to call->result. Returns whether there is more.
bool rpc_call_go_on(struct rpc_call *call);
void rpc_call_free(struct rpc_call *call);
// The code of an error, or a negative errno.
void rpc_call_write_error(struct evbuffer *out, const json_t *id, int code, const char *text);

// rpc_memory.c: gives jansson and libevent the memory that is set aside when there is no other, and
// notes when they lack memory even so, as few of their calls tell.
void rpc_memory_watch(void);
void *rpc_memory_get(size_t size); // zeroed, as they get theirs
void rpc_memory_put(void *memory);
void rpc_memory_note(void); // another allocation failed
bool rpc_memory_failed(void); // an allocation has failed since the last call

// rpc_method.c: NULL if there is no method of that name.
const struct rpc_method *rpc_method_find(const char *name);

// rpc_result.c: writes results. All functions take over `value`; NULL means out of memory.
void rpc_result_write(struct evbuffer *buffer, json_t *value);
void rpc_result_set(struct rpc_call *call, json_t *value);
// Writes the members of an object without its braces.
void rpc_result_members(struct rpc_call *call, json_t *object);
// Adds statistics to an object, which the caller keeps.
void rpc_result_statistics(
	struct rpc_call *call, json_t *object, const struct stat_field *fields, const void *stats);
void rpc_result_list_begin(struct rpc_call *call, const char *name); // {"NAME":[
void rpc_result_list_add(struct rpc_call *call, json_t *value);
void rpc_result_list_end(struct rpc_call *call);
json_t *rpc_result_address(const struct sluice_addr *addr); // null for family 0
json_t *rpc_result_addresses(const struct sluice_addr *addrs, unsigned n);
json_t *rpc_result_mac(const struct rte_ether_addr *mac);
const char *rpc_result_family(int family); // "ipv4", "ipv6"; NULL for 0
const char *rpc_result_mode(enum sluice_filter_mode mode); // "include", "exclude"
const char *rpc_result_state(const struct member *member); // "pending", "joined", "lost"

// rpc_param.c: reads parameters by name. All functions return 0, or set the error and return a
// code. An absent parameter is an error for the _required functions and for rpc_param_address();
// the others return 0 then, and set NULL or leave the value as it is.
__attribute__((format(printf, 3, 4))) int rpc_param_bad(
	struct rpc_call *call, const char *name, const char *format, ...);
int rpc_param_text(struct rpc_call *call, const char *name, const char **text);
int rpc_param_address(struct rpc_call *call, const char *name, struct sluice_addr *addr);
int rpc_param_unsigned(struct rpc_call *call, const char *name, unsigned max, unsigned *value);
// Lists: the caller frees *addrs and *outputs.
int rpc_param_addresses(
	struct rpc_call *call, const char *name, struct sluice_addr **addrs, unsigned *n);
int rpc_param_outputs(
	struct rpc_call *call, const char *name, struct engine_output ***outputs, unsigned *n);
int rpc_param_interface(
	struct rpc_call *call, const char *name, struct engine_interface **interface);
int rpc_param_interface_required(struct rpc_call *call, struct engine_interface **interface);
// A session by name or number; *session is NULL if no session has that name.
int rpc_param_session(struct rpc_call *call, const char **name, struct engine_session **session);
int rpc_param_session_required(struct rpc_call *call, struct engine_session **session);

// rpc_list.c: calls add() for each interface, and ends the list.
typedef void (*rpc_list_fn)(struct rpc_call *call, struct engine_interface *interface);
void rpc_list_interfaces(struct rpc_call *call, rpc_list_fn add);

// rpc_group_list.c: ends the list in pages of the connection.
void rpc_group_list_end(struct rpc_connection *connection);

// Methods.
int rpc_group_join(struct rpc_call *call);
int rpc_group_leave(struct rpc_call *call);
int rpc_group_block(struct rpc_call *call);
int rpc_group_unblock(struct rpc_call *call);
int rpc_group_filter(struct rpc_call *call);
int rpc_group_list(struct rpc_call *call);
int rpc_group_get(struct rpc_call *call);
int rpc_group_stats(struct rpc_call *call);
int rpc_session_bind(struct rpc_call *call);
int rpc_session_attach(struct rpc_call *call);
int rpc_session_stats(struct rpc_call *call);
int rpc_session_settle(struct rpc_call *call);
int rpc_session_send(struct rpc_call *call);
int rpc_session_open(struct rpc_call *call);
int rpc_session_close(struct rpc_call *call);
int rpc_session_list(struct rpc_call *call);
int rpc_interface_list(struct rpc_call *call);
int rpc_port_list(struct rpc_call *call);
int rpc_output_list(struct rpc_call *call);
int rpc_worker_list(struct rpc_call *call);
int rpc_querier_list(struct rpc_call *call);
int rpc_control_stats(struct rpc_call *call);
int rpc_control_connections(struct rpc_call *call);
int rpc_drop_list(struct rpc_call *call);
int rpc_event_subscribe(struct rpc_call *call);
int rpc_version(struct rpc_call *call);

// rpc_event.c: gets the events of the engine and notifies subscribers.
void rpc_event_flush(struct rpc_connection *connection); // no answer is being written
void rpc_event_tell(void *arg, const struct engine_event *event);

#endif
