// SPDX-License-Identifier: BSD-3-Clause
// Requests of the control socket from the input of a fuzzer, most of them valid.
#ifndef FUZZ_REQUEST_H
#define FUZZ_REQUEST_H

#include "fuzz_model.h"
#include "input.h"

// Writes the members "method" and "params" of a request of the client, and says what it is.
void fuzz_request_read(const struct fuzz_model *model, struct fuzz_rpc_client *client,
	struct input *input, struct fuzz_request *request, char *text, size_t size);
// Whether the model has room for another connected session.
bool fuzz_request_may_open(
	const struct fuzz_model *model, const struct fuzz_rpc_client clients[FUZZ_MODEL_CLIENTS]);

#endif
