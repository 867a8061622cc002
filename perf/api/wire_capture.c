// SPDX-License-Identifier: BSD-3-Clause
#include "wire_capture.h"
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum { FRAME_MAX = 2048, REPORT_V3 = 0x22 };

struct report {
	uint8_t type, reserved;
	uint16_t checksum_be, reserved_be, n_records_be;
};
struct record {
	uint8_t type, aux_len;
	uint16_t n_sources_be;
	uint32_t group_be;
};

static int64_t to_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

int64_t wire_capture_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return to_ns(&now);
}

int wire_capture_open(const char *interface)
{
	const struct timeval patience = {.tv_sec = 1};
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0), on = 1;

	if (fd < 0 || address.sll_ifindex == 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		err(2, "%s", interface);
	return fd;
}

void wire_capture_discard(int fd)
{
	char frame[FRAME_MAX];

	while (recv(fd, frame, sizeof(frame), MSG_DONTWAIT) >= 0)
		;
}

static bool reports(const uint8_t *packet, size_t len, uint32_t group_be)
{
	const struct iphdr *ip = (const struct iphdr *)packet;
	size_t at = len >= sizeof(*ip) ? ip->ihl * 4 : len;
	struct report report;
	struct record record;

	if (len < at + sizeof(report) || ip->protocol != IPPROTO_IGMP || packet[at] != REPORT_V3)
		return false;
	memcpy(&report, packet + at, sizeof(report));
	at += sizeof(report);
	for (unsigned n = ntohs(report.n_records_be); n > 0 && at + sizeof(record) <= len; n--) {
		memcpy(&record, packet + at, sizeof(record));
		if (record.group_be == group_be)
			return true;
		at += sizeof(record) + ntohs(record.n_sources_be) * sizeof(uint32_t);
	}
	return false;
}

static int64_t stamp_ns(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct timespec stamp;

	if (control == NULL || control->cmsg_type != SCM_TIMESTAMPNS)
		errx(2, "the kernel stamps no frames");
	memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
	return to_ns(&stamp);
}

int64_t wire_capture_report_ns(int fd, uint32_t group_be)
{
	_Alignas(struct iphdr) uint8_t packet[FRAME_MAX];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec place = {packet, sizeof(packet)};

	for (;;) {
		struct msghdr message = {
			.msg_iov = &place,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t len = recvmsg(fd, &message, 0);

		if (len < 0)
			err(2, "no report");
		if (reports(packet, (size_t)len, group_be))
			return stamp_ns(&message);
	}
}
