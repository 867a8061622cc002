// SPDX-License-Identifier: BSD-3-Clause
// What the sessions of a server hold, as the answers tell. Several clients may change a session at
// the same time, in an order that nobody knows; then the model takes over what the server says.
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "fuzz_client.h"

#define FUZZ_MODEL_CLIENTS 6
#define FUZZ_MODEL_NAMED 7
#define FUZZ_MODEL_SESSIONS 48 // the named ones are the first
#define FUZZ_MODEL_INTERFACES 2
#define FUZZ_MODEL_GROUPS 6
#define FUZZ_MODEL_SOURCES 5
#define FUZZ_MODEL_OUTPUTS 2

extern const char *const fuzz_model_names[FUZZ_MODEL_NAMED];
extern const char *const fuzz_model_interfaces[FUZZ_MODEL_INTERFACES];
extern const char *const fuzz_model_groups[FUZZ_MODEL_GROUPS];
extern const char *const fuzz_model_outputs[FUZZ_MODEL_OUTPUTS];
void fuzz_model_source(unsigned group, unsigned source, char text[32]);

struct fuzz_member {
	unsigned joins; // 0: none
	bool exclude;
	unsigned sources, outputs; // sets
};

struct fuzz_session {
	uint64_t id; // of a connected one
	unsigned client; // that opened it
	bool used;
	bool ended; // it was closed
	bool orphan; // its connection was
	bool unsure; // of its memberships
	unsigned waiting[FUZZ_MODEL_CLIENTS]; // changes that have no answer yet
	struct fuzz_member members[FUZZ_MODEL_INTERFACES][FUZZ_MODEL_GROUPS];
};

struct fuzz_model {
	struct fuzz_session sessions[FUZZ_MODEL_SESSIONS];
	unsigned n_sessions;
	bool strangers; // there may be connected sessions that are not known
	bool wild; // there may be any session and any membership
	unsigned n_members; // as of the last check
};

void fuzz_model_init(struct fuzz_model *model);
// A client sends a request, gets the answer, or never gets one, because the request was not done.
void fuzz_model_ask(struct fuzz_model *model, unsigned client, const struct fuzz_request *request);
void fuzz_model_answer(struct fuzz_model *model, unsigned client,
	const struct fuzz_request *request, const json_t *result, const json_t *error);
void fuzz_model_forget(
	struct fuzz_model *model, unsigned client, const struct fuzz_request *request);
// A change that may be done or not.
void fuzz_model_doubt(struct fuzz_model *model, unsigned session);
void fuzz_model_end_client(struct fuzz_model *model, unsigned client);

// While nothing waits: compares it with session.list of an operator, and that with group.list.
void fuzz_model_check(struct fuzz_model *model, const json_t *sessions, const json_t *groups);

#endif
