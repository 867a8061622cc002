// SPDX-License-Identifier: BSD-3-Clause
#include "wire_fixture.h"
#include <criterion/criterion.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <stdatomic.h>
#include <stdio.h>

#ifdef __SANITIZE_THREAD__

// ---- What ThreadSanitizer does not see -----------------------------------------------------
//
// DPDK's libraries and drivers are not compiled with it, and it takes an access to a frame that
// they order for a race. Pools and wires hand over their frames by rings, here compiled with the
// tests.

static int pool_create(struct rte_mempool *pool)
{
	char name[RTE_MEMPOOL_NAMESIZE + 5];

	snprintf(name, sizeof(name), "pool_%s", pool->name);
	pool->pool_data = rte_ring_create(name, rte_align32pow2(pool->size + 1), SOCKET_ID_ANY,
		RING_F_MP_HTS_ENQ | RING_F_MC_HTS_DEQ);
	return pool->pool_data != NULL ? 0 : -rte_errno;
}

static void pool_destroy(struct rte_mempool *pool)
{
	rte_ring_free(pool->pool_data);
}

static int pool_put(struct rte_mempool *pool, void *const *objects, unsigned n)
{
	return rte_ring_enqueue_bulk(pool->pool_data, objects, n, NULL) > 0 ? 0 : -ENOBUFS;
}

static int pool_get(struct rte_mempool *pool, void **objects, unsigned n)
{
	return rte_ring_dequeue_bulk(pool->pool_data, objects, n, NULL) > 0 ? 0 : -ENOENT;
}

static unsigned pool_count(const struct rte_mempool *pool)
{
	return rte_ring_count(pool->pool_data);
}

const char *wire_fixture_pool_ops(void)
{
	static const struct rte_mempool_ops ops = {
		.name = "seen_by_tsan",
		.alloc = pool_create,
		.free = pool_destroy,
		.enqueue = pool_put,
		.dequeue = pool_get,
		.get_count = pool_count,
	};

	cr_assert_geq(rte_mempool_register_ops(&ops), 0);
	return ops.name;
}

static atomic_uint n_bursts; // sent on any wire

// The driver has loaded the tail with this order to find the frames.
static uint16_t received(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n,
	uint16_t max, void *ring)
{
	(void)port;
	(void)queue;
	(void)frames;
	(void)max;
	(void)__atomic_load_n(&((struct rte_ring *)ring)->prod.tail, __ATOMIC_ACQUIRE);
	return n;
}

// The driver stores the tail with this order behind the frames.
static uint16_t sending(
	uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n, void *arg)
{
	(void)port;
	(void)queue;
	(void)frames;
	(void)arg;
	atomic_fetch_add_explicit(&n_bursts, 1, memory_order_release);
	return n;
}

static void watch(uint16_t port, struct rte_ring *const rx[], unsigned n_rx, unsigned n_tx)
{
	for (unsigned i = 0; i < n_rx; i++)
		cr_assert_not_null(rte_eth_add_rx_callback(port, i, received, rx[i]));
	for (unsigned i = 0; i < n_tx; i++)
		cr_assert_not_null(rte_eth_add_tx_callback(port, i, sending, NULL));
}

static void sent(void)
{
	atomic_load_explicit(&n_bursts, memory_order_acquire);
}

#else

const char *wire_fixture_pool_ops(void)
{
// In DPDK's usual pool of frames, a thread waits for others that are delayed within it.
#ifdef RACE_DELAY_H
	return "lf_stack";
#else
	return RTE_MBUF_DEFAULT_MEMPOOL_OPS;
#endif
}

static void watch(uint16_t port, struct rte_ring *const rx[], unsigned n_rx, unsigned n_tx)
{
	(void)port;
	(void)rx;
	(void)n_rx;
	(void)n_tx;
}

static void sent(void)
{
}

#endif

uint16_t wire_fixture_open(const char *name, struct rte_ring *const rx[], unsigned n_rx,
	struct rte_ring *const tx[], unsigned n_tx)
{
	const int port = rte_eth_from_rings(name, rx, n_rx, tx, n_tx, 0);

	cr_assert_geq(port, 0);
	watch(port, rx, n_rx, n_tx);
	return port;
}

struct rte_mbuf *wire_fixture_take(struct rte_ring *tx)
{
	struct rte_mbuf *frame;

	if (rte_ring_dequeue(tx, (void **)&frame) < 0)
		return NULL;
	sent();
	return frame;
}
