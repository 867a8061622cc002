// SPDX-License-Identifier: BSD-3-Clause
// What a frame costs a share's server, in nanoseconds of processor time: our server and DPDK's
// net_memif, in turns, each in a process of its own. The client only gives its buffers back, in the
// server's thread, so that other work on the machine counts little.
//
//   usage: sluice-memif [ROUNDS]     default 7
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include "memif_connect.h"
#include "memif_server.h"

enum {
	SERVERS = 2,
	SIZES = 2,
	ROUNDS_MAX = 99,
	BURST_FRAMES = 64,
	BURSTS = 20000,
	POOL = 4095,
	RING_LOG2 = 10,
	RING = 1 << RING_LOG2,
	BUFFER = 2048,
	BUFFERS_AT = 32768,
};

static const unsigned sizes[SIZES] = {64, 1316}; // bytes of a frame
static const char *const names[SERVERS] = {"DPDK", "ours"};

static void start_eal(void)
{
	const char *args[] = {"memif", "--no-huge", "--no-shconf", "-m", "64", "--no-pci",
		"--no-telemetry", "--log-level", "error", "--lcores", "0@0"};

	if (rte_eal_init(RTE_DIM(args), (char **)args) < 0)
		_exit(1);
}

// ---- The client: memory, and who gives it back -----------------------------------------------

static struct memif_ring *ring;

static void refill(void)
{
	const uint16_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);

	for (uint16_t i = ring->head; i != (uint16_t)(tail + RING); i++)
		ring->descriptors[i % RING] = (struct memif_descriptor){
			.length = BUFFER, .offset = BUFFERS_AT + i % RING * BUFFER};
	__atomic_store_n(&ring->head, (uint16_t)(tail + RING), __ATOMIC_RELEASE);
}

static void connect_client(const char *path)
{
	const size_t size = BUFFERS_AT + RING * BUFFER;
	struct memif_offer offer = {
		.memory_fd = memfd_create("perf", MFD_CLOEXEC | MFD_ALLOW_SEALING),
		.memory_size = size,
		.event_fd = eventfd(0, EFD_NONBLOCK),
		.ring_log2 = RING_LOG2,
	};

	if (ftruncate(offer.memory_fd, size) < 0 ||
		fcntl(offer.memory_fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		_exit(1);
	ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, offer.memory_fd, 0);
	if (ring == MAP_FAILED)
		_exit(1);
	ring->cookie = MEMIF_RING_COOKIE;
	ring->flags = MEMIF_NO_INTERRUPT;
	if (memif_connect(path, &offer, 5000) < 0)
		_exit(1);
}

// ---- The servers: each writes a burst of frames behind a tag -----------------------------------

static struct rte_mempool *pool;
static struct rte_mbuf *frames[BURST_FRAMES];
static uint16_t port;
static struct memif_server *server;

static void open_dpdk(const char *path)
{
	const struct rte_eth_conf conf = {0};
	char devargs[256];

	snprintf(devargs, sizeof(devargs),
		"net_memif0,role=server,socket=%s,socket-abstract=no,rsize=10", path);
	if (rte_dev_probe(devargs) < 0 || rte_eth_dev_get_port_by_name("net_memif0", &port) < 0 ||
		rte_eth_dev_configure(port, 1, 1, &conf) < 0 ||
		rte_eth_rx_queue_setup(port, 0, 0, SOCKET_ID_ANY, NULL, pool) < 0 ||
		rte_eth_tx_queue_setup(port, 0, 0, SOCKET_ID_ANY, NULL) < 0 ||
		rte_eth_dev_start(port) < 0)
		_exit(1);
	connect_client(path);
}

// As a share sent before it had a server of its own: the tag in a segment before the frame's.
static unsigned send_dpdk(unsigned size)
{
	struct rte_mbuf *tagged[BURST_FRAMES];
	const uint64_t tag = 1;
	unsigned sent;

	if (rte_pktmbuf_alloc_bulk(pool, tagged, BURST_FRAMES) < 0)
		return 0;
	for (unsigned i = 0; i < BURST_FRAMES; i++) {
		memcpy(rte_pktmbuf_append(tagged[i], sizeof(tag)), &tag, sizeof(tag));
		rte_mbuf_refcnt_update(frames[i], 1);
		tagged[i]->next = frames[i];
		tagged[i]->nb_segs = 2;
		tagged[i]->pkt_len += size;
	}
	sent = rte_eth_tx_burst(port, 0, tagged, BURST_FRAMES);
	rte_pktmbuf_free_bulk(&tagged[sent], BURST_FRAMES - sent);
	return sent;
}

static atomic_bool connected;

static void *serve(void *arg)
{
	while (!atomic_load(&connected))
		memif_server_process(server);
	return arg;
}

static void open_own(const char *path)
{
	const struct memif_server_config config = {.path = path};
	pthread_t thread;

	if (memif_server_open(&config, &server) < 0 ||
		pthread_create(&thread, NULL, serve, NULL) != 0)
		_exit(1);
	connect_client(path);
	atomic_store(&connected, true);
	pthread_join(thread, NULL);
}

static unsigned send_own(unsigned size)
{
	struct memif_writer *writer = memif_server_writer(server);
	const uint64_t tag = 1;
	unsigned sent;

	for (sent = 0; writer != NULL && sent < BURST_FRAMES; sent++) {
		const struct iovec parts[] = {{(void *)(uintptr_t)&tag, sizeof(tag)},
			{rte_pktmbuf_mtod(frames[sent], void *), size}};

		rte_mbuf_refcnt_update(frames[sent], 1);
		if (memif_writer_put(writer, parts, 2) < 0)
			break;
	}
	if (writer != NULL)
		memif_writer_publish(writer);
	rte_pktmbuf_free_bulk(frames, sent);
	return sent;
}

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static void run(const char *path, unsigned which, unsigned size, int out)
{
	unsigned long n_sent = 0;
	double ns = 0;

	start_eal();
	pool = rte_pktmbuf_pool_create(
		"perf", POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL || rte_pktmbuf_alloc_bulk(pool, frames, BURST_FRAMES) < 0)
		_exit(1);
	for (unsigned i = 0; i < BURST_FRAMES; i++)
		memset(rte_pktmbuf_append(frames[i], size), i, size);
	which == 0 ? open_dpdk(path) : open_own(path);
	for (unsigned burst = 0; burst < BURSTS; burst++) {
		refill();
		if (burst == BURSTS / 10) { // warm
			ns = cpu_ns();
			n_sent = 0;
		}
		n_sent += which == 0 ? send_dpdk(size) : send_own(size);
	}
	ns = (cpu_ns() - ns) / n_sent;
	if (n_sent != BURST_FRAMES * (BURSTS - BURSTS / 10ul))
		fprintf(stderr, "only %lu frames were sent\n", n_sent);
	if (write(out, &ns, sizeof(ns)) < 0)
		_exit(1);
	_exit(0);
}

// ---- Rounds --------------------------------------------------------------------------------

static double measure(unsigned which, unsigned size)
{
	char path[64];
	double ns = 0;
	int pipes[2];
	pid_t pid;

	snprintf(path, sizeof(path), "/tmp/sluice-perf-%d.memif", getpid());
	if (pipe(pipes) < 0)
		return 0;
	pid = fork();
	if (pid == 0)
		run(path, which, size, pipes[1]);
	close(pipes[1]);
	if (read(pipes[0], &ns, sizeof(ns)) != sizeof(ns))
		ns = 0;
	close(pipes[0]);
	waitpid(pid, NULL, 0);
	unlink(path);
	return ns;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double costs[SIZES][SERVERS][ROUNDS_MAX];
	unsigned n_rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 7;

	n_rounds = RTE_MIN(n_rounds, (unsigned)ROUNDS_MAX);
	for (unsigned round = 0; round < n_rounds; round++)
		for (unsigned size = 0; size < SIZES; size++)
			for (unsigned which = 0; which < SERVERS; which++)
				costs[size][which][round] = measure(which, sizes[size]);
	for (unsigned size = 0; size < SIZES; size++) {
		for (unsigned which = 0; which < SERVERS; which++) {
			double *all = costs[size][which];

			qsort(all, n_rounds, sizeof(*all), compare);
			printf("%4u bytes  %s  %6.1f ns (%.1f to %.1f)\n", sizes[size],
				names[which], all[n_rounds / 2], all[0], all[n_rounds - 1]);
		}
		printf("%4u bytes  ratio %.2f\n", sizes[size],
			costs[size][1][n_rounds / 2] / costs[size][0][n_rounds / 2]);
	}
	return 0;
}
