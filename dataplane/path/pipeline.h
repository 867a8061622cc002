// SPDX-License-Identifier: BSD-3-Clause
// The path of a received burst through a worker. The folder, in the order of the path:
//	worker.c           a worker and its counters
//	worker_loop.c      its loop, which polls its sources
//	worker_source.c    receive queues and rings to poll, and changes of their list
//	pipeline.c         sorts a burst into batches of one interface and family, drives the stages
//	parse.c            headers of any frame; parse.h: the common case
//	parse_template.c   the first frame of a batch as a template for the others
//	interface.c        interfaces: VLAN tags of a port, and their group tables
//	punt_budget.c      rate limits of IGMP and MLD messages, per kind and querier
//	punt_limit.c       one rate limit; punt_queriers.c the queriers that have their own
//	punt.c             the ring of IGMP and MLD frames to the control thread
//	batch.c            the stages: match, look up in the group table, prefetch, deliver
//	deliver.c          a frame to its outputs (fanout_frame.h: what their filters see of it)
//	output_burst.c     frames with the same outputs: references, and rewriting for ports
//	rewrite.c          VLAN tag and source MAC address of frames that leave by a port
//	staging.c          which outputs a worker has staged frames for, and handing them over
//	app_filter.c       frames that the application receives or sends itself
// A group's hook (struct fanout_hook) is called in batch.c, before its filters.
#ifndef DATAPLANE_PIPELINE_H
#define DATAPLANE_PIPELINE_H

#include "worker.h"

// Worker. Processes n <= BURST frames received from `port`, and takes them over.
void pipeline_burst(
	struct worker *worker, const struct port *port, struct rte_mbuf **frames, unsigned n);

#endif
