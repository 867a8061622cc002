// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz_request.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "require.h"

enum kind {
	KIND_JOIN,
	KIND_LEAVE,
	KIND_BLOCK,
	KIND_UNBLOCK,
	KIND_INCLUDE,
	KIND_EXCLUDE,
	KIND_GROUPS, // those above are about a group
	KIND_GET = KIND_GROUPS,
	KIND_STATS,
	KIND_OPEN,
	KIND_OPEN_NAMED,
	KIND_CLOSE,
	KIND_BIND,
	KIND_ATTACH,
	KIND_SETTLE,
	KIND_SESSION_STATS,
	KIND_SEND,
	KIND_LIST,
	KIND_PAGE,
	KIND_SESSIONS,
	KIND_OTHER_LIST,
	KIND_SUBSCRIBE,
	KINDS,
};

static const struct {
	const char *method;
	enum fuzz_operation operation;
} group_calls[] = {
	[KIND_JOIN] = {"group.join", FUZZ_JOIN},
	[KIND_LEAVE] = {"group.leave", FUZZ_LEAVE},
	[KIND_BLOCK] = {"group.block", FUZZ_BLOCK},
	[KIND_UNBLOCK] = {"group.unblock", FUZZ_UNBLOCK},
	[KIND_INCLUDE] = {"group.filter", FUZZ_INCLUDE},
	[KIND_EXCLUDE] = {"group.filter", FUZZ_EXCLUDE},
};

// Text of a request.
struct writer {
	char *text;
	size_t len, size;
};

__attribute__((format(printf, 2, 3))) static void put(
	struct writer *writer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	writer->len +=
		vsnprintf(writer->text + writer->len, writer->size - writer->len, format, args);
	va_end(args);
	REQUIRE(writer->len < writer->size);
}

// The session that the server takes without a name.
static unsigned default_session(const struct fuzz_rpc_client *client)
{
	char name[32];

	if (client->user.operates)
		return 0;
	snprintf(name, sizeof(name), "cli-%u", client->user.uid);
	for (unsigned i = 0; i < FUZZ_MODEL_NAMED; i++)
		if (strcmp(fuzz_model_names[i], name) == 0)
			return i;
	return 0;
}

static void put_session(struct writer *writer, const struct fuzz_model *model, unsigned session)
{
	if (session < FUZZ_MODEL_NAMED)
		put(writer, "\"session\":\"%s\"", fuzz_model_names[session]);
	else
		put(writer, "\"session\":%" PRIu64, model->sessions[session].id);
}

static void put_set(struct writer *writer, const struct fuzz_request *request)
{
	const char *separator = "";
	char text[32];

	put(writer, ",\"sources\":[");
	for (unsigned i = 0; i < FUZZ_MODEL_SOURCES; i++) {
		if (!(request->sources >> i & 1))
			continue;
		fuzz_model_source(request->group, i, text);
		put(writer, "%s\"%s\"", separator, text);
		separator = ",";
	}
	put(writer, "]");
}

static void put_outputs(struct writer *writer, unsigned outputs)
{
	put(writer, ",\"to\":[%s%s%s]", outputs & 1 ? "\"a\"" : "", outputs == 3 ? "," : "",
		outputs & 2 ? "\"b\"" : "");
}

static bool changes_filter(const struct fuzz_request *request)
{
	return request->operation == FUZZ_INCLUDE || request->operation == FUZZ_EXCLUDE;
}

static void write_group(struct writer *writer, const struct fuzz_model *model,
	const struct fuzz_rpc_client *client, enum kind kind, struct input *input,
	struct fuzz_request *request)
{
	const unsigned where = input_u8(input), sources = input_u8(input), how = input_u8(input);

	*request = (struct fuzz_request){
		.operation = group_calls[kind].operation,
		.session = how % (model->n_sessions + 1),
		.interface = where & 1,
		.group = where / 2 % FUZZ_MODEL_GROUPS,
		.sources = sources % (1 << FUZZ_MODEL_SOURCES),
	};
	put(writer, "\"method\":\"%s\",\"params\":{\"group\":\"%s\",\"interface\":\"%s\"",
		group_calls[kind].method, fuzz_model_groups[request->group],
		fuzz_model_interfaces[request->interface]);
	if (request->session == model->n_sessions) {
		request->session = default_session(client);
	} else {
		put(writer, ",");
		put_session(writer, model, request->session);
	}
	if (request->sources || sources & 32)
		put_set(writer, request);
	if (kind == KIND_JOIN && request->sources == 0 && sources & 32)
		request->operation = FUZZ_READ; // an empty list of sources joins nothing
	if (changes_filter(request))
		put(writer, ",\"mode\":\"%s\"", kind == KIND_INCLUDE ? "include" : "exclude");
	if (sources & 64 && (kind == KIND_JOIN || changes_filter(request))) {
		request->outputs = where >> 6;
		request->only_outputs = changes_filter(request);
		put_outputs(writer, request->outputs);
	}
	put(writer, "}");
}

static void write_page(struct writer *writer, struct input *input)
{
	const unsigned what = input_u8(input);

	put(writer, "\"method\":\"group.list\",\"params\":{\"limit\":%u", what % 4);
	if (what & 4)
		put(writer, ",\"after\":%u", what >> 4);
	put(writer, "%s}", what & 8 ? ",\"interface\":\"tv\"" : "");
}

static void write_send(struct writer *writer, struct input *input)
{
	const unsigned what = input_u8(input);

	put(writer,
		"\"method\":\"session.send\",\"params\":{\"interface\":\"%s\",\"group\":\"%s\","
		"\"port\":5000,\"loop\":%s,\"payload\":\"%.*s\"}",
		fuzz_model_interfaces[what & 1], fuzz_model_groups[what / 2 % FUZZ_MODEL_GROUPS],
		what & 32 ? "true" : "false", what >> 5, "0123456789");
}

static void write_list(struct writer *writer, struct input *input)
{
	static const char *const methods[] = {"interface.list", "port.list", "output.list",
		"worker.list", "querier.list", "drop.list", "control.stats", "version", "fly"};

	put(writer, "\"method\":\"%s\"",
		methods[input_u8(input) % (sizeof(methods) / sizeof(methods[0]))]);
}

static void write_session(struct writer *writer, const struct fuzz_model *model,
	struct input *input, struct fuzz_request *request, const char *method)
{
	request->session = input_u8(input) % model->n_sessions;
	put(writer, "\"method\":\"%s\",\"params\":{", method);
	put_session(writer, model, request->session);
}

static void write_other(struct writer *writer, const struct fuzz_model *model, enum kind kind,
	struct input *input, struct fuzz_request *request)
{
	switch (kind) {
	case KIND_GET:
		write_session(writer, model, input, request, "group.get");
		put(writer, ",\"interface\":\"tv\",\"group\":\"%s\"}",
			fuzz_model_groups[input_u8(input) % FUZZ_MODEL_GROUPS]);
		break;
	case KIND_STATS:
		put(writer,
			"\"method\":\"group.stats\",\"params\":{\"interface\":\"tv\","
			"\"group\":\"%s\"}",
			fuzz_model_groups[input_u8(input) % FUZZ_MODEL_GROUPS]);
		break;
	case KIND_OPEN:
		request->operation = FUZZ_OPEN;
		put(writer, "\"method\":\"session.open\",\"params\":{\"udp_port\":%u}",
			input_u8(input) / 64 * 5000);
		break;
	case KIND_OPEN_NAMED:
		put(writer, "\"method\":\"session.open\",\"params\":{\"name\":\"%s\"}",
			fuzz_model_names[input_u8(input) % FUZZ_MODEL_NAMED]);
		break;
	case KIND_CLOSE:
		write_session(writer, model, input, request, "session.close");
		request->operation = FUZZ_CLOSE;
		put(writer, "}");
		break;
	case KIND_BIND:
		write_session(writer, model, input, request, "session.bind");
		put(writer, ",\"udp_port\":%u}", input_u8(input) / 64 * 5000);
		break;
	case KIND_ATTACH:
		write_session(writer, model, input, request, "session.attach");
		put(writer, ",\"ring_size\":%u}", 1u << input_u8(input) % 9);
		break;
	case KIND_SETTLE:
		write_session(writer, model, input, request, "session.settle");
		put(writer, "}");
		break;
	case KIND_SESSION_STATS:
		write_session(writer, model, input, request, "session.stats");
		put(writer, "}");
		break;
	case KIND_SEND:
		write_send(writer, input);
		break;
	case KIND_LIST:
		put(writer, "\"method\":\"group.list\"");
		break;
	case KIND_PAGE:
		write_page(writer, input);
		break;
	case KIND_SESSIONS:
		put(writer, "\"method\":\"session.list\"");
		break;
	case KIND_SUBSCRIBE:
		request->operation = FUZZ_SUBSCRIBE;
		put(writer, "\"method\":\"event.subscribe\"");
		break;
	default:
		write_list(writer, input);
	}
}

void fuzz_request_read(const struct fuzz_model *model, struct fuzz_rpc_client *client,
	struct input *input, struct fuzz_request *request, char *text, size_t size)
{
	struct writer writer = {.text = text, .size = size};
	const enum kind kind = input_u8(input) % KINDS;

	*request = (struct fuzz_request){.operation = FUZZ_READ};
	if (kind < KIND_GROUPS)
		write_group(&writer, model, client, kind, input, request);
	else
		write_other(&writer, model, kind, input, request);
	client->subscribed |= request->operation == FUZZ_SUBSCRIBE;
}

bool fuzz_request_may_open(
	const struct fuzz_model *model, const struct fuzz_rpc_client clients[FUZZ_MODEL_CLIENTS])
{
	unsigned n = model->n_sessions;

	for (unsigned i = 0; i < FUZZ_MODEL_CLIENTS; i++)
		for (unsigned k = clients[i].n_answered;
			clients[i].open && k < clients[i].n_requests; k++)
			n += clients[i].requests[k].operation == FUZZ_OPEN;
	return n < FUZZ_MODEL_SESSIONS;
}
