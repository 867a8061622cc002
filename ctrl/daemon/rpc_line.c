// SPDX-License-Identifier: BSD-3-Clause
// A line of the peer, a request or a batch, step by step.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"

#define BLANKS " \t\r\n"

// The parsed elements of a batch are kept until they run, but not those of many or long batches:
// the values take up to 90 times the memory of their text. Others are parsed twice.
#define KEPT_MAX (256u << 10) // bytes of text of one batch
#define KEPT_ALL_MAX (1u << 20) // of all connections

static struct evbuffer *output_of(const struct rpc_connection *connection)
{
	return bufferevent_get_output(connection->stream);
}

static void write_refusal(struct rpc_connection *connection, int code, const char *text)
{
	struct evbuffer *out = output_of(connection);

	rpc_call_write_error(out, NULL, code, text);
	evbuffer_add(out, "\n", 1);
}

void rpc_line_drop(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;

	if (!line->text)
		return;
	if (line->call)
		rpc_call_free(line->call);
	if (line->answers)
		evbuffer_free(line->answers);
	if (line->values)
		connection->rpc->kept -= line->len;
	json_decref(line->values);
	if (line->batch)
		engine_release(connection->rpc->engine);
	rpc_memory_put(line->text); // libevent's
	*line = (struct rpc_line){0};
}

static enum rpc_step finish_line(struct rpc_connection *connection)
{
	rpc_line_drop(connection);
	rpc_event_flush(connection);
	return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_MORE;
}

// All changes of a line are reported together, and a leave has taken effect before its answer is
// sent. The events of a line come before its answer.
static enum rpc_step end_line(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;

	engine_flush(connection->rpc->engine);
	if (line->answers && evbuffer_get_length(line->answers)) {
		evbuffer_add(line->answers, "]\n", 2);
		evbuffer_add_buffer(output_of(connection), line->answers);
	}
	return finish_line(connection);
}

static enum rpc_step refuse_line(struct rpc_connection *connection, const char *text)
{
	struct rpc_line *line = &connection->line;

	write_refusal(connection, RPC_PARSE_ERROR, text);
	if (line->answers)
		evbuffer_drain(line->answers, evbuffer_get_length(line->answers));
	return end_line(connection);
}

// The turn has just begun, so that there is time for a long request.
static bool is_fresh(const struct rpc *rpc)
{
	return engine_now_cpu_ns() / 1000 + RPC_TURN_US < rpc->turn_end_us + RPC_SLICE_US;
}

// ---- Elements ------------------------------------------------------------------------------

static void skip_blanks(struct rpc_line *line)
{
	line->at += strspn(line->text + line->at, BLANKS);
}

// Finds the end of the element that begins here: the comma or bracket after it. For an element that
// is not JSON the result is arbitrary, and its parser fails. Stops after the longest request.
static size_t element_length(const struct rpc_line *line)
{
	const char *text = line->text + line->at;
	size_t max = line->len - line->at, n;
	unsigned depth = 0;
	bool quoted = false;

	for (n = 0; n < max && n <= RPC_REQUEST_MAX; n++) {
		char c = text[n];

		if (quoted) {
			n += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			depth++;
		} else if (depth == 0 && (c == ',' || c == ']')) {
			break;
		} else if (c == ']' || c == '}') {
			depth -= depth > 0;
		}
	}
	return n < max ? n : max;
}

// Returns NULL with `why` set if the text is not JSON; an empty `why` means out of memory.
static json_t *parse(const char *text, size_t len, size_t flags, json_error_t *why)
{
	json_t *value = json_loadb(text, len, flags | JSON_REJECT_DUPLICATES, why);

	if (rpc_memory_failed()) {
		json_decref(value);
		value = NULL;
		why->text[0] = '\0';
	}
	return value;
}

static enum rpc_step refuse_element(struct rpc_connection *connection, const json_error_t *why)
{
	return why->text[0] ? refuse_line(connection, why->text) : RPC_STEP_CLOSE;
}

// ---- Calls ---------------------------------------------------------------------------------

static void keep_answer(struct rpc_line *line, struct evbuffer *answer)
{
	if (evbuffer_get_length(answer) == 0)
		return;
	evbuffer_add(line->answers, evbuffer_get_length(line->answers) ? "," : "[", 1);
	evbuffer_add_buffer(line->answers, answer);
}

// Replaces an answer beyond the limit.
static void refuse_answer(struct rpc_line *line, const json_t *id)
{
	struct evbuffer *answer = evbuffer_new();

	if (!answer)
		return;
	if (id)
		rpc_call_write_error(answer, id, -ENOBUFS,
			"the answers of the batch exceed what may be left unread, by this "
			"connection or all");
	keep_answer(line, answer);
	evbuffer_free(answer);
}

static enum rpc_step go_on_in_batch(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;
	struct rpc_call *call = line->call;
	bool more = rpc_call_go_on(call);

	line->full |= !rpc_buffer_has_room(connection);
	// A change is done, so that its answer, which is short, is kept.
	if (line->full && !call->changes)
		refuse_answer(line, call->id);
	else if (more)
		return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_MORE;
	else
		keep_answer(line, call->result);
	rpc_call_free(call);
	line->call = NULL;
	return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_MORE;
}

static enum rpc_step go_on_alone(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;
	struct evbuffer *out = output_of(connection);
	size_t before = evbuffer_get_length(out);

	if (before >= RPC_OUTPUT_HIGH)
		return RPC_STEP_WAIT;
	if (rpc_call_go_on(line->call)) {
		evbuffer_add_buffer(out, line->call->result);
		line->written = true;
		return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_MORE;
	}
	// If parts of the answer are out, rpc_event.c keeps the events until the rest is.
	engine_flush(connection->rpc->engine);
	evbuffer_add_buffer(out, line->call->result);
	if (line->call->answered)
		evbuffer_add(out, "\n", 1);
	return finish_line(connection);
}

// Takes over the request.
static enum rpc_step begin_call(struct rpc_connection *connection, json_t *request)
{
	struct rpc_line *line = &connection->line;

	if (line->full) {
		refuse_answer(line, json_object_get(request, "id"));
		json_decref(request);
		return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_MORE;
	}
	line->call = rpc_call_begin(connection, request);
	return line->call ? RPC_STEP_MORE : RPC_STEP_CLOSE;
}

static enum rpc_step parse_call(
	struct rpc_connection *connection, const char *text, size_t len, size_t flags)
{
	json_error_t why;
	json_t *request = parse(text, len, flags, &why);

	return request ? begin_call(connection, request) : refuse_element(connection, &why);
}

static enum rpc_step check_element(struct rpc_connection *connection, const char *text, size_t len)
{
	struct rpc_line *line = &connection->line;
	json_error_t why;
	json_t *value = parse(text, len, JSON_DECODE_ANY, &why);

	if (!value)
		return refuse_element(connection, &why);
	if (line->values)
		json_array_append(line->values, value);
	json_decref(value);
	return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_MORE;
}

// After the bracket that ends the batch.
static enum rpc_step end_pass(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;

	skip_blanks(line);
	if (line->at < line->len)
		return refuse_line(connection, "end of file expected");
	if (line->checked)
		return end_line(connection);
	line->checked = true;
	line->at = strcspn(line->text, "[") + 1;
	return RPC_STEP_MORE;
}

// Kept elements are neither searched nor parsed again.
static enum rpc_step step_of_kept(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;
	json_t *request = json_array_get(line->values, line->next);

	if (!request)
		return end_line(connection);
	json_incref(request);
	json_array_set_new(line->values, line->next++, json_null());
	return begin_call(connection, request);
}

static void keep_values(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;
	struct rpc *rpc = connection->rpc;

	if (line->len > KEPT_MAX || rpc->kept + line->len > KEPT_ALL_MAX)
		return;
	line->values = json_array();
	if (line->values)
		rpc->kept += line->len;
}

static enum rpc_step step_of_batch(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;
	size_t len, at = line->at;

	if (line->checked && line->values)
		return step_of_kept(connection);
	if (line->text[at - 1] == ']')
		return end_pass(connection);
	len = element_length(line);
	if (len > RPC_REQUEST_MAX)
		return refuse_line(connection, "a request longer than 48 KiB");
	if (len > RPC_REQUEST_LONG && !is_fresh(connection->rpc))
		return RPC_STEP_LATER;
	if (!line->checked && at + len == line->len)
		return refuse_line(connection, "']' expected near end of file");
	line->at += len + 1; // and the comma or bracket
	return line->checked ? parse_call(connection, line->text + at, len, JSON_DECODE_ANY)
			     : check_element(connection, line->text + at, len);
}

// ---- Lines ---------------------------------------------------------------------------------

static bool is_empty_batch(struct rpc_line *line)
{
	size_t at = line->at + strspn(line->text + line->at, BLANKS);

	return line->text[at] == ']' &&
	       line->text[at + 1 + strspn(line->text + at + 1, BLANKS)] == '\0';
}

static enum rpc_step begin_line(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;

	skip_blanks(line);
	line->batch = line->text[line->at] == '[';
	if (!line->batch && line->len > RPC_REQUEST_LONG && !is_fresh(connection->rpc))
		return RPC_STEP_LATER;
	line->begun = true;
	if (!line->batch) {
		if (line->len > RPC_REQUEST_MAX)
			return refuse_line(connection, "a request longer than 48 KiB");
		return parse_call(connection, line->text, line->len, 0);
	}
	line->at++;
	engine_hold(connection->rpc->engine);
	line->answers = evbuffer_new();
	if (!line->answers)
		return RPC_STEP_CLOSE;
	if (!is_empty_batch(line)) {
		keep_values(connection);
		return RPC_STEP_MORE;
	}
	write_refusal(connection, RPC_INVALID_REQUEST, "an empty batch");
	return end_line(connection);
}

static void hang_up(struct rpc_connection *connection, int code, const char *text)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);

	write_refusal(connection, code, text);
	evbuffer_drain(input, evbuffer_get_length(input));
	bufferevent_disable(connection->stream, EV_READ);
	connection->ending = true;
}

static enum rpc_step take_line(struct rpc_connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);
	struct rpc_line *line = &connection->line;

	if (rpc_connection_unread(connection) >= RPC_OUTPUT_HIGH)
		return RPC_STEP_WAIT;
	line->text = evbuffer_readln(input, &line->len, EVBUFFER_EOL_LF);
	if (line->text && line->len == 0)
		rpc_line_drop(connection);
	else if (!line->text && evbuffer_get_length(input) >= RPC_LINE_MAX)
		hang_up(connection, RPC_PARSE_ERROR, "a line longer than 1 MiB");
	else if (!line->text && !rpc_buffer_has_room(connection))
		hang_up(connection, -ENOBUFS,
			"no memory is left for a long line, see control.buffered_bytes");
	else if (!line->text)
		return rpc_memory_failed() ? RPC_STEP_CLOSE : RPC_STEP_WAIT;
	return RPC_STEP_MORE;
}

enum rpc_step rpc_line_step(struct rpc_connection *connection)
{
	struct rpc_line *line = &connection->line;

	if (!line->text)
		return take_line(connection);
	if (!line->begun)
		return begin_line(connection);
	if (line->call)
		return line->batch ? go_on_in_batch(connection) : go_on_alone(connection);
	return step_of_batch(connection);
}
