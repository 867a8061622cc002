// SPDX-License-Identifier: BSD-3-Clause
// A client of the control socket, which decides how much it writes and reads, and keeps account:
// the answers to its requests arrive in the order of the requests, and there is one for each.
#ifndef FUZZ_CLIENT_H
#define FUZZ_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include "fuzz_server.h"

#define FUZZ_CLIENT_REQUESTS 512 // that may wait for their answers
#define FUZZ_CLIENT_TEXT (1 << 18) // bytes that may wait to be sent
#define FUZZ_CLIENT_LINE (1 << 20) // bytes of an answer

enum fuzz_operation {
	FUZZ_READ, // changes nothing
	FUZZ_OPEN, // session.open
	FUZZ_SUBSCRIBE,
	FUZZ_CHANGE_FIRST, // of these operations; they name a session
	FUZZ_CLOSE = FUZZ_CHANGE_FIRST,
	FUZZ_SESSION, // another change of the session
	FUZZ_JOIN,
	FUZZ_LEAVE,
	FUZZ_BLOCK,
	FUZZ_UNBLOCK,
	FUZZ_INCLUDE,
	FUZZ_EXCLUDE,
};

struct fuzz_request {
	enum fuzz_operation operation;
	unsigned session; // of the model
	unsigned interface, group;
	unsigned sources; // set
	unsigned outputs; // set
	bool only_outputs;
	uint64_t line_end; // offset in the stream
};

struct fuzz_user {
	uid_t uid;
	gid_t gid;
	bool operates;
	bool read_only; // it connects to that socket
};

struct fuzz_rpc_client {
	bool open;
	struct fuzz_user user;
	int fd;
	bool ending; // it has shut down its side
	bool closed; // by the server
	bool refused; // it was one too many
	bool wild; // it has sent lines of which nobody knows the meaning
	bool subscribed;
	bool batch; // the line that is written is a batch
	unsigned n_in_batch;
	unsigned n_requests, n_answered; // with ids
	unsigned n_refusals; // errors without an id that are due
	struct fuzz_request requests[FUZZ_CLIENT_REQUESTS];
	// `error` is NULL if the request was done.
	void (*answered)(struct fuzz_rpc_client *client, const struct fuzz_request *request,
		const json_t *result, const json_t *error);
	uint64_t events; // received, lost ones included
	int64_t members; // joined minus left, as the events tell
	uint64_t written, gone; // offsets in the stream: added to the text, sent
	size_t text_len, sent, line_len;
	char text[FUZZ_CLIENT_TEXT];
	char line[FUZZ_CLIENT_LINE];
};

void fuzz_client_connect(struct fuzz_rpc_client *client, const struct fuzz_server *server,
	const struct fuzz_user *user);
void fuzz_client_close(struct fuzz_rpc_client *client);
void fuzz_client_shutdown(struct fuzz_rpc_client *client); // its side only

// Add to the text that waits to be sent. False if there is no room.
bool fuzz_client_begin_batch(struct fuzz_rpc_client *client);
void fuzz_client_end_line(struct fuzz_rpc_client *client); // if a batch has begun
__attribute__((format(printf, 3, 4))) bool fuzz_client_ask(struct fuzz_rpc_client *client,
	const struct fuzz_request *request, // NULL: it gets no id
	const char *format, ...);
bool fuzz_client_add_raw(struct fuzz_rpc_client *client, const void *bytes, size_t len);
// A line that is refused as a whole.
bool fuzz_client_add_bad_line(struct fuzz_rpc_client *client, const char *line);

void fuzz_client_send(struct fuzz_rpc_client *client, size_t max); // bytes
void fuzz_client_receive(struct fuzz_rpc_client *client, size_t max); // bytes
// All is sent, and answered or, after a shutdown, closed.
bool fuzz_client_is_done(const struct fuzz_rpc_client *client);
void fuzz_client_forget_requests(struct fuzz_rpc_client *client); // all answered

#endif
