// SPDX-License-Identifier: BSD-3-Clause
// Sessions on a sluiced, by its control socket.
#ifndef API_REMOTE_H
#define API_REMOTE_H

#include "backend.h"

int remote_session_open(const char *socket, const struct sluice_session_options *options,
	struct sluice_session **session);

#endif
