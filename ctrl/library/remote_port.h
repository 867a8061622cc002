// SPDX-License-Identifier: BSD-3-Clause
// The ports by which frames of sluiceds come to this process. DPDK has few, so that sessions on one
// sluiced share theirs as long as it has room for their rings.
//
// Thread rule: any thread.
#ifndef API_REMOTE_PORT_H
#define API_REMOTE_PORT_H

#include "remote.h"

// Gives the session, which is open, a line of a port.
int remote_port_attach(struct remote_session *session);
// Takes it away, if it has one. The session's connection is closed before.
void remote_port_detach(struct remote_session *session);

#endif
