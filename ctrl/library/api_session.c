// SPDX-License-Identifier: BSD-3-Clause
// Sessions and interfaces: checks the arguments for the backends.
#include <errno.h>
#include <stdlib.h>
#include "backend.h"
#include "local.h"
#include "remote.h"

int sluice_session_open(struct sluice *sluice, const char *socket,
	const struct sluice_session_options *options, struct sluice_session **session)
{
	if (session == NULL || (sluice == NULL) == (socket == NULL) ||
		(options != NULL && (options->ring_size & (options->ring_size - 1)) != 0))
		return -EINVAL;
	return sluice != NULL ? local_session_open(sluice, options, session)
			      : remote_session_open(socket, options, session);
}

int sluice_session_bind(struct sluice_session *session, uint16_t udp_port_be)
{
	int rc;

	if (session == NULL)
		return -EINVAL;
	rc = session->backend->bind(session, udp_port_be);
	if (rc == 0)
		atomic_store(&session->udp_port_be, udp_port_be);
	return rc;
}

void sluice_session_close(struct sluice_session *session)
{
	if (session != NULL)
		session->backend->close(session);
}

// ---- Interfaces ----------------------------------------------------------------------------

int sluice_interface_list(
	struct sluice_session *session, struct sluice_interface *interfaces, unsigned n)
{
	if (session == NULL || (interfaces == NULL && n > 0))
		return -EINVAL;
	return session->backend->interfaces(session, interfaces, n);
}

int sluice_interface_addresses(
	struct sluice_session *session, unsigned ifindex, struct sluice_addr *addresses, unsigned n)
{
	int rc;

	if (session == NULL || (addresses == NULL && n > 0))
		return -EINVAL;
	rc = session->backend->resolve(session, &ifindex);
	return rc < 0 ? rc : session->backend->addresses(session, ifindex, addresses, n);
}

// Finds an interface by its name or, if that is NULL, by its index.
static int find(struct sluice_session *session, const char *name, unsigned ifindex,
	struct sluice_interface *found)
{
	int n = session->backend->interfaces(session, NULL, 0), rc = -ENODEV;
	struct sluice_interface *list;

	if (n < 0)
		return n;
	list = calloc(n, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	n = session->backend->interfaces(session, list, n);
	for (int i = 0; i < n; i++) {
		if (name != NULL ? strcmp(list[i].name, name) != 0 : list[i].index != ifindex)
			continue;
		*found = list[i];
		rc = 0;
	}
	free(list);
	return n < 0 ? n : rc;
}

int sluice_interface_index(struct sluice_session *session, const char *name)
{
	struct sluice_interface found;
	int rc;

	if (session == NULL || name == NULL)
		return -EINVAL;
	rc = find(session, name, 0, &found);
	return rc < 0 ? rc : (int)found.index;
}

int sluice_interface_name(
	struct sluice_session *session, unsigned ifindex, char name[SLUICE_NAME_MAX])
{
	struct sluice_interface found;
	int rc;

	if (session == NULL || name == NULL)
		return -EINVAL;
	rc = find(session, NULL, ifindex, &found);
	if (rc == 0)
		memcpy(name, found.name, SLUICE_NAME_MAX);
	return rc;
}
