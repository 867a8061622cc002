// SPDX-License-Identifier: BSD-3-Clause
// The faces: the multicast calls of NASL, CAPL and librdmacm over the native API. Which file to
// open for what:
//
//   face.c              where a face opens its sessions: an engine of the process or a sluiced
//   nasl.c              NASL: one session per process
//   capl_socket.c       CAPL: one session per socket; winsock.c has the errors
//   capl.c              joins, leaves and sends; capl_receive.c has the pending receives
//   rdmacm_id.c         librdmacm: one session per id; joins in rdmacm_multicast.c, events in
//                       rdmacm_event.c
#ifndef FACES_FACE_H
#define FACES_FACE_H

#include <sluice/sluice.h>

struct face_target {
	struct sluice *sluice; // an engine of this process, or NULL
	const char *socket; // of a sluiced, without an engine; NULL: $SLUICE_SOCKET or the default
};

int face_session_open(const struct face_target *target,
	const struct sluice_session_options *options, struct sluice_session **session);

#endif
