// SPDX-License-Identifier: BSD-3-Clause
// JSON-RPC 2.0: requests, notifications and batches, and the errors that are the protocol's own.
#include "rpc_private.h"

#include <errno.h>

#include "log.h"

// What a batch may ask for before its other requests are refused: a line of group.list could
// otherwise name any amount of memory.
#define ANSWER_MAX_BYTES (1u << 30)
static void write_head(struct evbuffer *out, const json_t *id)
{
	evbuffer_add_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	rpc_result_write(out, id ? json_incref((json_t *)id) : json_null());
}

// A call's errors carry an errno and its name, the protocol's own have none.
static void write_error(struct evbuffer *out, const json_t *id, int code, const char *text)
{
	int number = code == RPC_INVALID_PARAMS ? EINVAL : -code;
	bool of_call = code == RPC_INVALID_PARAMS || code > RPC_APPLICATION_ERROR;
	json_t *error;

	if (of_call)
		error = json_pack("{s:i, s:o, s:{s:s, s:i}}", "code",
			code == RPC_INVALID_PARAMS ? code : RPC_APPLICATION_ERROR, "message",
			json_sprintf("%s: %s", error_name(number), text), "data", "errno",
			error_name(number), "code", number);
	else
		error = json_pack("{s:i, s:s}", "code", code, "message", text);
	write_head(out, id);
	evbuffer_add_printf(out, ",\"error\":");
	rpc_result_write(out, error ? error : json_null());
	evbuffer_add(out, "}", 1);
}

static int check_params(struct rpc_call *call, const struct rpc_method *method)
{
	const char *key;
	json_t *value;

	if (call->params && !json_is_object(call->params))
		return rpc_param_bad(call, "params", "has to be an object, parameters have names");
	json_object_foreach ((json_t *)call->params, key, value) {
		const char *const *known = method->params;

		while (*known && strcmp(*known, key) != 0)
			known++;
		if (!*known)
			return rpc_param_bad(call, key, "%s has no such parameter", method->name);
	}
	return 0;
}

static int run(struct rpc_call *call, const char *name)
{
	const struct rpc_method *method = rpc_method_find(name);
	int rc;

	if (!method) {
		error_set(&call->error, ENOSYS, "no method \"%.64s\"", name);
		return RPC_METHOD_NOT_FOUND;
	}
	rc = check_params(call, method);
	if (rc == 0)
		rc = method->fn(call);
	if (rc == 0 && call->out_of_memory)
		rc = error_set(&call->error, ENOMEM, "the answer does not fit in memory");
	return rc;
}

static bool is_request(const json_t *request)
{
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const json_t *params = json_object_get(request, "params");
	const json_t *id = json_object_get(request, "id");

	return version && strcmp(version, "2.0") == 0 &&
	       json_is_string(json_object_get(request, "method")) &&
	       (!params || json_is_object(params) || json_is_array(params)) &&
	       (!id || json_is_null(id) || json_is_string(id) || json_is_number(id));
}

// Writes the answer, if the request wants one.
static void answer(struct rpc_connection *connection, const json_t *request, struct evbuffer *out)
{
	const json_t *id = json_object_get(request, "id");
	struct rpc_call call = {
		.connection = connection,
		.engine = connection->rpc->engine,
		.params = json_object_get(request, "params"),
	};
	int rc;

	if (!is_request(request)) {
		write_error(out, NULL, RPC_INVALID_REQUEST, "not a JSON-RPC 2.0 request");
		return;
	}
	call.result = evbuffer_new();
	if (!call.result) {
		write_error(out, id, -ENOMEM, "out of memory");
		return;
	}
	rc = run(&call, json_string_value(json_object_get(request, "method")));
	if (!id) {
		// A notification, answered by nothing, errors neither.
	} else if (rc < 0) {
		write_error(out, id, rc, call.error.text);
	} else {
		write_head(out, id);
		evbuffer_add_printf(out, ",\"result\":");
		evbuffer_add_buffer(out, call.result);
		evbuffer_add(out, "}", 1);
	}
	evbuffer_free(call.result);
}

static void answer_batch(
	struct rpc_connection *connection, const json_t *batch, struct evbuffer *out)
{
	struct evbuffer *one = evbuffer_new();
	const json_t *request;
	size_t i;

	if (!one || json_array_size(batch) == 0) {
		write_error(out, NULL, RPC_INVALID_REQUEST, "an empty batch");
		goto free_one;
	}
	json_array_foreach (batch, i, request) {
		if (evbuffer_get_length(out) > ANSWER_MAX_BYTES)
			write_error(one, json_object_get(request, "id"), -EMSGSIZE,
				"the batch asks for too much at once");
		else
			answer(connection, request, one);
		if (evbuffer_get_length(one) == 0)
			continue;
		evbuffer_add(out, evbuffer_get_length(out) ? "," : "[", 1);
		evbuffer_add_buffer(out, one);
	}
	if (evbuffer_get_length(out))
		evbuffer_add(out, "]", 1);
free_one:
	if (one)
		evbuffer_free(one);
}

void rpc_call_answer(struct rpc_connection *connection, const char *line, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(connection->stream);
	struct evbuffer *text = evbuffer_new();
	json_error_t why;
	json_t *request;

	if (!text) {
		log_error("control socket: out of memory, a request is not answered");
		return;
	}
	request = json_loadb(line, len, 0, &why);
	if (!request)
		rpc_call_refuse(connection, RPC_PARSE_ERROR, why.text);
	else if (json_is_array(request))
		answer_batch(connection, request, text);
	else
		answer(connection, request, text);
	json_decref(request);
	// All that a line changed goes into one set of reports, and a leave has taken effect when
	// its answer is read.
	engine_flush(connection->rpc->engine);
	if (evbuffer_get_length(text)) {
		evbuffer_add(text, "\n", 1);
		evbuffer_add_buffer(out, text);
	}
	evbuffer_free(text);
}

void rpc_call_refuse(struct rpc_connection *connection, enum rpc_code code, const char *text)
{
	struct evbuffer *out = bufferevent_get_output(connection->stream);

	write_error(out, NULL, code, text);
	evbuffer_add(out, "\n", 1);
}
