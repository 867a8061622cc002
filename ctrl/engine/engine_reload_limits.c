// SPDX-License-Identifier: BSD-3-Clause
// Limits and protocol settings of a reload. A limit below what is joined removes nothing: it
// applies to new joins, and is reported.
#include "address.h"
#include "engine_reload.h"

#define PART_GROUPS 256u
#define PART_SESSIONS 64u

bool engine_reload_limits_set(struct engine_reload *reload)
{
	const struct config *config = reload->config;
	struct engine *engine = reload->engine;
	struct config_protocol copy;

	reload->lower = config->limits.groups < engine->limits.groups ||
			config->limits.sources_per_filter < engine->limits.sources_per_filter;
	reload->excess.sources = config->limits.sources_per_filter;
	reload->report->limits = !config_same_limits(&engine->limits, &config->limits);
	engine->limits = config->limits;
	if (config_same_protocol(&engine->protocol, &config->protocol))
		return true;
	if (config_copy_protocol(&copy, &config->protocol) < 0) {
		engine_report_refuse(
			reload->report, "protocol: out of memory, the old settings stay");
		return true;
	}
	config_free_protocol(&engine->protocol);
	engine->protocol = copy;
	reload->report->protocol = true;
	return true;
}

// ---- Hosts ---------------------------------------------------------------------------------

static void reconfigure(struct engine_reload *reload, struct engine_host *host)
{
	struct engine_interface *interface = reload->interface;
	int rc = engine_host_reconfigure(host);

	if (rc < 0)
		engine_report_refuse(reload->report,
			"interface %s: %s keeps its protocol settings and limits: %s",
			interface->config.name, host == interface->igmp ? "IGMP" : "MLD",
			strerror(-rc));
}

bool engine_reload_limits_hosts(struct engine_reload *reload)
{
	struct engine_interface *interface = reload->interface;

	if (interface == NULL)
		return true;
	if (!reload->reconfigured) {
		reconfigure(reload, interface->igmp);
		reconfigure(reload, interface->mld);
		reload->reconfigured = true;
	} else if (engine_host_classify_some(interface->igmp, PART_GROUPS) &&
		   engine_host_classify_some(interface->mld, PART_GROUPS)) {
		reload->reconfigured = false;
		reload->interface = TAILQ_NEXT(interface, next);
	}
	return false;
}

// ---- Limits below what is joined -----------------------------------------------------------

static void look_at_session(struct engine_reload *reload, const struct engine_session *session)
{
	struct engine_reload_excess *excess = &reload->excess;
	const unsigned n = session_members(session->memberships);

	if (n <= excess->session_groups)
		return;
	excess->session_groups = n;
	engine_reload_walk_name(session, excess->session);
}

static void look_at_member(struct engine_reload *reload, const struct member *member)
{
	struct engine_reload_excess *excess = &reload->excess;
	const struct sluice_source_filter filter = member_filter(member);

	if (filter.n_sources <= excess->sources)
		return;
	excess->sources = filter.n_sources;
	excess->interface = engine_host_interface(member_host(member));
	member_group(member, &excess->group);
}

// The interface with the most groups of a host.
static const struct engine_interface *find_fullest(struct engine *engine, unsigned *n)
{
	const struct engine_interface *interface, *fullest = NULL;

	*n = 0;
	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		const struct engine_host *const hosts[] = {interface->igmp, interface->mld};

		for (unsigned i = 0; i < RTE_DIM(hosts); i++) {
			struct host_status status;

			host_status(hosts[i]->host, &status);
			if (status.n_groups <= *n)
				continue;
			*n = status.n_groups;
			fullest = interface;
		}
	}
	return fullest;
}

static void report_groups(struct engine_reload *reload)
{
	const struct engine_reload_excess *excess = &reload->excess;
	const unsigned limit = reload->engine->limits.groups, most = excess->session_groups;
	char session_text[96] = "", host_text[96] = "";
	const struct engine_interface *fullest;
	unsigned most_joined;

	fullest = find_fullest(reload->engine, &most_joined);
	if (RTE_MAX(most, most_joined) <= limit)
		return;
	if (most > limit)
		snprintf(session_text, sizeof(session_text), " session %s has %u", excess->session,
			most);
	if (most_joined > limit)
		snprintf(host_text, sizeof(host_text), "%s interface %s has %u",
			most > limit ? "," : "", fullest->config.name, most_joined);
	engine_report_note(reload->report,
		"limits.groups: %u is less than is joined:%s%s; no more are joined", limit,
		session_text, host_text);
}

static void report_sources(struct engine_reload *reload)
{
	const struct engine_reload_excess *excess = &reload->excess;
	char text[ADDRESS_TEXT_MAX];

	if (excess->interface == NULL)
		return;
	engine_report_note(reload->report,
		"limits.sources_per_filter: %u is less than is joined: %s on %s has %u; no larger "
		"filter is accepted",
		reload->engine->limits.sources_per_filter, address_format(&excess->group, text),
		excess->interface->config.name, excess->sources);
}

// ---- Sessions ------------------------------------------------------------------------------

// Returns whether there is another session.
static bool next_session(struct engine_reload *reload)
{
	const struct session_limits limits = {
		.groups = reload->engine->limits.groups,
		.sources = reload->engine->limits.sources_per_filter,
	};
	struct engine_session *session = engine_reload_walk_session(reload);

	if (session == NULL)
		return false;
	session_set_limits(session->memberships, &limits);
	look_at_session(reload, session);
	return true;
}

bool engine_reload_limits_sessions(struct engine_reload *reload)
{
	engine_reload_walk_begin(reload);
	for (unsigned i = 0; i < PART_SESSIONS; i++) {
		struct member *member = reload->lower ? engine_reload_walk_member(reload) : NULL;

		if (member != NULL) {
			look_at_member(reload, member);
		} else if (!next_session(reload)) {
			engine_reload_walk_end(reload);
			if (reload->lower) {
				report_groups(reload);
				report_sources(reload);
			}
			return true;
		}
	}
	return false;
}
