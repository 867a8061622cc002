// SPDX-License-Identifier: BSD-3-Clause
// Memberships of a reload: the session "config" leaves those that are not configured any more, and
// gets the others.
#include "engine_reload.h"

#define PART_GROUPS 4u // each tells a thousand subscribers

static const struct sluice_source_filter nothing = {.mode = SLUICE_INCLUDE};

bool engine_reload_membership_list(struct engine_reload *reload)
{
	const struct config *config = reload->config;
	const unsigned end = RTE_MIN(reload->at + PART_GROUPS, config->n_memberships);

	for (; reload->at < end; reload->at++) {
		const struct config_membership *membership = &config->memberships[reload->at];

		engine_wanted_add(&reload->wanted,
			engine_membership_interface(reload->engine, membership),
			&membership->group);
	}
	return reload->at == config->n_memberships;
}

// A session that is closed meanwhile leaves its groups by itself.
static bool begin_leaving(struct engine_reload *reload)
{
	struct engine_session *session = engine_session_find(reload->engine, "config");

	if (session != NULL)
		member_walk_begin(&reload->configured, session->memberships);
	return session != NULL;
}

bool engine_reload_membership_leave(struct engine_reload *reload)
{
	if (reload->at++ == 0)
		return !begin_leaving(reload);
	for (unsigned i = 0; i < PART_GROUPS; i++) {
		struct member *member = reload->configured.session != NULL
						? member_walk_next(&reload->configured)
						: NULL;
		struct sluice_addr group;
		struct host *host;

		if (member == NULL) {
			member_walk_end(&reload->configured);
			return true;
		}
		host = member_host(member);
		member_group(member, &group);
		if (engine_wanted_has(&reload->wanted, engine_host_interface(host), &group))
			continue;
		member_set_filter(member_session(member), host, &group, &nothing, NULL);
		reload->report->left++;
	}
	return false;
}

bool engine_reload_membership_join(struct engine_reload *reload)
{
	if (reload->at == reload->config->n_memberships)
		return true;
	engine_membership_apply(reload->engine, reload->config, reload->at++, reload->report);
	return false;
}
