// SPDX-License-Identifier: BSD-3-Clause
// Applies limits and protocol settings of a new configuration to existing sessions and hosts. A
// limit below what is joined removes nothing: it applies to new joins, and is reported.
#include "address.h"
#include "engine_private.h"

static void set_protocol(
	struct engine *engine, const struct config *config, struct engine_report *report)
{
	struct config_protocol copy;

	if (config_copy_protocol(&copy, &config->protocol) < 0) {
		engine_report_refuse(report, "protocol: out of memory, the old settings stay");
		return;
	}
	config_free_protocol(&engine->protocol);
	engine->protocol = copy;
}

static void reconfigure(
	struct engine_interface *interface, struct engine_host *host, struct engine_report *report)
{
	int rc = engine_host_reconfigure(host);

	if (rc < 0)
		engine_report_refuse(report,
			"interface %s: %s keeps its protocol settings and limits: %s",
			interface->config.name, host == interface->igmp ? "IGMP" : "MLD",
			strerror(-rc));
}

// ---- Limits below what is joined -----------------------------------------------------------

// The session and the host with the most groups.
static void tell_groups(struct engine *engine, struct engine_report *report)
{
	unsigned limit = engine->limits.groups, most = 0, most_joined = 0;
	const struct engine_interface *interface, *fullest = NULL;
	const struct engine_session *session, *largest = NULL;
	char session_text[96] = "", host_text[96] = "";

	TAILQ_FOREACH (session, &engine->sessions, next) {
		if (session_members(session->memberships) <= most)
			continue;
		most = session_members(session->memberships);
		largest = session;
	}
	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		const struct engine_host *const hosts[] = {interface->igmp, interface->mld};

		for (unsigned i = 0; i < RTE_DIM(hosts); i++) {
			struct host_status status;

			host_status(hosts[i]->host, &status);
			if (status.n_groups <= most_joined)
				continue;
			most_joined = status.n_groups;
			fullest = interface;
		}
	}
	if (RTE_MAX(most, most_joined) <= limit)
		return;
	if (most > limit)
		snprintf(session_text, sizeof(session_text), " session %s has %u",
			largest->name != NULL ? largest->name : "of a connection", most);
	if (most_joined > limit)
		snprintf(host_text, sizeof(host_text), "%s interface %s has %u",
			most > limit ? "," : "", fullest->config.name, most_joined);
	engine_report_note(report,
		"limits.groups: %u is less than is joined:%s%s; no more are joined", limit,
		session_text, host_text);
}

// The membership with the most sources.
static void tell_sources(struct engine *engine, struct engine_report *report)
{
	unsigned limit = engine->limits.sources_per_filter, most = limit;
	struct member *member, *largest = NULL;
	struct engine_session *session;
	char text[ADDRESS_TEXT_MAX];
	struct sluice_addr group;

	TAILQ_FOREACH (session, &engine->sessions, next) {
		member = session_first_member(session->memberships);
		for (; member != NULL; member = session_next_member(member)) {
			const struct sluice_source_filter filter = member_filter(member);

			if (filter.n_sources <= most)
				continue;
			most = filter.n_sources;
			largest = member;
		}
	}
	if (largest == NULL)
		return;
	member_group(largest, &group);
	engine_report_note(report,
		"limits.sources_per_filter: %u is less than is joined: %s on %s has %u; no larger "
		"filter is accepted",
		limit, address_format(&group, text),
		engine_host_interface(member_host(largest))->config.name, most);
}

void engine_limits_apply(
	struct engine *engine, const struct config *config, struct engine_report *report)
{
	const struct session_limits limits = {
		.groups = config->limits.groups,
		.sources = config->limits.sources_per_filter,
	};
	bool lower = limits.groups < engine->limits.groups ||
		     limits.sources < engine->limits.sources_per_filter;
	struct engine_interface *interface;
	struct engine_session *session;

	set_protocol(engine, config, report);
	engine->limits = config->limits;
	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		reconfigure(interface, interface->igmp, report);
		reconfigure(interface, interface->mld, report);
	}
	TAILQ_FOREACH (session, &engine->sessions, next)
		session_set_limits(session->memberships, &limits);
	if (!lower)
		return;
	tell_groups(engine, report);
	tell_sources(engine, report);
}
