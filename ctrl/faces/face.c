// SPDX-License-Identifier: BSD-3-Clause
#include "face.h"
#include <stdlib.h>

#define DEFAULT_SOCKET "/run/sluice/sluice.sock"

int backend_session_open(const struct backend *backend,
	const struct sluice_session_options *options, struct sluice_session **session)
{
	const char *socket = backend->socket;

	if (backend->sluice)
		return sluice_session_open(backend->sluice, NULL, options, session);
	if (!socket)
		socket = getenv("SLUICE_SOCKET");
	return sluice_session_open(NULL, socket ? socket : DEFAULT_SOCKET, options, session);
}
