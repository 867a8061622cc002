// SPDX-License-Identifier: BSD-3-Clause
// A session on a sluiced.
#include <errno.h>
#include <rte_lcore.h>
#include "remote.h"

static const struct backend backend;

// ---- Open and close ------------------------------------------------------------------------

static void free_session(struct remote *session)
{
	client_stop(&session->client);
	backend_session_drop_backlog(&session->session);
	remote_port_detach(&session->queue);
	client_close(&session->client);
	backend_session_free(&session->session);
}

static void close_session(struct sluice_session *session)
{
	free_session(remote(session));
}

int remote_session_open(const char *socket, const struct sluice_session_options *options,
	struct sluice_session **session)
{
	struct sluice_session *new;
	int rc;

	rc = backend_session_new(sizeof(struct remote), &backend, options, &new);
	if (rc < 0)
		return rc;
	rc = client_open(
		&remote(new)->client, socket, atomic_load(&new->udp_port_be), &new->events);
	if (rc < 0) {
		backend_session_free(new);
		return rc;
	}
	// EAL has lcores once it is up; without it the session joins and leaves, but cannot
	// receive.
	if ((options == NULL || !options->stay) && rte_lcore_count() > 0)
		rc = remote_port_attach(&remote(new)->queue, &remote(new)->client, new->ring_size);
	if (rc < 0)
		free_session(remote(new));
	else
		*session = new;
	return rc;
}

// ---- Control -------------------------------------------------------------------------------

static int bind_session(struct sluice_session *session, uint16_t udp_port_be)
{
	return client_bind(&remote(session)->client, udp_port_be);
}

static int resolve(struct sluice_session *session, unsigned *ifindex)
{
	return client_interfaces_resolve(&remote(session)->client.interfaces, ifindex);
}

static int interfaces(struct sluice_session *session, struct sluice_interface *list, unsigned n)
{
	return client_interfaces_list(&remote(session)->client.connection, list, n);
}

static int addresses(
	struct sluice_session *session, unsigned ifindex, struct sluice_addr *list, unsigned n)
{
	return client_interfaces_addresses(&remote(session)->client.interfaces, ifindex, list, n);
}

static int change(
	struct sluice_session *session, const struct membership_request *request, bool *ended)
{
	return client_member_change(&remote(session)->client, request, ended);
}

static int get_filter(struct sluice_session *session, struct filter_request *request)
{
	return client_member_get_filter(&remote(session)->client, request);
}

static int join_async(
	struct sluice_session *session, const struct membership_request *request, void *context)
{
	return client_member_join_async(&remote(session)->client, request, context);
}

static int send_datagram(struct sluice_session *session, const struct send_request *request)
{
	return client_send(&remote(session)->client, request);
}

// ---- Frames --------------------------------------------------------------------------------

static unsigned receive(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	struct share_queue *queue = remote(session)->queue.share;

	return queue != NULL ? share_port_queue_receive(queue, frames, n) : 0;
}

static int sync_frames(struct sluice_session *session)
{
	struct client *client = &remote(session)->client;
	struct share_queue *queue = remote(session)->queue.share;
	int rc;

	if (queue == NULL)
		return 0;
	// Makes room for what sluiced still has, and then takes that.
	share_port_queue_settle(queue);
	rc = client_call(client, "session.settle", client_params(client), NULL);
	share_port_queue_settle(queue);
	return rc;
}

// Frames from sluiced carry no port: interfaces are distinguished by their VLANs.
static bool received_on(struct sluice_session *session, unsigned ifindex,
	const struct rte_mbuf *frame __attribute__((unused)), const struct sluice_frame *info)
{
	const struct sluice_interface *interface =
		&remote(session)->client.interfaces.list[ifindex - 1];

	return interface->vlan == info->vlan && interface->inner_vlan == info->inner_vlan;
}

static const struct backend backend = {
	.bind = bind_session,
	.close = close_session,
	.resolve = resolve,
	.interfaces = interfaces,
	.addresses = addresses,
	.change = change,
	.get_filter = get_filter,
	.join_async = join_async,
	.receive = receive,
	.sync = sync_frames,
	.received_on = received_on,
	.send = send_datagram,
	.group_stats = remote_stats_group,
	.session_stats = remote_stats_session,
	.interface_stats = remote_stats_interface,
	.worker_stats = remote_stats_worker,
	.drop_stats = remote_stats_drop,
};
