// SPDX-License-Identifier: BSD-3-Clause
// Receives a group by the native API, on an engine in this process or through a running sluiced:
//
//     receive -c CONFIGURATION [-n PACKETS] GROUP [SOURCE]
//     receive -s SOCKET [-n PACKETS] GROUP [SOURCE]
//
// Prints the source, port and length of each datagram, and ends after PACKETS datagrams.
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_mbuf.h>
#include <sluice/sluice.h>
#include "example_engine.h"

static struct sluice_addr read_address(const char *text)
{
	struct sluice_addr addr = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(addr.family, text, addr.bytes) != 1)
		errx(2, "%s is no address", text);
	return addr;
}

static void print(const struct rte_mbuf *frame)
{
	struct sluice_frame info;
	char source[INET6_ADDRSTRLEN];

	if (sluice_frame_read(frame, &info) < 0)
		return;
	inet_ntop(info.source.family, info.source.bytes, source, sizeof(source));
	printf("%s port %u: %u bytes\n", source, ntohs(info.udp_port_be), info.payload_len);
}

// A group is lost when the device of its interface is gone, or sluiced.
static void check_events(struct sluice_session *session)
{
	struct sluice_event event;

	while (sluice_event_get(session, &event) == 0) {
		sluice_event_ack(session, &event);
		if (event.kind == SLUICE_EVENT_ERROR)
			errx(1, "the group is lost: %s", strerror(-event.status));
	}
}

static void receive(struct sluice_session *session, unsigned long left)
{
	struct rte_mbuf *frames[32];

	while (left > 0) {
		unsigned n = sluice_recv_burst(session, frames, left < 32 ? left : 32);

		for (unsigned i = 0; i < n; i++) {
			print(frames[i]);
			rte_pktmbuf_free(frames[i]);
		}
		left -= n;
		if (n > 0)
			continue;
		check_events(session);
		usleep(1000); // a program that owns its CPU would not sleep
	}
}

int main(int argc, char **argv)
{
	const char *configuration = NULL, *socket = NULL;
	unsigned long packets = -1ul;
	struct sluice_session *session;
	struct sluice_addr group, source;
	struct sluice *sluice;
	int option, rc;

	while ((option = getopt(argc, argv, "c:s:n:")) != -1) {
		if (option == 'c')
			configuration = optarg;
		else if (option == 's')
			socket = optarg;
		else if (option == 'n')
			packets = strtoul(optarg, NULL, 10);
	}
	if (!configuration == !socket || optind == argc)
		errx(2, "usage: receive -c CONFIGURATION|-s SOCKET [-n PACKETS] GROUP [SOURCE]");
	group = read_address(argv[optind]);
	if (optind + 1 < argc)
		source = read_address(argv[optind + 1]);
	sluice = example_engine_start(configuration);
	rc = sluice_session_open(sluice, socket, NULL, &session);
	if (rc == 0)
		sluice_event_fd(session); // events are kept from here on
	if (rc == 0)
		rc = optind + 1 < argc ? sluice_join_source(session, 0, &group, &source)
				       : sluice_join(session, 0, &group);
	if (rc < 0)
		errx(1, "%s: %s", argv[optind], strerror(-rc));
	receive(session, packets);
	sluice_session_close(session);
	sluice_close(sluice);
	return 0;
}
