// SPDX-License-Identifier: BSD-3-Clause
#include "engine_audit_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>

#include "address.h"
#include "engine_private.h"
#include "fanout.h"
#include "interface.h"
#include "output.h"
#include "port.h"
#include "share.h"

#define MEMBERS_MAX 4096
#define SOURCES_MAX 1024
#define OUTPUTS_MAX 64

struct audit_member {
	struct sluice_addr group;
	const struct engine_interface *interface;
	uint64_t session;
	struct member *member; // not of the ledger
};

// What the events tell of.
static struct audit_member ledger[MEMBERS_MAX];
static unsigned n_ledger;

// Fan-outs by output.
static struct {
	const struct output *output;
	unsigned n;
} uses[OUTPUTS_MAX];
static unsigned n_uses;

// ---- Events -----------------------------------------------------------------------------------

static int compare_members(const void *a, const void *b)
{
	const struct audit_member *x = a, *y = b;
	int order = memcmp(&x->group, &y->group, sizeof(x->group));

	if (order == 0)
		order = (x->interface > y->interface) - (x->interface < y->interface);
	return order != 0 ? order : (x->session > y->session) - (x->session < y->session);
}

static struct audit_member *ledger_find(const struct audit_member *key)
{
	for (unsigned i = 0; i < n_ledger; i++)
		if (compare_members(&ledger[i], key) == 0)
			return &ledger[i];
	return NULL;
}

static void on_event(void *arg, const struct engine_event *event)
{
	struct audit_member member = {.group = event->group, .interface = event->interface};
	struct audit_member *known;

	(void)arg;
	if (event->kind == ENGINE_EVENT_LINK)
		return;
	member.session = engine_session_id(event->session);
	known = ledger_find(&member);
	if (event->kind == ENGINE_EVENT_PENDING) {
		cr_assert_null(known, "pending twice");
		cr_assert_lt(n_ledger, MEMBERS_MAX);
		ledger[n_ledger++] = member;
		return;
	}
	cr_assert_not_null(known, "event %d without pending", event->kind);
	if (event->kind == ENGINE_EVENT_LEFT)
		*known = ledger[--n_ledger];
}

// ---- Members ----------------------------------------------------------------------------------

static bool has_source(const struct member *member, const struct sluice_addr *source)
{
	const struct sluice_source_filter filter = member_filter(member);

	for (unsigned i = 0; i < filter.n_sources; i++)
		if (sluice_addr_equal(&filter.sources[i], source))
			return true;
	return false;
}

static enum sluice_filter_mode mode_of(const struct member *member)
{
	return member_filter(member).mode;
}

static bool wants(const struct member *member, const struct sluice_addr *source, uint16_t udp_port)
{
	const struct engine_session *session = session_user(member_session(member));

	return (session->udp_port == 0 || session->udp_port == udp_port) &&
	       has_source(member, source) == (mode_of(member) == SLUICE_INCLUDE);
}

static void add_output(struct output **outputs, unsigned *n, struct output *output)
{
	for (unsigned i = 0; i < *n; i++)
		if (outputs[i] == output)
			return;
	cr_assert_lt(*n, OUTPUTS_MAX);
	outputs[(*n)++] = output;
}

static void add_outputs_of(
	const struct member *member, struct output **outputs, unsigned *n, struct engine *engine)
{
	const struct engine_session *session = session_user(member_session(member));
	const struct output_set *set = member_user(member);

	if (set == NULL)
		add_output(
			outputs, n, session->output != NULL ? session->output : engine->counting);
	for (unsigned i = 0; set != NULL && i < set->n; i++)
		add_output(outputs, n, set->outputs[i]->output);
}

// ---- One group --------------------------------------------------------------------------------

// All sources that a member of the group names, once each, and one that none names.
static unsigned all_sources(const struct audit_member *members, unsigned n, struct sluice_addr *all)
{
	struct sluice_addr other = {.family = members->group.family, .bytes = {203, 0, 113, 77}};
	unsigned n_all = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct sluice_source_filter filter = member_filter(members[i].member);

		for (unsigned k = 0; k < filter.n_sources; k++) {
			bool known = false;

			for (unsigned l = 0; l < n_all && !known; l++)
				known = sluice_addr_equal(&all[l], &filter.sources[k]);
			if (!known)
				all[n_all++] = filter.sources[k];
			cr_assert_lt(n_all, SOURCES_MAX - 1);
		}
	}
	all[n_all++] = other;
	return n_all;
}

// PROTOCOL.md STA-4 and STA-5.
static bool is_merged(const struct audit_member *members, unsigned n, bool excludes,
	const struct sluice_addr *source)
{
	bool included = false, blocked = true;

	for (unsigned i = 0; i < n; i++) {
		bool named = has_source(members[i].member, source);

		if (mode_of(members[i].member) == SLUICE_INCLUDE)
			included |= named;
		else
			blocked &= named;
	}
	return excludes ? blocked && !included : included;
}

static bool excludes(const struct audit_member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (mode_of(members[i].member) == SLUICE_EXCLUDE)
			return true;
	return false;
}

static void audit_merge(const struct audit_member *members, unsigned n,
	const struct sluice_addr *all, unsigned n_all)
{
	const struct host *host = member_host(members->member);
	static struct sluice_addr merged[SOURCES_MAX];
	struct host_group_info info;
	unsigned n_merged = 0;

	cr_assert_eq(host_group_get(host, &members->group, &info, merged, SOURCES_MAX), 0);
	cr_assert_eq(info.n_members, n);
	cr_assert_neq(info.state, HOST_GROUP_LEAVING);
	cr_assert_eq(info.mode, excludes(members, n) ? SLUICE_EXCLUDE : SLUICE_INCLUDE);
	for (unsigned i = 0; i < n_all; i++) {
		bool listed = false;

		for (unsigned k = 0; k < info.n_sources; k++)
			listed |= sluice_addr_equal(&merged[k], &all[i]);
		cr_assert_eq(listed, is_merged(members, n, info.mode == SLUICE_EXCLUDE, &all[i]),
			"the merged filter is wrong");
		n_merged += listed;
	}
	cr_assert_eq(n_merged, info.n_sources, "the merged filter has a source of no member");
}

static void audit_frame(const struct fanout *fanout, const struct audit_member *members, unsigned n,
	const struct sluice_addr *source, uint16_t udp_port)
{
	struct engine *engine = members->interface->engine;
	struct fanout_frame frame = {.source = source->bytes, .udp_port_be = htons(udp_port)};
	struct output *expected[OUTPUTS_MAX], *wanted[OUTPUTS_MAX];
	unsigned n_expected = 0, n_wanted;

	for (unsigned i = 0; i < n; i++)
		if (wants(members[i].member, source, udp_port))
			add_outputs_of(members[i].member, expected, &n_expected, engine);
	n_wanted = fanout_filter(fanout, &frame, wanted);
	cr_assert_eq(n_wanted, n_expected, "a frame goes to %u outputs, not to %u", n_wanted,
		n_expected);
	for (unsigned i = 0; i < n_wanted; i++) {
		unsigned before = n_expected;

		add_output(expected, &n_expected, wanted[i]);
		cr_assert_eq(n_expected, before, "a frame goes to a wrong output");
	}
}

static void count_use(const struct output *output)
{
	unsigned i = 0;

	while (i < n_uses && uses[i].output != output)
		i++;
	cr_assert_lt(i, OUTPUTS_MAX);
	if (i == n_uses) {
		uses[n_uses++].n = 0;
		uses[i].output = output;
	}
	uses[i].n++;
}

static void audit_group(const struct audit_member *members, unsigned n)
{
	static const uint16_t udp_ports[] = {0, 1, 5004, 5006};
	const struct interface *dataplane = members->interface->dataplane;
	static struct sluice_addr all[SOURCES_MAX];
	unsigned n_all = all_sources(members, n, all);
	const struct fanout *fanout = group_table_get(
		members->group.family == AF_INET ? dataplane->table4 : dataplane->table6,
		&members->group);

	cr_assert_not_null(fanout, "a joined group is not in the table");
	cr_assert_leq(fanout->n_outputs, OUTPUTS_MAX);
	audit_merge(members, n, all, n_all);
	for (unsigned i = 0; i < n_all; i++)
		for (unsigned k = 0; k < RTE_DIM(udp_ports); k++)
			audit_frame(fanout, members, n, &all[i], udp_ports[k]);
	for (unsigned i = 0; i < fanout->n_outputs; i++)
		count_use(fanout->outputs[i]);
}

// ---- All of them ------------------------------------------------------------------------------

static unsigned gather(struct engine *engine, struct audit_member *members)
{
	struct engine_session *session;
	unsigned n = 0;

	TAILQ_FOREACH (session, &engine->sessions, next) {
		struct member *member = session_first_member(session->memberships);

		for (; member != NULL; member = session_next_member(member)) {
			struct audit_member *at = &members[n++];

			cr_assert_leq(n, MEMBERS_MAX);
			member_group(member, &at->group);
			at->interface = engine_host_interface(member_host(member));
			at->session = session->id;
			at->member = member;
			cr_assert_eq(
				member_find(session->memberships, member_host(member), &at->group),
				member);
		}
	}
	qsort(members, n, sizeof(*members), compare_members);
	return n;
}

void audit_listen(struct engine *engine)
{
	n_ledger = gather(engine, ledger);
	cr_assert_eq(engine_event_listen(engine, on_event, NULL), 0);
}

static bool same_group(const struct audit_member *a, const struct audit_member *b)
{
	return a->interface == b->interface && sluice_addr_equal(&a->group, &b->group);
}

static unsigned count_groups(const struct audit_member *members, unsigned n,
	const struct engine_interface *interface, int family)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += members[i].interface == interface && members[i].group.family == family &&
			 (i == 0 || !same_group(&members[i - 1], &members[i]));
	return count;
}

static void audit_interface(
	const struct engine_interface *interface, const struct audit_member *members, unsigned n)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (unsigned i = 0; i < RTE_DIM(families); i++) {
		unsigned expected = count_groups(members, n, interface, families[i]);
		struct host_status status;

		host_status(engine_interface_host(interface, families[i]), &status);
		cr_assert_eq(status.n_groups, expected);
		cr_assert_eq(
			group_table_count(families[i] == AF_INET ? interface->dataplane->table4
								 : interface->dataplane->table6),
			expected, "the group table has other groups");
	}
}

static int compare_macs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rte_ether_addr));
}

// The queries of both families come to MAC addresses of their own.
static void audit_macs(const struct engine *engine, const struct engine_port *port,
	const struct audit_member *members, unsigned n)
{
	static struct rte_ether_addr macs[MEMBERS_MAX + 2];
	const struct engine_interface *interface;
	unsigned n_macs = 0, n_distinct = 0;
	struct port_info info;

	for (unsigned i = 0; i < n; i++)
		if (members[i].interface->port == port->port)
			address_ethernet(&members[i].group, macs[n_macs++].addr_bytes);
	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		static const struct sluice_addr queries[] = {
			{AF_INET, {224, 0, 0, 1}}, {AF_INET6, {0xff, 0x02, [15] = 1}}};

		if (interface->port != port->port)
			continue;
		address_ethernet(&queries[0], macs[n_macs++].addr_bytes);
		address_ethernet(&queries[1], macs[n_macs++].addr_bytes);
		break;
	}
	qsort(macs, n_macs, sizeof(*macs), compare_macs);
	for (unsigned i = 0; i < n_macs; i++)
		n_distinct += i == 0 || compare_macs(&macs[i - 1], &macs[i]) != 0;
	port_info(port->port, &info);
	cr_assert_eq(info.multicast_macs, n_distinct, "%s lets in %u addresses, not %u", info.name,
		(unsigned)info.multicast_macs, n_distinct);
}

static void audit_uses(const struct engine *engine)
{
	const struct output *output;

	LIST_FOREACH (output, &engine->dataplane->outputs, next) {
		unsigned expected = 0;

		for (unsigned i = 0; i < n_uses; i++)
			if (uses[i].output == output)
				expected = uses[i].n;
		cr_assert_eq(output->uses, expected, "an output counts %u fan-outs, not %u",
			output->uses, expected);
	}
}

static void audit_sessions(struct engine *engine)
{
	struct engine_session *session;
	size_t n = 0;

	TAILQ_FOREACH (session, &engine->sessions, next) {
		cr_assert(session->share == NULL || session->output != NULL);
		if (session->closing)
			continue;
		n++;
		cr_assert_eq(engine_session_by_id(engine, session->id), session);
		if (session->name != NULL)
			cr_assert_eq(engine_session_find(engine, session->name), session);
	}
	cr_assert_eq(engine->session_table.n_sessions, n);
}

static void audit_ledger(const struct audit_member *members, unsigned n)
{
	cr_assert_eq(n_ledger, n, "events tell of %u memberships, not of %u", n_ledger, n);
	qsort(ledger, n_ledger, sizeof(*ledger), compare_members);
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(compare_members(&ledger[i], &members[i]), 0,
			"events tell of other memberships");
}

void audit_engine(struct engine *engine)
{
	static struct audit_member members[MEMBERS_MAX];
	unsigned n = gather(engine, members), from = 0;
	const struct engine_interface *interface;
	const struct engine_port *port;

	n_uses = 0;
	audit_sessions(engine);
	audit_ledger(members, n);
	for (unsigned i = 1; i <= n; i++) {
		if (i < n && same_group(&members[from], &members[i]))
			continue;
		audit_group(&members[from], i - from);
		from = i;
	}
	audit_uses(engine);
	TAILQ_FOREACH (interface, &engine->interfaces, next)
		audit_interface(interface, members, n);
	TAILQ_FOREACH (port, &engine->ports, next)
		audit_macs(engine, port, members, n);
}
