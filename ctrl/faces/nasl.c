// SPDX-License-Identifier: BSD-3-Clause
// The NASL face. The native API counts joins per session, so the face needs no list of groups.
#include <sluice/nasl.h>
#include "face.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef int membership_fn(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

// The lock guards the session: calls run one at a time.
static struct {
	pthread_mutex_t lock;
	struct face_target target;
	const char *interface;
	struct sluice_session *session;
	unsigned ifindex;
} face = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct {
	enum nasl_error code;
	char text[256];
} last;

__attribute__((format(printf, 2, 3))) static void fail(
	enum nasl_error code, const char *format, ...)
{
	va_list args;

	last.code = code;
	va_start(args, format);
	vsnprintf(last.text, sizeof(last.text), format, args);
	va_end(args);
}

static int session_open(void)
{
	const char *interface = face.interface ? face.interface : getenv("SLUICE_INTERFACE");
	struct sluice_session *session;
	int rc = face_session_open(&face.target, NULL, &session);

	if (rc < 0)
		return rc;
	if (interface) {
		rc = sluice_interface_index(session, interface);
		if (rc < 0) {
			sluice_session_close(session);
			return rc;
		}
		face.ifindex = rc;
	}
	face.session = session;
	return 0;
}

static void session_close(void)
{
	sluice_session_close(face.session);
	face.session = NULL;
	face.ifindex = 0;
}

static int session_change(membership_fn *change, const struct sluice_addr *group)
{
	int rc = 0;

	pthread_mutex_lock(&face.lock);
	if (!face.session)
		rc = session_open();
	if (rc == 0) {
		rc = change(face.session, face.ifindex, group);
		// sluiced is gone; the next call opens a session again.
		if (rc == -EPIPE)
			session_close();
	}
	pthread_mutex_unlock(&face.lock);
	return rc;
}

static bool group_parse(const char *text, struct sluice_addr *group)
{
	*group = (struct sluice_addr){.family = AF_INET};
	if (inet_pton(AF_INET, text, group->bytes) == 1)
		return (group->bytes[0] & 0xf0) == 0xe0;
	group->family = AF_INET6;
	return inet_pton(AF_INET6, text, group->bytes) == 1 && group->bytes[0] == 0xff;
}

static bool membership_change(const char *function, membership_fn *change, const char *address)
{
	struct sluice_addr group;
	int rc;

	last.code = NASL_OK;
	last.text[0] = '\0';
	if (!address) {
		fail(NASL_MISSING_PARAMETER, "%s: missing parameter", function);
		return false;
	}
	if (!group_parse(address, &group)) {
		fail(NASL_INVALID_PARAMETER, "%s: invalid parameter '%s'", function, address);
		return false;
	}
	rc = session_change(change, &group);
	if (rc == -EADDRNOTAVAIL)
		fail(NASL_NEVER_JOINED, "%s: never joined group %s", function, address);
	else if (rc < 0)
		fail(NASL_SYSTEM_ERROR, "%s: %s: %s", function, address, strerror(-rc));
	return rc == 0;
}

const struct tree_cell *join_multicast_group(const char *address)
{
	static const struct tree_cell one = {.i_val = 1};

	return membership_change(__func__, sluice_join, address) ? &one : NULL;
}

const struct tree_cell *leave_multicast_group(const char *address)
{
	return membership_change(__func__, sluice_leave, address) ? FAKE_CELL : NULL;
}

enum nasl_error nasl_last_error(void)
{
	return last.code;
}

const char *nasl_last_error_text(void)
{
	return last.text;
}

int sluice_nasl_attach(struct sluice *sluice, const char *socket, const char *interface)
{
	if (face.session)
		return -EBUSY;
	face.target = (struct face_target){.sluice = sluice, .socket = socket};
	face.interface = interface;
	return 0;
}

void sluice_nasl_detach(void)
{
	if (face.session)
		session_close();
}
