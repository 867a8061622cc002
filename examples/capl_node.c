// SPDX-License-Identifier: BSD-3-Clause
// A test node written like a CAPL program: sends a greeting to a group, joins the group, prints
// COUNT datagrams to it, and leaves.
//
//	capl-node [-f FILE] IFINDEX GROUP PORT COUNT
//
// -f FILE runs it on an engine in this process with that configuration, without it on sluiced.
#include <sluice/capl.h>
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "example_engine.h"

static dword gSocket, gIfIndex;
static IP_Endpoint gGroup;
static char gBuffer[1500];
static unsigned gExpected;

static void check(const char *call, long result)
{
	char text[80] = "";

	if (result == 0)
		return;
	IpGetLastSocketErrorAsString(gSocket, text, sizeof(text));
	errx(1, "%s: result %ld, socket error %ld %s", call, result, IpGetLastSocketError(gSocket),
		text);
}

static void receive(void)
{
	long result = UdpReceiveFrom(gSocket, gBuffer, sizeof(gBuffer));

	if (IpGetLastSocketError(gSocket) != WSA_IO_PENDING)
		check("UdpReceiveFrom", result);
}

void OnUdpReceiveFrom(dword socket __attribute__((unused)), long result, IP_Endpoint remoteEndpoint,
	char buffer[], dword size)
{
	const struct sluice_addr *from = &remoteEndpoint.Address.addr;
	char text[INET6_ADDRSTRLEN];

	if (result == WSAENETDOWN)
		errx(1, "the group is lost");
	inet_ntop(from->family, from->bytes, text, sizeof(text));
	printf("%s port %u: %.*s\n", text, remoteEndpoint.Port, (int)size, buffer);
	fflush(stdout);
	gExpected--;
	receive();
}

static void on_start(void)
{
	IP_Endpoint local = {
		.Address.addr.family = gGroup.Address.addr.family, .Port = gGroup.Port};

	gSocket = UdpOpen(local);
	if (gSocket == INVALID_SOCKET)
		errx(1, "UdpOpen: %ld", IpGetLastError());
	check("IpSetMulticastInterface", IpSetMulticastInterface(gSocket, gIfIndex));
	gGroup.Address.ScopeID = gIfIndex;
	check("UdpSendTo", UdpSendTo(gSocket, gGroup, "Hello", 5));
	check("IpJoinMulticastGroup", IpJoinMulticastGroup(gSocket, gIfIndex, gGroup.Address));
	printf("joined\n");
	fflush(stdout);
	receive();
}

static void on_stop(void)
{
	check("IpLeaveMulticastGroup", IpLeaveMulticastGroup(gSocket, gIfIndex, gGroup.Address));
	check("UdpClose", UdpClose(gSocket));
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	struct sluice *sluice;
	int option;

	while ((option = getopt(argc, argv, "f:")) == 'f')
		file = optarg;
	if (option != -1 || argc - optind != 4)
		errx(2, "usage: capl-node [-f FILE] IFINDEX GROUP PORT COUNT");
	argv += optind;
	gIfIndex = atoi(argv[0]);
	gGroup.Address.addr.family = strchr(argv[1], ':') ? AF_INET6 : AF_INET;
	if (inet_pton(gGroup.Address.addr.family, argv[1], gGroup.Address.addr.bytes) != 1)
		errx(2, "%s is no address", argv[1]);
	gGroup.Port = atoi(argv[2]);
	gExpected = atoi(argv[3]);

	sluice = example_engine_start(file);
	sluice_capl_attach(sluice, NULL);
	on_start();
	while (gExpected > 0)
		if (sluice_capl_poll() == 0)
			usleep(1000);
	on_stop();
	if (sluice)
		sluice_close(sluice);
	return 0;
}
