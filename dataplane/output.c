// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_errno.h>
#include "memory.h"
#include "output.h"
#include "port.h"

static int ring_open(struct output *output, unsigned size, struct dataplane_error *error)
{
	struct dataplane *dp = output->dp;
	char name[RTE_RING_NAMESIZE];

	if (!rte_is_power_of_2(size) || size < 2)
		return plane_error(error, EINVAL, "ring of %u frames: not a power of two", size);
	// What the rings hold is missing in the receive pools, which must never run dry.
	if (size > dp->ring_frames - dp->ring_frames_used)
		return plane_error(error, ENOBUFS, "ring of %u frames: %u of %u are left", size,
			dp->ring_frames - dp->ring_frames_used, dp->ring_frames);
	snprintf(name, sizeof(name), "sluice_o%" PRIxPTR, (uintptr_t)output);
	output->ring = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_EXACT_SZ | RING_F_SC_DEQ);
	if (output->ring == NULL)
		return plane_error(
			error, rte_errno, "ring of %u frames: %s", size, rte_strerror(rte_errno));
	dp->ring_frames_used += size;
	return 0;
}

int output_open(struct dataplane *dp, const struct output_config *config, struct output **output,
	struct dataplane_error *error)
{
	struct output *new;
	int rc = 0;

	new = memory_alloc(sizeof(*new) + (dp->n_workers + 1) * sizeof(new->lanes[0]));
	if (new == NULL)
		return plane_error(error, ENOMEM, "out of memory");
	new->dp = dp;
	new->kind = config->kind;
	new->port = config->port;
	new->vlan = config->vlan;
	new->set_source_mac = config->set_source_mac;
	new->source_mac = config->source_mac;
	if (config->vlan > VLAN_MAX)
		rc = plane_error(error, EINVAL, "VLAN %u: 1 to %u", config->vlan, VLAN_MAX);
	else if (config->kind == OUTPUT_PORT && config->port == NULL)
		rc = plane_error(error, EINVAL, "no port");
	else if (config->kind == OUTPUT_RING)
		rc = ring_open(new, config->ring_size, error);
	if (rc < 0) {
		free(new);
		return rc;
	}
	LIST_INSERT_HEAD(&dp->outputs, new, next);
	*output = new;
	return 0;
}

void output_use(struct output *output, int delta)
{
	output->uses += delta;
}

void output_destroy(struct output *output)
{
	LIST_REMOVE(output, next);
	output_flush(output);
	if (output->ring != NULL)
		output->dp->ring_frames_used -= rte_ring_get_capacity(output->ring);
	rte_ring_free(output->ring);
	free(output);
}

int output_close(struct output *output)
{
	if (output->uses > 0)
		return -EBUSY;
	// A withdrawn fan-out may still be in a worker's hands.
	dataplane_synchronize(output->dp);
	output_destroy(output);
	return 0;
}

unsigned output_receive_burst(struct output *output, struct rte_mbuf **frames, unsigned n)
{
	if (output->ring == NULL)
		return 0;
	return rte_ring_sc_dequeue_burst(output->ring, (void **)frames, n, NULL);
}

void output_flush(struct output *output)
{
	struct rte_mbuf *frames[BURST];
	unsigned n;

	while ((n = output_receive_burst(output, frames, BURST)) > 0)
		rte_pktmbuf_free_bulk(frames, n);
}

void output_stats(const struct output *output, struct output_stats *stats)
{
	*stats = (struct output_stats){0};
	for (unsigned i = 0; i <= output->dp->n_workers; i++) {
		stats->packets += counter_read(&output->lanes[i].packets);
		stats->bytes += counter_read(&output->lanes[i].bytes);
		stats->dropped += counter_read(&output->lanes[i].dropped);
	}
}
