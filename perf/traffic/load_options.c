// SPDX-License-Identifier: BSD-3-Clause
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_common.h>

#define TS_SIZE 1358 // seven packets of an MPEG transport stream in RTP over UDP over IPv4

// The numbers of --size: read_size() and traffic.c use the same ones.
static const char help[] =
	"usage: sluice-load [OPTION]... DEVICE\n"
	"\n"
	"Sends multicast UDP frames through a DPDK device. DEVICE is one of\n"
	"  net_pcap0,tx_pcap=FILE     writes the frames to a capture file\n"
	"  net_af_packet0,iface=NAME  sends through a network interface; frames above 1518\n"
	"                             bytes also need framesz=16384,blocksz=16384\n"
	"  net_tap0,iface=NAME        creates a network interface that receives the frames\n"
	"  0000:01:00.0               a NIC that is bound to DPDK\n"
	"\n"
	"  --groups N        number of groups, at consecutive addresses (1)\n"
	"  --first GROUP     first group, IPv4 or IPv6 (239.1.0.1)\n"
	"  --order ORDER     round: the groups in turn (default); uniform: at random;\n"
	"                    zipf: at random, the k-th group 1/k as often as the first\n"
	"  --source ADDRESS  source address (10.1.1.1 or fe80::1)\n"
	"  --port N          source and destination UDP port (5000)\n"
	"  --vlan N          VLAN tag of the frames (none)\n"
	"  --size SIZE       frame size in bytes without the FCS, %u to %u (64);\n"
	"                    imix: %u, %u and %u bytes in the ratio 7:4:1;\n"
	"                    ts: %u bytes, seven MPEG transport stream packets in RTP\n"
	"  --rate N          frames per second (as many as the device takes)\n"
	"  --count N         stop after N frames\n"
	"  --seconds N       stop after N seconds; without either, on SIGINT or SIGTERM\n"
	"  --cpu N           CPU that sends; it is fully loaded (0)\n"
	"  --help            print this text\n"
	"\n"
	"The payload begins with the sequence number of the frame: 64 bits in network byte\n"
	"order, cut short if the frame has less room.\n"
	"Exit status: 0 success, 1 device error, 2 usage error.\n";

static bool read_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *number >= low && *number <= high;
}

static bool read_address(const char *text, struct sluice_addr *address)
{
	*address = (struct sluice_addr){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	return inet_pton(address->family, text, address->bytes) == 1;
}

static bool read_size(const char *text, unsigned *size)
{
	uint64_t number = 0;

	if (!strcmp(text, "ts"))
		number = TS_SIZE;
	else if (strcmp(text, "imix") &&
		 !read_number(text, TRAFFIC_FRAME_MIN, TRAFFIC_FRAME_MAX, &number))
		return false;
	*size = number;
	return true;
}

static bool read_order(const char *text, enum traffic_order *order)
{
	static const char *const names[] = {
		[TRAFFIC_ROUND] = "round",
		[TRAFFIC_UNIFORM] = "uniform",
		[TRAFFIC_ZIPF] = "zipf",
	};

	for (unsigned i = 0; i < RTE_DIM(names); i++) {
		if (!strcmp(text, names[i])) {
			*order = i;
			return true;
		}
	}
	return false;
}

static bool read_option(struct load *load, int option, const char *text)
{
	struct traffic_config *traffic = &load->traffic;
	uint64_t number = 0;
	bool good;

	switch (option) {
	case 'g':
		good = read_number(text, 1, 1 << 28, &number);
		traffic->n_groups = number;
		return good;
	case 'f':
		return read_address(text, &traffic->first);
	case 's':
		return read_address(text, &traffic->source);
	case 'p':
		good = read_number(text, 1, UINT16_MAX, &number);
		traffic->udp_port = number;
		return good;
	case 'v':
		good = read_number(text, 1, 4094, &number);
		traffic->vlan = number;
		return good;
	case 'z':
		return read_size(text, &traffic->size);
	case 'o':
		return read_order(text, &traffic->order);
	case 'r':
		return read_number(text, 1, UINT32_MAX, &load->rate);
	case 'c':
		return read_number(text, 1, UINT64_MAX, &load->count);
	case 't':
		good = read_number(text, 1, UINT32_MAX, &number);
		load->seconds = number;
		return good;
	default:
		good = read_number(text, 0, (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &number);
		load->cpu = number;
		return good;
	}
}

static int bad(const char *what)
{
	fprintf(stderr, "sluice-load: %s; see --help\n", what);
	return -EINVAL;
}

// Checks options against each other.
static int check(struct load *load)
{
	struct traffic_config *traffic = &load->traffic;

	if (!traffic->source.family)
		read_address(traffic->first.family == AF_INET ? "10.1.1.1" : "fe80::1",
			&traffic->source);
	if (traffic->source.family != traffic->first.family)
		return bad("group and source are of different families");
	if (!traffic_is_multicast(traffic))
		return bad("not all groups are multicast addresses");
	if (traffic_smallest(traffic) < traffic_headers(traffic))
		return bad("the headers do not fit into the frame");
	return 0;
}

int load_options(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
		{"groups", required_argument, NULL, 'g'},
		{"first", required_argument, NULL, 'f'},
		{"source", required_argument, NULL, 's'},
		{"port", required_argument, NULL, 'p'},
		{"vlan", required_argument, NULL, 'v'},
		{"size", required_argument, NULL, 'z'},
		{"order", required_argument, NULL, 'o'},
		{"rate", required_argument, NULL, 'r'},
		{"count", required_argument, NULL, 'c'},
		{"seconds", required_argument, NULL, 't'},
		{"cpu", required_argument, NULL, 'u'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option, index = 0;
	char text[128];

	*load = (struct load){.traffic = {.n_groups = 1, .udp_port = 5000, .size = 64}};
	read_address("239.1.0.1", &load->traffic.first);
	while ((option = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (option == 'h') {
			printf(help, TRAFFIC_FRAME_MIN, TRAFFIC_FRAME_MAX, TRAFFIC_IMIX_SMALL,
				TRAFFIC_IMIX_MIDDLE, TRAFFIC_IMIX_LARGE, TS_SIZE);
			return 1;
		}
		if (option == '?')
			return bad("unknown option");
		if (!read_option(load, option, optarg)) {
			snprintf(text, sizeof(text), "--%s: invalid value \"%s\"",
				options[index].name, optarg);
			return bad(text);
		}
	}
	if (optind + 1 != argc)
		return bad("exactly one DEVICE is required");
	load->device = argv[optind];
	return check(load);
}
