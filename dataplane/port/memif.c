// SPDX-License-Identifier: BSD-3-Clause
#include "memif.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

static int start(struct memif *memif, unsigned n_frames)
{
	const struct rte_eth_conf conf = {0};
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	snprintf(name, sizeof(name), "sluice_share%u", memif->port);
	memif->pool = rte_pktmbuf_pool_create(
		name, n_frames, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (memif->pool == NULL)
		return -ENOMEM;
	rc = rte_eth_dev_configure(memif->port, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(memif->port, 0, 0, SOCKET_ID_ANY, NULL, memif->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(memif->port, 0, 0, SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(memif->port);
	return rc;
}

int memif_open(struct memif *memif, const char *path, unsigned n_frames)
{
	static atomic_uint last; // the devices of a process have distinct names
	char devargs[256];
	int rc;

	// DPDK has no specific errors for these.
	if (rte_eth_dev_count_total() == RTE_MAX_ETHPORTS)
		return -ENOBUFS;
	snprintf(memif->device, sizeof(memif->device), "net_memif_sluice%u",
		atomic_fetch_add(&last, 1));
	snprintf(devargs, sizeof(devargs), "%s,role=client,socket=%s,socket-abstract=no,rsize=%u",
		memif->device, path, rte_log2_u32(MEMIF_FRAMES));
	rc = rte_dev_probe(devargs);
	if (rc == 0)
		rc = rte_eth_dev_get_port_by_name(memif->device, &memif->port);
	if (rc < 0)
		return rc;
	rc = start(memif, n_frames);
	if (rc < 0)
		memif_close(memif);
	return rc;
}

void memif_close(struct memif *memif)
{
	struct rte_eth_dev_info info;

	rte_eth_dev_stop(memif->port);
	if (rte_eth_dev_info_get(memif->port, &info) == 0) {
		rte_eth_dev_close(memif->port);
		rte_dev_remove(info.device);
	}
	rte_mempool_free(memif->pool);
}
