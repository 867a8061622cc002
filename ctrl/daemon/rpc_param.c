// SPDX-License-Identifier: BSD-3-Clause
#include "rpc_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"

int rpc_param_bad(struct rpc_call *call, const char *name, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&call->error, EINVAL, "%.64s: %s", name, text);
	return RPC_INVALID_PARAMS;
}

int rpc_param_text(struct rpc_call *call, const char *name, const char **text)
{
	const json_t *value = json_object_get(call->params, name);

	*text = json_string_value(value);
	if (value && !*text)
		return rpc_param_bad(call, name, "has to be a string");
	return 0;
}

static int read_address(
	struct rpc_call *call, const char *name, const json_t *value, struct sluice_addr *addr)
{
	const char *text = json_string_value(value);

	if (!text)
		return rpc_param_bad(call, name, "has to be a string");
	memset(addr, 0, sizeof(*addr));
	if (!address_parse(text, addr))
		return rpc_param_bad(call, name, "\"%.64s\" is not an IP address", text);
	return 0;
}

int rpc_param_address(struct rpc_call *call, const char *name, struct sluice_addr *addr)
{
	const json_t *value = json_object_get(call->params, name);

	return value ? read_address(call, name, value, addr)
		     : rpc_param_bad(call, name, "is missing");
}

int rpc_param_unsigned(struct rpc_call *call, const char *name, unsigned max, unsigned *value)
{
	const json_t *given = json_object_get(call->params, name);

	if (!given)
		return 0;
	if (!json_is_integer(given) || json_integer_value(given) < 0 ||
		json_integer_value(given) > max)
		return rpc_param_bad(call, name, "has to be a number of 0-%u", max);
	*value = (unsigned)json_integer_value(given);
	return 0;
}

// Gets the list with that name, which may be absent, and allocates an array for its values.
static int open_list(
	struct rpc_call *call, const char *name, size_t size, const json_t **list, void **array)
{
	*list = json_object_get(call->params, name);
	*array = NULL;
	if (*list && !json_is_array(*list))
		return rpc_param_bad(call, name, "has to be a list");
	if (json_array_size(*list) == 0)
		return 0;
	*array = calloc(json_array_size(*list), size);
	return *array ? 0 : error_set(&call->error, ENOMEM, "out of memory");
}

int rpc_param_addresses(
	struct rpc_call *call, const char *name, struct sluice_addr **addrs, unsigned *n)
{
	const json_t *list, *value;
	size_t i;
	int rc = open_list(call, name, sizeof(**addrs), &list, (void **)addrs);

	if (rc < 0)
		return rc;
	json_array_foreach (list, i, value) {
		rc = read_address(call, name, value, &(*addrs)[i]);
		if (rc < 0)
			return rc;
	}
	*n = json_array_size(list);
	return 0;
}

int rpc_param_outputs(
	struct rpc_call *call, const char *name, struct engine_output ***outputs, unsigned *n)
{
	const json_t *list, *value;
	size_t i;
	int rc = open_list(call, name, sizeof(**outputs), &list, (void **)outputs);

	if (rc < 0)
		return rc;
	json_array_foreach (list, i, value) {
		const char *output = json_string_value(value);

		if (!output)
			return rpc_param_bad(call, name, "has to be a list of strings");
		(*outputs)[i] = engine_output_find(call->engine, output);
		if (!(*outputs)[i])
			return error_set(&call->error, ENOENT, "no output named \"%.64s\"", output);
	}
	*n = json_array_size(list);
	return 0;
}

int rpc_param_interface(
	struct rpc_call *call, const char *name, struct engine_interface **interface)
{
	const char *text;
	int rc = rpc_param_text(call, name, &text);

	*interface = NULL;
	if (rc < 0 || !text)
		return rc;
	*interface = engine_interface_first(call->engine);
	while (*interface && strcmp(engine_interface_name(*interface), text) != 0)
		*interface = engine_interface_next(*interface);
	if (!*interface)
		return error_set(&call->error, ENODEV, "no interface named \"%.64s\"", text);
	return 0;
}

int rpc_param_session(struct rpc_call *call, const char **name, struct engine_session **session)
{
	const json_t *value = json_object_get(call->params, "session");

	if (json_is_integer(value)) {
		*session = engine_session_by_id(call->engine, (uint64_t)json_integer_value(value));
		if (!*session)
			return error_set(&call->error, ENOENT, "no session %" JSON_INTEGER_FORMAT,
				json_integer_value(value));
		return rpc_role_check_session(call, *session);
	}
	if (value)
		*name = json_string_value(value);
	if (!*name || !config_name_is_valid(*name))
		return rpc_param_bad(
			call, "session", "has to be a name or the number of a session");
	*session = engine_session_find(call->engine, *name);
	return *session ? rpc_role_check_session(call, *session) : 0;
}

int rpc_param_interface_required(struct rpc_call *call, struct engine_interface **interface)
{
	int rc = rpc_param_interface(call, "interface", interface);

	if (rc == 0 && !*interface)
		rc = rpc_param_bad(call, "interface", "is missing");
	return rc;
}

int rpc_param_session_required(struct rpc_call *call, struct engine_session **session)
{
	const char *name = NULL;
	int rc = rpc_param_session(call, &name, session);

	if (rc == 0 && !*session)
		rc = error_set(&call->error, ENOENT, "no session named \"%.64s\"", name);
	return rc;
}
