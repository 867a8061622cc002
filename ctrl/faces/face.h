// SPDX-License-Identifier: BSD-3-Clause
// Where a face opens its sessions: each face has one for the process.
#ifndef COMPAT_BACKEND_H
#define COMPAT_BACKEND_H

#include <sluice/sluice.h>

struct backend {
	struct sluice *sluice; // an engine of this process, or NULL
	const char
		*socket; // of a sluiced, used without an engine; NULL: $SLUICE_SOCKET, the default
};

int backend_session_open(const struct backend *backend,
	const struct sluice_session_options *options, struct sluice_session **session);

#endif
