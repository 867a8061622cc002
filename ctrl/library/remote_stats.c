// SPDX-License-Identifier: BSD-3-Clause
// Statistics of a sluiced.
#include <stdio.h>
#include "remote.h"
#include "stat_json.h"

int remote_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats)
{
	json_t *result;
	int rc;

	rc = client_call(&remote(session)->client, "group.stats",
		client_group_params(&remote(session)->client, ifindex, group), &result);
	if (rc < 0)
		return rc;
	stat_json_get(result, stat_group, stats);
	json_decref(result);
	return 0;
}

int remote_stats_session(struct sluice_session *session, struct sluice_session_stats *stats)
{
	const struct remote_queue *queue = &remote(session)->queue;
	uint64_t dropped, bytes;
	json_t *result;
	int rc;

	*stats = (struct sluice_session_stats){0};
	if (queue->port == NULL)
		return 0;
	// sluiced takes a frame for delivered that has left through shared memory. Here it is
	// dropped if this session does not read and another one of the port does. Read first, so
	// that all are among those delivered.
	dropped = share_port_queue_dropped(queue->share, &bytes);
	rc = client_call(&remote(session)->client, "session.stats",
		client_params(&remote(session)->client), &result);
	if (rc < 0)
		return rc;
	stat_json_get(result, stat_session, stats);
	json_decref(result);
	stats->packets -= dropped;
	stats->bytes -= bytes;
	stats->dropped += dropped;
	return 0;
}

static const json_t *entry_named(const json_t *list, const json_t *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry)
		if (json_equal(json_object_get(entry, "name"), name))
			return entry;
	return NULL;
}

int remote_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats)
{
	struct client *client = &remote(session)->client;
	json_t *interfaces = NULL, *ports = NULL;
	const json_t *interface, *port;
	int rc;

	rc = client_call(client, "interface.list", json_object(), &interfaces);
	if (rc == 0)
		rc = client_call(client, "port.list", json_object(), &ports);
	if (rc < 0)
		goto free_lists;
	interface = json_array_get(json_object_get(interfaces, "interfaces"), ifindex - 1);
	port = entry_named(json_object_get(ports, "ports"), json_object_get(interface, "port"));
	stat_json_get(interface, stat_interface, stats);
	stat_json_get(port, stat_interface_port, stats);

free_lists:
	json_decref(ports);
	json_decref(interfaces);
	return rc;
}

int remote_stats_worker(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n)
{
	const json_t *list, *worker;
	json_t *result;
	size_t i;
	int rc;

	rc = client_call(&remote(session)->client, "worker.list", json_object(), &result);
	if (rc < 0)
		return rc;
	list = json_object_get(result, "workers");
	json_array_foreach (list, i, worker) {
		if (i >= n)
			break;
		workers[i].lcore = json_integer_value(json_object_get(worker, "lcore"));
		stat_json_get(worker, stat_worker, &workers[i]);
	}
	rc = json_array_size(list);
	json_decref(result);
	return rc;
}

static uint16_t family_of(const json_t *drop)
{
	const char *name = json_string_value(json_object_get(drop, "family"));

	if (name == NULL)
		return 0;
	return strcmp(name, "ipv4") == 0 ? AF_INET : AF_INET6;
}

int remote_stats_drop(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n)
{
	const json_t *list, *drop;
	json_t *result;
	size_t i;
	int rc;

	rc = client_call(&remote(session)->client, "drop.list", json_object(), &result);
	if (rc < 0)
		return rc;
	list = json_object_get(result, "drops");
	json_array_foreach (list, i, drop) {
		const char *reason = json_string_value(json_object_get(drop, "reason"));

		if (i >= n)
			break;
		drops[i] = (struct sluice_drop_stats){
			.ifindex = client_interfaces_index(&remote(session)->client.interfaces,
				json_string_value(json_object_get(drop, "interface"))),
			.family = family_of(drop),
		};
		stat_json_get(drop, stat_drop, &drops[i]);
		snprintf(drops[i].reason, sizeof(drops[i].reason), "%s", reason);
	}
	rc = json_array_size(list);
	json_decref(result);
	return rc;
}
