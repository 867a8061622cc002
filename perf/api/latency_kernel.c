// SPDX-License-Identifier: BSD-3-Clause
// The peer: joins by a socket that polls for its first frame, as the application on Sluice does, or
// blocks until the frame arrives. The sender runs on CPU 1, as the worker of Sluice does, and sends
// at a steady rate.
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "latency.h"
#include "wire_capture.h"

enum { UDP_PORT = 5000, INTERVAL_NS = 10000 };

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		err(2, "CPU %d", cpu);
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		err(2, "socket");
	return fd;
}

// Runs in a child process until it is killed.
static void send_stream(const struct latency_config *config, atomic_uint_least64_t *sent)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(UDP_PORT),
		.sin_addr.s_addr = htonl(config->stream),
	};
	const struct ip_mreqn by = {.imr_ifindex = (int)if_nametoindex(config->far)};
	int64_t next = wire_capture_now_ns();
	int fd = udp_socket(), loop = 0;
	const char payload[18] = "";

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(1);
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)) < 0 ||
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)) < 0)
		err(2, "%s", config->far);
	for (;;) {
		if (sendto(fd, payload, sizeof(payload), 0, (const struct sockaddr *)&to,
			    sizeof(to)) < 0)
			err(2, "send");
		atomic_fetch_add(sent, 1);
		for (next += INTERVAL_NS; wire_capture_now_ns() < next;)
			;
	}
}

static void membership(int fd, int what, const char *near, uint32_t group)
{
	const struct ip_mreqn request = {
		.imr_multiaddr.s_addr = htonl(group),
		.imr_ifindex = (int)if_nametoindex(near),
	};

	if (setsockopt(fd, IPPROTO_IP, what, &request, sizeof(request)) < 0)
		err(2, "membership");
}

static void measure_report(int fd, const char *near, int wire, uint32_t group)
{
	int64_t start, returned;

	latency_pause();
	wire_capture_discard(wire);
	start = wire_capture_now_ns();
	membership(fd, IP_ADD_MEMBERSHIP, near, group);
	returned = wire_capture_now_ns();
	latency_sample("return", start, returned);
	latency_sample("report", start, wire_capture_report_ns(wire, htonl(group)));
	membership(fd, IP_DROP_MEMBERSHIP, near, group);
}

static void measure_frame(
	int fd, const char *near, uint32_t group, const char *name, int receive_flags)
{
	char payload[64];
	int64_t start;

	latency_pause();
	wire_capture_discard(fd);
	start = wire_capture_now_ns();
	membership(fd, IP_ADD_MEMBERSHIP, near, group);
	while (recv(fd, payload, sizeof(payload), receive_flags) < 0) {
		if (errno != EAGAIN || receive_flags == 0)
			err(2, "no frame");
		sched_yield();
	}
	latency_sample(name, start, wire_capture_now_ns());
	membership(fd, IP_DROP_MEMBERSHIP, near, group);
}

static int open_receiver(void)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(UDP_PORT)};
	const struct timeval patience = {.tv_sec = 1};
	int fd = udp_socket();

	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		err(2, "receiver");
	return fd;
}

void latency_kernel(const struct latency_config *config, const char *near)
{
	atomic_uint_least64_t *sent = mmap(
		NULL, sizeof(*sent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int wire = wire_capture_open(config->far), fd = open_receiver();
	int64_t start = wire_capture_now_ns();
	pid_t sender;

	if (sent == MAP_FAILED)
		err(2, "memory");
	fflush(stdout);
	sender = fork();
	if (sender == 0)
		send_stream(config, sent);
	pin(0);
	for (unsigned i = 0; i < config->joins; i++) {
		measure_report(fd, near, wire, latency_group(i));
		measure_frame(fd, near, config->stream, "frame", MSG_DONTWAIT);
		measure_frame(fd, near, config->stream, "frame-blocking", 0);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	latency_interval(start, wire_capture_now_ns(), atomic_load(sent));
	close(fd);
	close(wire);
}
