// SPDX-License-Identifier: BSD-3-Clause
// The memif ports through which the frames of sluiceds reach this process. DPDK has few ports, so
// sessions on one sluiced share a port as long as it has room for their queues.
//
// Thread rule: any thread.
#ifndef LIBRARY_REMOTE_PORT_H
#define LIBRARY_REMOTE_PORT_H

#include <sys/queue.h>
#include "client.h"
#include "share.h"

struct remote_port;

// The queue of one session. Const while attached.
struct remote_queue {
	struct client *client;
	unsigned size; // frames that may wait
	struct remote_port *port; // NULL: the session receives nothing
	struct share_queue *share; // of the port
	LIST_ENTRY(remote_queue) next; // remote_port.c's
};

// Asks sluiced for the frames of the client's session. `size`: frames that may wait, a power of
// two. -ENOBUFS without a port or without room; other errors as client_call().
int remote_port_attach(struct remote_queue *queue, struct client *client, unsigned size);
// Does nothing if the queue is not attached. The client is stopped before, so that no frame comes.
void remote_port_detach(struct remote_queue *queue);

#endif
