// SPDX-License-Identifier: BSD-3-Clause
// The control socket's life.
#include "rpc_private.h"

#include <stdlib.h>

#include "log.h"

struct rpc *rpc_open(const char *path, struct event_base *base, struct error *error)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));

	rpc_memory_watch();
	if (!rpc)
		goto out_of_memory;
	rpc->base = base;
	LIST_INIT(&rpc->connections);
	TAILQ_INIT(&rpc->working);
	if (rpc_work_open(rpc) < 0)
		goto out_of_memory;
	if (rpc_listener_open(&rpc->listener, rpc, path, error) == 0)
		return rpc;
	rpc_listener_close(&rpc->listener);
	goto free_rpc;

out_of_memory:
	error_set(error, ENOMEM, "control socket: out of memory");
free_rpc:
	if (rpc)
		rpc_work_close(rpc);
	free(rpc);
	return NULL;
}

int rpc_serve(struct rpc *rpc, struct engine *engine, struct error *error)
{
	unsigned n_swept = engine_share_sweep(rpc->listener.path); // the path is this process's
	int rc;

	if (n_swept > 0)
		log_info("removed %u memif sockets of a daemon that was killed", n_swept);
	if (engine_event_listen(engine, rpc_event_tell, rpc) < 0)
		return error_set(error, ENOMEM, "control socket: out of memory");
	rc = rpc_listener_start(&rpc->listener, error);
	if (rc < 0) {
		engine_event_unlisten(engine, rpc_event_tell, rpc);
		return rc;
	}
	rpc->engine = engine;
	return 0;
}

void rpc_close(struct rpc *rpc)
{
	struct rpc_connection *connection;

	rpc_listener_close(&rpc->listener);
	if (rpc->engine)
		engine_event_unlisten(rpc->engine, rpc_event_tell, rpc);
	while ((connection = LIST_FIRST(&rpc->connections)))
		rpc_connection_close(connection);
	rpc_work_close(rpc);
	free(rpc);
}
