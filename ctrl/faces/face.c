// SPDX-License-Identifier: BSD-3-Clause
#include "face.h"
#include <stdlib.h>

#define DEFAULT_SOCKET "/run/sluice/sluice.sock"

int face_session_open(const struct face_target *target,
	const struct sluice_session_options *options, struct sluice_session **session)
{
	const char *socket = target->socket;

	if (target->sluice)
		return sluice_session_open(target->sluice, NULL, options, session);
	if (!socket)
		socket = getenv("SLUICE_SOCKET");
	return sluice_session_open(NULL, socket ? socket : DEFAULT_SOCKET, options, session);
}
