// SPDX-License-Identifier: BSD-3-Clause
#include "packet_socket.h"
#include <dirent.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool is_of(int fd, unsigned if_index)
{
	struct sockaddr_ll addr = {.sll_family = AF_UNSPEC};
	socklen_t len = sizeof(addr);

	return getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
	       addr.sll_family == AF_PACKET && addr.sll_ifindex == (int)if_index;
}

// No memory is reserved: the ring bounds what is used.
static void widen(int fd)
{
	const int size = INT_MAX / 2;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

void packet_socket_widen(unsigned if_index)
{
	DIR *all = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (all != NULL && (entry = readdir(all)) != NULL) {
		int fd = atoi(entry->d_name);

		if (is_of(fd, if_index))
			widen(fd);
	}
	if (all != NULL)
		closedir(all);
}
