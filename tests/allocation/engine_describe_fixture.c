// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "engine_audit_fixture.h"
#include "engine_private.h"

#define LINES_MAX 4096
#define TEXT_SIZE (1u << 20)

static char text[TEXT_SIZE];
static size_t n_text;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	n_text += vsnprintf(text + n_text, TEXT_SIZE - n_text, format, args);
	va_end(args);
	cr_assert_lt(n_text, TEXT_SIZE);
}

static const char *name_of(const struct engine_session *session)
{
	return session->name != NULL ? session->name : "-";
}

static void say_member(const struct engine_session *session, const struct member *member)
{
	const struct output_set *set = member_user(member);
	const struct sluice_source_filter filter = member_filter(member);
	char addr[ADDRESS_TEXT_MAX];
	struct sluice_addr group;

	member_group(member, &group);
	say("session %s, %s on %s: %s,", name_of(session), address_format(&group, addr),
		engine_host_interface(member_host(member))->config.name,
		filter.mode == SLUICE_INCLUDE ? "include" : "exclude");
	for (unsigned i = 0; i < filter.n_sources; i++)
		say(" %s", address_format(&filter.sources[i], addr));
	say(", %u joins, to", member_joins(member));
	for (unsigned i = 0; set != NULL && i < set->n; i++)
		say(" %s", set->outputs[i]->config.name);
	say("\n");
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// What was done in two parts may stand in another order.
static const char *sort_lines(void)
{
	static const char *lines[LINES_MAX];
	static char sorted[TEXT_SIZE];
	char *line, *rest = text;
	unsigned n = 0;

	while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
		cr_assert_lt(n, LINES_MAX);
		lines[n++] = line;
	}
	qsort(lines, n, sizeof(*lines), compare_lines);
	n_text = 0;
	for (unsigned i = 0; i < n; i++)
		n_text += sprintf(sorted + n_text, "%s\n", lines[i]);
	return sorted;
}

const char *audit_describe(struct engine *engine)
{
	const struct engine_output *output;
	struct engine_session *session;

	n_text = 0;
	text[0] = '\0';
	say("limits %u %u, robustness %u, %u SSM ranges\n", engine->limits.groups,
		engine->limits.sources_per_filter, engine->protocol.robustness,
		engine->protocol.n_ssm_ranges);
	TAILQ_FOREACH (output, &engine->outputs, next)
		say("output %s to %s %u\n", output->config.name,
			output->config.port != NULL ? output->config.port : "-",
			output->config.vlan);
	TAILQ_FOREACH (session, &engine->sessions, next) {
		struct member *member = session_first_member(session->memberships);

		say("session %s%s, port %u,%s%s\n", name_of(session),
			session->closing ? " closing" : "", session->udp_port,
			session->output != NULL ? " output" : "",
			session->share != NULL ? " shared" : "");
		for (; member != NULL; member = session_next_member(member))
			say_member(session, member);
	}
	return sort_lines();
}
