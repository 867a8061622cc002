// SPDX-License-Identifier: BSD-3-Clause
#include "share.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include "output.h"

enum { POLL_US = 100, POOL_SLACK = 512, SERVER_POOL = 63 };

struct share_port {
	uint16_t id;
	struct rte_mempool *pool;
	char device[32];
};

struct share {
	struct share_port port;
	struct output *output;
	pthread_t thread;
	atomic_bool stop; // control: wo, thread: ro
	// thread: rw, others: ro
	counter_t passed; // turns that ended with an empty ring
	counter_t dropped;
};

// ---- Ports ---------------------------------------------------------------------------------

static int start_port(struct share_port *port, unsigned n_frames)
{
	const struct rte_eth_conf conf = {0};
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	snprintf(name, sizeof(name), "sluice_share%u", port->id);
	port->pool = rte_pktmbuf_pool_create(
		name, n_frames, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (port->pool == NULL)
		return -ENOMEM;
	rc = rte_eth_dev_configure(port->id, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(port->id, 0, 0, SOCKET_ID_ANY, NULL, port->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(port->id, 0, 0, SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(port->id);
	return rc;
}

static void close_port(struct share_port *port)
{
	struct rte_eth_dev_info info;

	rte_eth_dev_stop(port->id);
	if (rte_eth_dev_info_get(port->id, &info) == 0) {
		rte_eth_dev_close(port->id);
		rte_dev_remove(info.device);
	}
	rte_mempool_free(port->pool);
}

static int open_port(struct share_port *port, const char *role, const char *path,
	unsigned ring_size, unsigned n_frames)
{
	static atomic_uint last; // devices of a process have distinct names
	char devargs[256];
	int rc;

	// What DPDK would have no error of its own for.
	if (rte_eth_dev_count_total() == RTE_MAX_ETHPORTS)
		return -ENOBUFS;
	snprintf(port->device, sizeof(port->device), "net_memif_sluice%u",
		atomic_fetch_add(&last, 1));
	snprintf(devargs, sizeof(devargs), "%s,role=%s,socket=%s,socket-abstract=no,rsize=%u",
		port->device, role, path, rte_log2_u32(ring_size));
	rc = rte_dev_probe(devargs);
	if (rc == 0)
		rc = rte_eth_dev_get_port_by_name(port->device, &port->id);
	if (rc < 0)
		return rc;
	rc = start_port(port, n_frames);
	if (rc < 0)
		close_port(port);
	return rc;
}

// ---- This side -----------------------------------------------------------------------------

static void *pump(void *arg)
{
	struct share *share = arg;
	struct rte_mbuf *frames[BURST];
	unsigned n, sent;

	while (!atomic_load_explicit(&share->stop, memory_order_relaxed)) {
		n = output_receive_burst(share->output, frames, BURST);
		if (n == 0) {
			counter_add(&share->passed, 1);
			usleep(POLL_US);
			continue;
		}
		sent = rte_eth_tx_burst(share->port.id, 0, frames, n);
		rte_pktmbuf_free_bulk(&frames[sent], n - sent);
		counter_add(&share->dropped, n - sent);
	}
	return NULL;
}

int share_open(struct output *ring, const char *path, unsigned ring_size, struct share **share,
	struct dataplane_error *error)
{
	struct share *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return plane_error(error, ENOMEM, "out of memory");
	new->output = ring;
	unlink(path); // of a predecessor that was killed
	rc = open_port(&new->port, "server", path, ring_size, SERVER_POOL);
	if (rc < 0) {
		free(new);
		return plane_error(error, -rc, "memif at %s: %s", path, strerror(-rc));
	}
	chmod(path, S_IRUSR | S_IWUSR);
	rc = rte_ctrl_thread_create(&new->thread, "sluice-share", NULL, pump, new);
	if (rc != 0) {
		close_port(&new->port);
		free(new);
		return plane_error(error, abs(rc), "thread: %s", strerror(abs(rc)));
	}
	*share = new;
	return 0;
}

void share_close(struct share *share)
{
	atomic_store(&share->stop, true);
	pthread_join(share->thread, NULL);
	close_port(&share->port);
	free(share);
}

void share_settle(const struct share *share)
{
	// The second turn found the ring empty after the call.
	uint64_t passed = counter_read(&share->passed);

	while (counter_read(&share->passed) < passed + 2)
		sched_yield();
}

uint64_t share_dropped(const struct share *share)
{
	return counter_read(&share->dropped);
}

// ---- The other side ------------------------------------------------------------------------

int share_port_open(const char *path, unsigned ring_size, struct share_port **port)
{
	struct share_port *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return -ENOMEM;
	rc = open_port(new, "client", path, ring_size, 2 * ring_size + POOL_SLACK);
	if (rc < 0) {
		free(new);
		return rc;
	}
	*port = new;
	return 0;
}

void share_port_close(struct share_port *port)
{
	close_port(port);
	free(port);
}

unsigned share_port_receive(struct share_port *port, struct rte_mbuf **frames, unsigned n)
{
	return rte_eth_rx_burst(port->id, 0, frames, RTE_MIN(n, (unsigned)UINT16_MAX));
}
