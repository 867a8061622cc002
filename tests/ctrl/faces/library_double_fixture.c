// SPDX-License-Identifier: BSD-3-Clause
#include "library_double_fixture.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#define MAX_INTERFACES 4

struct double_join {
	TAILQ_ENTRY(double_join) link;
	unsigned ifindex;
	struct sluice_addr group;
	void *context;
	bool pending; // its report has not been sent yet
};

struct double_event {
	TAILQ_ENTRY(double_event) link;
	struct sluice_event event;
};

struct sluice_session {
	TAILQ_HEAD(joins, double_join) joins; // newest first
	TAILQ_HEAD(, double_event) events;
	int event_fd;
};

static struct {
	pthread_mutex_t lock;
	struct sluice_interface interfaces[MAX_INTERFACES];
	struct sluice_addr another[MAX_INTERFACES]; // an address after the first of each family
	unsigned n_interfaces, n_sessions;
	struct sluice_session *session;
	const char *fail_function;
	int fail_rc;
	char log[16384], seen[16384];
} library_double = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct sluice_addr library_double_addr(const char *text)
{
	struct sluice_addr addr = {.family = AF_UNSPEC};

	if (text) {
		addr.family = strchr(text, ':') ? AF_INET6 : AF_INET;
		cr_assert_eq(inet_pton(addr.family, text, addr.bytes), 1, "%s", text);
	}
	return addr;
}

void library_double_interface_add(const char *name, const char *ipv4, const char *ipv6)
{
	struct sluice_interface *interface =
		&library_double.interfaces[library_double.n_interfaces++];

	interface->index = library_double.n_interfaces;
	strcpy(interface->name, name);
	interface->ipv4 = library_double_addr(ipv4);
	interface->ipv6 = library_double_addr(ipv6);
}

void library_double_address_add(const char *address)
{
	library_double.another[library_double.n_interfaces - 1] = library_double_addr(address);
}

void library_double_fail(const char *function, int rc)
{
	library_double.fail_function = function;
	library_double.fail_rc = rc;
}

const char *library_double_log(void)
{
	pthread_mutex_lock(&library_double.lock);
	strcpy(library_double.seen, library_double.log);
	library_double.log[0] = '\0';
	pthread_mutex_unlock(&library_double.lock);
	return library_double.seen;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t used = strlen(library_double.log);
	va_list args;

	va_start(args, format);
	vsnprintf(library_double.log + used, sizeof(library_double.log) - used, format, args);
	va_end(args);
}

static const char *text_of(const struct sluice_addr *addr)
{
	static char text[INET6_ADDRSTRLEN];

	return inet_ntop(addr->family, addr->bytes, text, sizeof(text));
}

// Starts a call. Returns true if the call is to fail with *rc.
static bool call_fails(const char *function, int *rc)
{
	pthread_mutex_lock(&library_double.lock);
	if (!library_double.fail_function || strcmp(library_double.fail_function, function) != 0)
		return false;
	library_double.fail_function = NULL;
	*rc = library_double.fail_rc;
	pthread_mutex_unlock(&library_double.lock);
	return true;
}

static int call_done(int rc)
{
	pthread_mutex_unlock(&library_double.lock);
	return rc;
}

static bool is_multicast(const struct sluice_addr *group)
{
	return group->family == AF_INET ? (group->bytes[0] & 0xf0) == 0xe0
					: group->bytes[0] == 0xff;
}

static int ifindex_check(unsigned ifindex)
{
	if (ifindex == 0)
		return library_double.n_interfaces == 1 ? 0 : -ENODEV;
	return ifindex <= library_double.n_interfaces ? 0 : -ENODEV;
}

static int group_check(unsigned ifindex, const struct sluice_addr *group)
{
	return is_multicast(group) ? ifindex_check(ifindex) : -EINVAL;
}

// ---- Sessions ------------------------------------------------------------------------------

struct sluice_session *library_double_session(void)
{
	return library_double.session;
}

unsigned library_double_sessions(void)
{
	return library_double.n_sessions;
}

int sluice_session_open(struct sluice *sluice, const char *socket,
	const struct sluice_session_options *options, struct sluice_session **session)
{
	int rc;

	if (call_fails("session_open", &rc))
		return rc;
	*session = calloc(1, sizeof(**session));
	TAILQ_INIT(&(*session)->joins);
	TAILQ_INIT(&(*session)->events);
	(*session)->event_fd = eventfd(0, EFD_NONBLOCK);
	library_double.session = *session;
	library_double.n_sessions++;
	note("session_open %s %u;", sluice ? "engine" : socket,
		options ? ntohs(options->udp_port_be) : 0);
	return call_done(0);
}

int sluice_session_bind(struct sluice_session *session, uint16_t udp_port_be)
{
	int rc;

	(void)session;
	if (call_fails("session_bind", &rc))
		return rc;
	note("session_bind %u;", ntohs(udp_port_be));
	return call_done(0);
}

static struct double_join *join_find(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	struct double_join *join;

	TAILQ_FOREACH (join, &session->joins, link)
		if (join->ifindex == ifindex && sluice_addr_equal(&join->group, group))
			break;
	return join;
}

static bool is_reported(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	struct double_join *join;

	TAILQ_FOREACH (join, &session->joins, link)
		if (join->ifindex == ifindex && sluice_addr_equal(&join->group, group) &&
			!join->pending)
			return true;
	return false;
}

static void join_remove(struct sluice_session *session, struct double_join *join)
{
	TAILQ_REMOVE(&session->joins, join, link);
	if (!join->pending && !is_reported(session, join->ifindex, &join->group))
		note("-%s;", text_of(&join->group));
	free(join);
}

void sluice_session_close(struct sluice_session *session)
{
	struct double_event *event;

	pthread_mutex_lock(&library_double.lock);
	note("session_close;");
	while (!TAILQ_EMPTY(&session->joins))
		join_remove(session, TAILQ_FIRST(&session->joins));
	while ((event = TAILQ_FIRST(&session->events))) {
		TAILQ_REMOVE(&session->events, event, link);
		free(event);
	}
	close(session->event_fd);
	free(session);
	library_double.n_sessions--;
	pthread_mutex_unlock(&library_double.lock);
}

// ---- Interfaces ----------------------------------------------------------------------------

int sluice_interface_index(struct sluice_session *session, const char *name)
{
	(void)session;
	for (unsigned i = 0; i < library_double.n_interfaces; i++)
		if (strcmp(library_double.interfaces[i].name, name) == 0)
			return i + 1;
	return -ENODEV;
}

int sluice_interface_name(
	struct sluice_session *session, unsigned ifindex, char name[SLUICE_NAME_MAX])
{
	(void)session;
	if (ifindex < 1 || ifindex > library_double.n_interfaces)
		return -ENODEV;
	strcpy(name, library_double.interfaces[ifindex - 1].name);
	return 0;
}

int sluice_interface_list(
	struct sluice_session *session, struct sluice_interface *interfaces, unsigned n)
{
	(void)session;
	for (unsigned i = 0; i < n && i < library_double.n_interfaces; i++)
		interfaces[i] = library_double.interfaces[i];
	return library_double.n_interfaces;
}

static unsigned add_address(
	const struct sluice_addr *addr, struct sluice_addr *list, unsigned n, unsigned have)
{
	if (addr->family == AF_UNSPEC)
		return have;
	if (have < n)
		list[have] = *addr;
	return have + 1;
}

int sluice_interface_addresses(
	struct sluice_session *session, unsigned ifindex, struct sluice_addr *addresses, unsigned n)
{
	const struct sluice_interface *interface = &library_double.interfaces[ifindex - 1];

	(void)session;
	if (ifindex < 1 || ifindex > library_double.n_interfaces)
		return -ENODEV;
	return add_address(&library_double.another[ifindex - 1], addresses, n,
		add_address(&interface->ipv6, addresses, n,
			add_address(&interface->ipv4, addresses, n, 0)));
}

// ---- Memberships ---------------------------------------------------------------------------

static void join_add(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, void *context, bool pending)
{
	struct double_join *join = calloc(1, sizeof(*join));

	*join = (struct double_join){.ifindex = ifindex, .group = *group, .context = context};
	join->pending = pending;
	if (!pending && !is_reported(session, ifindex, group))
		note("+%s;", text_of(group));
	TAILQ_INSERT_HEAD(&session->joins, join, link);
}

int sluice_join(struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	int rc;

	if (call_fails("join", &rc))
		return rc;
	rc = group_check(ifindex, group);
	if (rc == 0) {
		note("join %u %s;", ifindex, text_of(group));
		join_add(session, ifindex, group, NULL, false);
	}
	return call_done(rc);
}

int sluice_join_async(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source, void *context)
{
	int rc;

	(void)source;
	if (call_fails("join_async", &rc))
		return rc;
	rc = group_check(ifindex, group);
	if (rc == 0) {
		note("join_async %u %s;", ifindex, text_of(group));
		join_add(session, ifindex, group, context, true);
	}
	return call_done(rc);
}

static int leave(const char *function, struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group)
{
	struct double_join *join;
	int rc;

	if (call_fails(function, &rc))
		return rc;
	rc = group_check(ifindex, group);
	if (rc < 0)
		return call_done(rc);
	join = join_find(session, ifindex, group);
	if (!join)
		return call_done(-EADDRNOTAVAIL);
	note("%s %u %s;", function, ifindex, text_of(group));
	join_remove(session, join);
	return call_done(0);
}

int sluice_leave(struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	return leave("leave", session, ifindex, group);
}

int sluice_leave_flush(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group)
{
	return leave("leave_flush", session, ifindex, group);
}

int sluice_get_filter(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, enum sluice_filter_mode *mode, struct sluice_addr *sources,
	unsigned *n)
{
	int rc;

	(void)sources;
	if (call_fails("get_filter", &rc))
		return rc;
	rc = group_check(ifindex, group);
	if (rc == 0 && !join_find(session, ifindex, group))
		rc = -EADDRNOTAVAIL;
	*mode = SLUICE_EXCLUDE;
	*n = 0;
	return call_done(rc);
}

// ---- Events --------------------------------------------------------------------------------

static void event_queue(struct sluice_session *session, enum sluice_event_kind kind, int status,
	const struct double_join *join)
{
	struct double_event *event = calloc(1, sizeof(*event));

	event->event = (struct sluice_event){.kind = kind,
		.status = status,
		.ifindex = join->ifindex,
		.group = join->group,
		.context = join->context};
	TAILQ_INSERT_TAIL(&session->events, event, link);
	eventfd_write(session->event_fd, 1);
}

void library_double_complete(struct sluice_session *session)
{
	struct double_join *join;

	pthread_mutex_lock(&library_double.lock);
	TAILQ_FOREACH_REVERSE(join, &session->joins, joins, link)
	{
		if (!join->pending)
			continue;
		if (!is_reported(session, join->ifindex, &join->group))
			note("+%s;", text_of(&join->group));
		join->pending = false;
		event_queue(session, SLUICE_EVENT_PENDING, 0, join);
		event_queue(session, SLUICE_EVENT_JOINED, 0, join);
	}
	pthread_mutex_unlock(&library_double.lock);
}

void library_double_lose(struct sluice_session *session, const char *group, int status)
{
	struct sluice_addr addr = library_double_addr(group);
	struct double_join *join;

	pthread_mutex_lock(&library_double.lock);
	TAILQ_FOREACH (join, &session->joins, link)
		if (sluice_addr_equal(&join->group, &addr))
			break;
	event_queue(session, SLUICE_EVENT_ERROR, status, join);
	// A join that fails before its report is removed. A join that is lost later stays counted.
	if (join->pending)
		join_remove(session, join);
	pthread_mutex_unlock(&library_double.lock);
}

int sluice_event_fd(struct sluice_session *session)
{
	int rc;

	return call_fails("event_fd", &rc) ? rc : call_done(session->event_fd);
}

int sluice_event_get(struct sluice_session *session, struct sluice_event *event)
{
	struct double_event *first;
	eventfd_t count;
	int rc;

	if (call_fails("event_get", &rc))
		return rc;
	first = TAILQ_FIRST(&session->events);
	if (!first)
		return call_done(-EAGAIN);
	*event = first->event;
	TAILQ_REMOVE(&session->events, first, link);
	if (TAILQ_EMPTY(&session->events))
		eventfd_read(session->event_fd, &count);
	free(first);
	return call_done(0);
}

int sluice_event_ack(struct sluice_session *session, const struct sluice_event *event)
{
	(void)session;
	(void)event;
	return 0;
}

// ---- Sending -------------------------------------------------------------------------------

int sluice_set_multicast_if(struct sluice_session *session, unsigned ifindex)
{
	int rc;

	(void)session;
	if (call_fails("set_multicast_if", &rc))
		return rc;
	rc = ifindex_check(ifindex);
	if (rc == 0)
		note("set_multicast_if %u;", ifindex);
	return call_done(rc);
}

int sluice_send(struct sluice_session *session, const struct sluice_addr *group, uint16_t port_be,
	const void *payload, size_t len)
{
	int rc;

	(void)session;
	if (call_fails("send", &rc))
		return rc;
	if (!is_multicast(group))
		return call_done(-EINVAL);
	note("send %s %u %.*s;", text_of(group), ntohs(port_be), (int)len, (const char *)payload);
	return call_done(0);
}
