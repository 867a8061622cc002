// SPDX-License-Identifier: BSD-3-Clause
// The life of the control socket and of the read-only socket.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"

#define READ_ONLY_MODE 0666

static void set_control(struct rpc *rpc, const struct config_control *control)
{
	rpc->control = *control;
	rpc->control.read_only_socket = NULL; // the configuration's own
	rpc->access = (struct socket_file_access){
		.mode = control->mode, .owner = control->owner, .group = control->group};
}

static int open_sockets(
	struct rpc *rpc, const char *path, const char *read_only_path, struct error *error)
{
	struct socket_file_access all = rpc->access;
	int rc = rpc_listener_open(&rpc->listener, rpc, path, &rpc->access, error);

	if (rc < 0 || !read_only_path)
		return rc;
	all.mode = READ_ONLY_MODE;
	rc = rpc_listener_open(&rpc->reader, rpc, read_only_path, &all, error);
	rpc->reader.read_only = true;
	return rc;
}

struct rpc *rpc_open(const char *path, const struct config_control *control,
	struct event_base *base, struct error *error)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));

	rpc_memory_watch();
	if (!rpc)
		goto out_of_memory;
	rpc->base = base;
	rpc->listener.fd = rpc->reader.fd = -1;
	set_control(rpc, control);
	LIST_INIT(&rpc->connections);
	TAILQ_INIT(&rpc->working);
	if (rpc_work_open(rpc) < 0 || rpc_idle_open(rpc) < 0)
		goto out_of_memory;
	if (open_sockets(rpc, path, control->read_only_socket, error) == 0)
		return rpc;
	rpc_close(rpc);
	return NULL;

out_of_memory:
	error_set(error, ENOMEM, "control socket: out of memory");
	if (rpc)
		rpc_close(rpc);
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
	rpc->engine = engine;
	rc = rpc_listener_start(&rpc->listener, error);
	if (rc == 0 && rpc->reader.fd >= 0)
		rc = rpc_listener_start(&rpc->reader, error);
	return rc;
}

void rpc_reload(struct rpc *rpc, const struct config_control *control)
{
	struct rpc_connection *connection;

	set_control(rpc, control);
	LIST_FOREACH (connection, &rpc->connections, next)
		rpc_peer_read(
			bufferevent_getfd(connection->stream), &rpc->control, &connection->peer);
}

void rpc_close(struct rpc *rpc)
{
	struct rpc_connection *connection;

	rpc_listener_close(&rpc->listener);
	rpc_listener_close(&rpc->reader);
	if (rpc->engine)
		engine_event_unlisten(rpc->engine, rpc_event_tell, rpc);
	while ((connection = LIST_FIRST(&rpc->connections)))
		rpc_connection_close(connection);
	rpc_idle_close(rpc);
	rpc_work_close(rpc);
	free(rpc);
}
