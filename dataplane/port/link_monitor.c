// SPDX-License-Identifier: BSD-3-Clause
#include "link_monitor.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int link_monitor_open(void)
{
	const struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	int code;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	code = errno;
	close(fd);
	return -code;
}

static void take(
	struct nlmsghdr *message, void (*fn)(void *arg, unsigned if_index, bool up), void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return;
	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(*info)) && info->ifi_family == AF_UNSPEC)
		fn(arg, (unsigned)info->ifi_index,
			message->nlmsg_type == RTM_NEWLINK && (info->ifi_flags & IFF_RUNNING));
}

bool link_monitor_read(int fd, void (*fn)(void *arg, unsigned if_index, bool up), void *arg)
{
	union {
		struct nlmsghdr first;
		char bytes[16384]; // a message has less, and is cut off if it has more
	} buffer;
	ssize_t len;

	while ((len = recv(fd, &buffer, sizeof(buffer), 0)) > 0) {
		unsigned left = (unsigned)len;

		for (struct nlmsghdr *at = &buffer.first; NLMSG_OK(at, left);
			at = NLMSG_NEXT(at, left))
			take(at, fn, arg);
	}
	return len >= 0 || errno != ENOBUFS;
}

bool link_monitor_is_up(unsigned if_index)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up;

	if (fd < 0)
		return false;
	up = if_indextoname(if_index, request.ifr_name) != NULL &&
	     ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING);
	close(fd);
	return up;
}
