// SPDX-License-Identifier: BSD-3-Clause
// The peer: the same joins by kernel sockets, on a tap in a separate network namespace.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_PER_SOCKET 20 // the kernel's default limit

// A tap that is up and has an address. Returns its interface index, or -errno.
static int open_tap(void)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0xc0000201),
	};
	int tap = open("/dev/net/tun", O_RDWR);
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	if (tap < 0 || sock < 0 || ioctl(tap, TUNSETIFF, &request))
		return -errno;
	memcpy(&request.ifr_addr, &address, sizeof(address));
	if (ioctl(sock, SIOCSIFADDR, &request))
		return -errno;
	request.ifr_flags = IFF_UP | IFF_MULTICAST;
	if (ioctl(sock, SIOCSIFFLAGS, &request) || ioctl(sock, SIOCGIFINDEX, &request))
		return -errno;
	// Both stay open until the end of the process.
	return request.ifr_ifindex;
}

static double cpu_of_joins(unsigned n, int ifindex)
{
	struct ip_mreqn request = {.imr_ifindex = ifindex};
	int sock = -1;
	double start = bench_cpu();

	for (unsigned i = 0; i < n; i++) {
		if (i % GROUPS_PER_SOCKET == 0)
			sock = socket(AF_INET, SOCK_DGRAM, 0);
		request.imr_multiaddr.s_addr = htonl(239u << 24 | i);
		if (setsockopt(sock, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)))
			return -errno;
	}
	return bench_cpu() - start;
}

// Runs in a child process. Its end removes the namespace, the tap and the sockets.
static double run_child(unsigned n)
{
	struct rlimit files = {n / GROUPS_PER_SOCKET + 64, n / GROUPS_PER_SOCKET + 64};

	if (unshare(CLONE_NEWNET) || setrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	int ifindex = open_tap();
	return ifindex < 0 ? ifindex : cpu_of_joins(n, ifindex);
}

double kernel_join(unsigned n)
{
	double seconds = -ECHILD;
	int ends[2];

	if (pipe(ends))
		return 0;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		seconds = run_child(n);
		_exit(write(ends[1], &seconds, sizeof(seconds)) != sizeof(seconds));
	}
	close(ends[1]);
	if (read(ends[0], &seconds, sizeof(seconds)) != sizeof(seconds))
		seconds = -ECHILD;
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	if (seconds < 0) {
		fprintf(stderr, "no comparison with the kernel: %s\n", strerror(-(int)seconds));
		return 0;
	}
	return seconds;
}
