// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz_model.h"

#include <stdio.h>
#include <string.h>
#include "require.h"

#define OTHERS (1u << FUZZ_MODEL_SOURCES) // all sources that are not of the model
#define ALL (2 * OTHERS - 1)
#define NONE UINT32_MAX

const char *const fuzz_model_names[] = {
	"cli", "config", "cli-1001", "cli-1002", "cli-1003", "a", "b"};
const char *const fuzz_model_interfaces[] = {"tv", "tv20"};
// The second has the MAC address of the first.
const char *const fuzz_model_groups[] = {
	"239.1.1.1", "239.129.1.1", "232.1.1.1", "239.1.1.4", "ff1e::1", "ff3e::1"};
const char *const fuzz_model_outputs[] = {"a", "b"};

void fuzz_model_source(unsigned group, unsigned source, char text[32])
{
	snprintf(text, 32, strchr(fuzz_model_groups[group], ':') ? "2001:db8::%u" : "10.9.0.%u",
		source + 1);
}

void fuzz_model_init(struct fuzz_model *model)
{
	*model = (struct fuzz_model){.n_sessions = FUZZ_MODEL_NAMED};
	for (unsigned i = 0; i < FUZZ_MODEL_NAMED; i++)
		model->sessions[i].used = true;
}

// ---- Requests ------------------------------------------------------------------------------

static bool changes(const struct fuzz_request *request)
{
	return request->operation >= FUZZ_CHANGE_FIRST;
}

void fuzz_model_doubt(struct fuzz_model *model, unsigned session)
{
	model->sessions[session].unsure = true;
}

void fuzz_model_ask(struct fuzz_model *model, unsigned client, const struct fuzz_request *request)
{
	struct fuzz_session *session = &model->sessions[request->session];

	if (!changes(request))
		return;
	session->waiting[client]++;
	for (unsigned i = 0; i < FUZZ_MODEL_CLIENTS; i++)
		session->unsure |= i != client && session->waiting[i] > 0;
}

void fuzz_model_forget(
	struct fuzz_model *model, unsigned client, const struct fuzz_request *request)
{
	if (changes(request))
		model->sessions[request->session].waiting[client]--;
}

static void end_if_empty(struct fuzz_member *member)
{
	if (!member->exclude && !member->sources)
		*member = (struct fuzz_member){0};
}

// A call that was accepted.
static void change(struct fuzz_member *member, const struct fuzz_request *request)
{
	const bool was = member->joins > 0;

	switch (request->operation) {
	case FUZZ_JOIN:
		if (!was)
			*member = (struct fuzz_member){.exclude = !request->sources};
		REQUIRE(member->exclude == !request->sources);
		REQUIRE(!(member->sources & request->sources));
		member->sources |= request->sources;
		member->joins += !was || !request->sources;
		member->outputs |= request->outputs;
		break;
	case FUZZ_LEAVE:
		REQUIRE(was);
		if (!request->sources && --member->joins == 0)
			*member = (struct fuzz_member){0};
		if (!request->sources)
			break;
		REQUIRE(!member->exclude && !(request->sources & ~member->sources));
		member->sources &= ~request->sources;
		end_if_empty(member);
		break;
	case FUZZ_BLOCK:
		REQUIRE(was && member->exclude && !(member->sources & request->sources));
		member->sources |= request->sources;
		break;
	case FUZZ_UNBLOCK:
		REQUIRE(was && member->exclude && !(request->sources & ~member->sources));
		member->sources &= ~request->sources;
		break;
	default:
		if (!was)
			*member = (struct fuzz_member){.joins = 1};
		member->exclude = request->operation == FUZZ_EXCLUDE;
		member->sources = request->sources;
		member->outputs = request->only_outputs ? request->outputs : member->outputs;
		end_if_empty(member);
	}
}

static void open_session(struct fuzz_model *model, unsigned client, const json_t *result)
{
	REQUIRE(model->n_sessions < FUZZ_MODEL_SESSIONS);
	model->sessions[model->n_sessions++] = (struct fuzz_session){
		.id = json_integer_value(json_object_get(result, "session")),
		.client = client,
		.used = true,
	};
}

static void end_session(struct fuzz_session *session, bool named)
{
	memset(session->members, 0, sizeof(session->members));
	session->ended = !named;
}

void fuzz_model_answer(struct fuzz_model *model, unsigned client,
	const struct fuzz_request *request, const json_t *result, const json_t *error)
{
	struct fuzz_session *session = &model->sessions[request->session];
	struct fuzz_member *member;
	json_t *joins;

	fuzz_model_forget(model, client, request);
	if (error)
		return;
	if (request->operation == FUZZ_OPEN)
		open_session(model, client, result);
	if (!changes(request) || session->unsure || model->wild)
		return;
	if (request->operation == FUZZ_CLOSE) {
		end_session(session, request->session < FUZZ_MODEL_NAMED);
		return;
	}
	REQUIRE(!session->ended);
	member = &session->members[request->interface][request->group];
	change(member, request);
	joins = json_object_get(result, "joins");
	REQUIRE(!joins || json_integer_value(joins) == member->joins);
}

void fuzz_model_end_client(struct fuzz_model *model, unsigned client)
{
	for (unsigned i = FUZZ_MODEL_NAMED; i < model->n_sessions; i++) {
		struct fuzz_session *session = &model->sessions[i];

		if (session->client != client)
			continue;
		// Others may have used it before the server noticed.
		session->orphan = true;
		session->unsure = true;
	}
}

// ---- Lists ---------------------------------------------------------------------------------

// All memberships of a group.
struct fuzz_merge {
	bool unknown; // a membership has a source that is not of the model
	unsigned n;
	unsigned wanted, outputs; // sets
};

static uint32_t find(const char *const *names, unsigned n, const char *name)
{
	for (unsigned i = 0; name && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return NONE;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static unsigned read_sources(const json_t *list, unsigned group, bool *unknown)
{
	unsigned set = 0;
	const json_t *value;
	size_t i;

	json_array_foreach (list, i, value) {
		unsigned source = 0;
		char text[32];

		for (; source < FUZZ_MODEL_SOURCES; source++) {
			fuzz_model_source(group, source, text);
			if (strcmp(text, json_string_value(value)) == 0)
				break;
		}
		*unknown |= source == FUZZ_MODEL_SOURCES;
		set |= 1u << source & (OTHERS - 1);
	}
	return set;
}

static unsigned read_outputs(const json_t *list)
{
	unsigned set = 0;
	const json_t *value;
	size_t i;

	json_array_foreach (list, i, value) {
		uint32_t output =
			find(fuzz_model_outputs, FUZZ_MODEL_OUTPUTS, json_string_value(value));

		REQUIRE(output != NONE && !(set & 1u << output));
		set |= 1u << output;
	}
	return set;
}

static unsigned wanted(bool exclude, unsigned sources)
{
	return exclude ? ALL & ~sources : sources;
}

static bool read_place(const json_t *entry, uint32_t *interface, uint32_t *group)
{
	*interface =
		find(fuzz_model_interfaces, FUZZ_MODEL_INTERFACES, text_of(entry, "interface"));
	*group = find(fuzz_model_groups, FUZZ_MODEL_GROUPS, text_of(entry, "group"));
	return *interface != NONE && *group != NONE;
}

static void read_member(const json_t *entry, struct fuzz_member members[][FUZZ_MODEL_GROUPS],
	struct fuzz_merge merges[][FUZZ_MODEL_GROUPS])
{
	uint32_t interface, group;
	struct fuzz_merge *merge;
	struct fuzz_member *member;

	if (!read_place(entry, &interface, &group))
		return;
	member = &members[interface][group];
	merge = &merges[interface][group];
	REQUIRE(member->joins == 0);
	member->joins = json_integer_value(json_object_get(entry, "joins"));
	member->exclude = strcmp(text_of(entry, "mode"), "exclude") == 0;
	member->sources = read_sources(json_object_get(entry, "sources"), group, &merge->unknown);
	member->outputs = read_outputs(json_object_get(entry, "to"));
	REQUIRE(member->joins > 0);
	merge->n++;
	merge->wanted |= wanted(member->exclude, member->sources);
	merge->outputs |= member->outputs;
}

static bool is_same(
	struct fuzz_member a[][FUZZ_MODEL_GROUPS], struct fuzz_member b[][FUZZ_MODEL_GROUPS])
{
	for (unsigned i = 0; i < FUZZ_MODEL_INTERFACES; i++)
		for (unsigned k = 0; k < FUZZ_MODEL_GROUPS; k++)
			if (a[i][k].joins != b[i][k].joins || a[i][k].exclude != b[i][k].exclude ||
				a[i][k].sources != b[i][k].sources ||
				a[i][k].outputs != b[i][k].outputs)
				return false;
	return true;
}

static struct fuzz_session *find_session(struct fuzz_model *model, const json_t *entry)
{
	const char *name = text_of(entry, "name");
	const uint64_t id = json_integer_value(json_object_get(entry, "id"));
	uint32_t named = find(fuzz_model_names, FUZZ_MODEL_NAMED, name);

	if (named != NONE)
		return &model->sessions[named];
	for (unsigned i = FUZZ_MODEL_NAMED; !name && i < model->n_sessions; i++)
		if (model->sessions[i].id == id)
			return &model->sessions[i];
	REQUIRE(model->wild || (!name && model->strangers));
	return NULL;
}

static void check_sessions(
	struct fuzz_model *model, const json_t *list, struct fuzz_merge merges[][FUZZ_MODEL_GROUPS])
{
	bool listed[FUZZ_MODEL_SESSIONS] = {false};
	const json_t *entry, *membership;
	size_t i, k;

	model->n_members = 0;
	json_array_foreach (list, i, entry) {
		struct fuzz_session *session = find_session(model, entry);
		struct fuzz_session now = {.id = 0};

		json_array_foreach (json_object_get(entry, "memberships"), k, membership)
			read_member(membership, now.members, merges);
		model->n_members += k;
		if (!session)
			continue;
		REQUIRE(!session->orphan);
		REQUIRE(!session->ended || session->unsure || model->wild);
		REQUIRE(session->unsure || model->wild || is_same(session->members, now.members));
		memcpy(session->members, now.members, sizeof(now.members));
		session->unsure = false;
		listed[session - model->sessions] = true;
	}
	for (i = 0; i < model->n_sessions; i++) {
		struct fuzz_session *session = &model->sessions[i];
		struct fuzz_session empty = {.id = 0};

		if (listed[i])
			continue;
		REQUIRE(session->unsure || model->wild || is_same(session->members, empty.members));
		end_session(session, i < FUZZ_MODEL_NAMED);
		session->unsure = false;
	}
}

static void check_group(const json_t *entry, struct fuzz_merge merges[][FUZZ_MODEL_GROUPS])
{
	const bool exclude = strcmp(text_of(entry, "mode"), "exclude") == 0;
	struct fuzz_merge *merge;
	uint32_t interface, group;
	unsigned sources;

	if (strcmp(text_of(entry, "state"), "leaving") == 0 ||
		!read_place(entry, &interface, &group))
		return;
	merge = &merges[interface][group];
	REQUIRE(json_integer_value(json_object_get(entry, "members")) == merge->n);
	REQUIRE(merge->n > 0);
	merge->n = 0; // listed
	sources = read_sources(json_object_get(entry, "sources"), group, &merge->unknown);
	if (merge->unknown)
		return;
	REQUIRE(wanted(exclude, sources) == merge->wanted);
	REQUIRE(read_outputs(json_object_get(entry, "outputs")) == merge->outputs);
}

void fuzz_model_check(struct fuzz_model *model, const json_t *sessions, const json_t *groups)
{
	struct fuzz_merge merges[FUZZ_MODEL_INTERFACES][FUZZ_MODEL_GROUPS] = {0};
	const json_t *entry;
	size_t i;

	REQUIRE(json_is_array(sessions) && json_is_array(groups));
	check_sessions(model, sessions, merges);
	json_array_foreach (groups, i, entry)
		check_group(entry, merges);
	for (unsigned interface = 0; interface < FUZZ_MODEL_INTERFACES; interface++)
		for (unsigned group = 0; group < FUZZ_MODEL_GROUPS; group++)
			REQUIRE(merges[interface][group].n == 0);
}
