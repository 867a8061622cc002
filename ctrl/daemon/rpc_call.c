// SPDX-License-Identifier: BSD-3-Clause
// JSON-RPC 2.0: requests, notifications, and the errors that the protocol defines.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

static void write_head(struct evbuffer *out, const json_t *id)
{
	evbuffer_add_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	rpc_result_write(out, id ? json_incref((json_t *)id) : json_null());
}

// Errors of a call have an errno and its name; those that the protocol defines have none.
void rpc_call_write_error(struct evbuffer *out, const json_t *id, int code, const char *text)
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
	call->changes = !method->reads;
	rc = rpc_role_check_method(call, method);
	if (rc == 0)
		rc = check_params(call, method);
	if (rc == 0)
		rc = method->fn(call);
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

struct rpc_call *rpc_call_begin(struct rpc_connection *connection, json_t *request)
{
	struct rpc_call *call = rpc_memory_get(sizeof(*call));

	if (!call)
		goto free_request;
	call->result = evbuffer_new();
	if (!call->result)
		goto free_call;
	call->connection = connection;
	call->engine = connection->rpc->engine;
	call->request = request;
	call->id = json_object_get(request, "id");
	call->params = json_object_get(request, "params");
	return call;

free_call:
	rpc_memory_put(call);
free_request:
	json_decref(request);
	return NULL;
}

void rpc_call_free(struct rpc_call *call)
{
	if (call->end)
		call->end(call);
	evbuffer_free(call->result);
	json_decref(call->request);
	rpc_memory_put(call);
}

// Writes the head of the answer before the result, or replaces the result by an error.
static void begin_answer(struct rpc_call *call, int rc)
{
	struct evbuffer *head = evbuffer_new();

	if (!head)
		return;
	if (rc < 0) {
		evbuffer_drain(call->result, evbuffer_get_length(call->result));
		rpc_call_write_error(head, call->id, rc, call->error.text);
	} else {
		write_head(head, call->id);
		evbuffer_add_printf(head, ",\"result\":");
	}
	evbuffer_prepend_buffer(call->result, head);
	evbuffer_free(head);
}

// Returns whether the method has more work.
static bool begin(struct rpc_call *call)
{
	int rc;

	call->begun = true;
	if (!is_request(call->request)) {
		rpc_call_write_error(
			call->result, NULL, RPC_INVALID_REQUEST, "not a JSON-RPC 2.0 request");
		call->answered = true;
		call->failed = true;
		return false;
	}
	rc = run(call, json_string_value(json_object_get(call->request, "method")));
	if (call->id) {
		begin_answer(call, rc);
		call->answered = true;
	}
	call->failed = rc < 0;
	return rc == 0 && call->more;
}

bool rpc_call_go_on(struct rpc_call *call)
{
	bool more = call->begun ? call->more(call) : begin(call);

	// The change of the method is not undone, so that an error would be wrong.
	if (call->out_of_memory)
		rpc_memory_note();
	if (!call->answered) // a notification, which gets neither answer nor error
		evbuffer_drain(call->result, evbuffer_get_length(call->result));
	else if (!more && !call->failed)
		evbuffer_add(call->result, "}", 1);
	return more;
}
