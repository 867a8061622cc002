// SPDX-License-Identifier: BSD-3-Clause
// Like mckey of rdma-core: binds, joins, waits for the event, receives COUNT messages or sends them
// as a send-only member (-s), leaves, and destroys everything.
//
//	mckey -m GROUP [-p PORT] [-b ADDRESS] [-C COUNT] [-s] [-f FILE]
//
// -f FILE runs it on an engine in this process with that configuration, without it on sluiced.
#include <rdma/rdma_cma.h>
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_mbuf.h>
#include "example_engine.h"

static struct sockaddr_storage group, local;
static unsigned count = 10;
static const char *port = "5004";

static void address_read(const char *text, const char *service, struct sockaddr_storage *address)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	int rc = getaddrinfo(text, service, &hints, &found);

	if (rc)
		errx(2, "%s: %s", text, gai_strerror(rc));
	memcpy(address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
}

// Takes the next event, which must be a successful join.
static void expect_joined(struct rdma_event_channel *channel)
{
	struct rdma_cm_event *event;

	if (rdma_get_cm_event(channel, &event))
		err(1, "waiting for an event");
	printf("%s, status %d\n", rdma_event_str(event->event), event->status);
	fflush(stdout);
	if (event->event != RDMA_CM_EVENT_MULTICAST_JOIN)
		exit(1);
	rdma_ack_cm_event(event);
}

static void join(struct rdma_event_channel *channel, struct rdma_cm_id *id, bool send_only)
{
	struct rdma_cm_join_mc_attr_ex attr = {
		.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS,
		.join_flags = send_only ? RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER
					: RDMA_MC_JOIN_FLAG_FULLMEMBER,
		.addr = (struct sockaddr *)&group,
	};

	if (rdma_join_multicast_ex(id, &attr, NULL))
		err(1, "joining");
	expect_joined(channel);
}

static void send_all(struct sluice_session *session)
{
	struct sluice_addr to = {.family = group.ss_family};
	char message[32];
	int rc;

	if (to.family == AF_INET)
		memcpy(to.bytes, &((struct sockaddr_in *)&group)->sin_addr, 4);
	else
		memcpy(to.bytes, &((struct sockaddr_in6 *)&group)->sin6_addr, 16);
	for (unsigned i = 1; i <= count; i++) {
		snprintf(message, sizeof(message), "message %u", i);
		rc = sluice_send(session, &to, htons(atoi(port)), message, strlen(message));
		if (rc < 0)
			errx(1, "sending: %s", strerror(-rc));
		usleep(1000);
	}
}

static void receive_all(struct rdma_event_channel *channel, struct sluice_session *session)
{
	struct pollfd events = {.fd = channel->fd, .events = POLLIN};
	struct rte_mbuf *frame;
	struct sluice_frame info;
	char room[2048];

	for (unsigned n = 0; n < count;) {
		if (sluice_recv_burst(session, &frame, 1) == 0) {
			// Any later event means that the group is lost.
			if (poll(&events, 1, 1) == 1)
				expect_joined(channel);
			continue;
		}
		if (sluice_frame_read(frame, &info) == 0 && info.payload_len <= sizeof(room)) {
			printf("%.*s\n", (int)info.payload_len,
				(const char *)rte_pktmbuf_read(
					frame, info.payload, info.payload_len, room));
			n++;
		}
		rte_pktmbuf_free(frame);
	}
}

int main(int argc, char **argv)
{
	const char *to = NULL, *from = NULL, *file = NULL;
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct sluice *sluice;
	bool sender = false;
	int option;

	while ((option = getopt(argc, argv, "m:p:b:C:sf:")) != -1)
		switch (option) {
		case 'm':
			to = optarg;
			break;
		case 'p':
			port = optarg;
			break;
		case 'b':
			from = optarg;
			break;
		case 'C':
			count = atoi(optarg);
			break;
		case 's':
			sender = true;
			break;
		case 'f':
			file = optarg;
			break;
		default:
			exit(2);
		}
	if (!to)
		errx(2, "usage: mckey -m GROUP [-p PORT] [-b ADDRESS] [-C COUNT] [-s] [-f FILE]");
	address_read(to, port, &group);
	address_read(from ? from : group.ss_family == AF_INET ? "0.0.0.0" : "::", NULL, &local);

	sluice = example_engine_start(file);
	sluice_rdmacm_attach(sluice, NULL);
	channel = rdma_create_event_channel();
	if (!channel || rdma_create_id(channel, &id, NULL, RDMA_PS_UDP))
		err(1, "creating an id");
	if (rdma_bind_addr(id, (struct sockaddr *)&local))
		err(1, "binding");
	join(channel, id, sender);
	if (sender)
		send_all(sluice_rdmacm_session(id));
	else
		receive_all(channel, sluice_rdmacm_session(id));
	if (rdma_leave_multicast(id, (struct sockaddr *)&group))
		err(1, "leaving");
	rdma_destroy_id(id);
	rdma_destroy_event_channel(channel);
	if (sluice)
		sluice_close(sluice);
	return 0;
}
