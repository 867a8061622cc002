// SPDX-License-Identifier: BSD-3-Clause
// Where a face opens its sessions: each face has one for the process.
#ifndef FACES_FACE_H
#define FACES_FACE_H

#include <sluice/sluice.h>

struct face_target {
	struct sluice *sluice; // an engine of this process, or NULL
	const char
		*socket; // of a sluiced, used without an engine; NULL: $SLUICE_SOCKET, the default
};

int face_session_open(const struct face_target *target,
	const struct sluice_session_options *options, struct sluice_session **session);

#endif
