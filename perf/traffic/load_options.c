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

static const char help[] =
	"usage: sluice-load [OPTION]... DEVICE\n"
	"\n"
	"Sends multicast UDP frames by a device of DPDK: net_pcap0,tx_pcap=FILE writes them to a\n"
	"file; net_af_packet0,iface=NAME sends by a network interface, net_tap0,iface=NAME makes "
	"one;\n"
	"a PCI address (0000:01:00.0) is a NIC bound to DPDK. What comes after the comma is the\n"
	"device's own: net_af_packet needs framesz=16384,blocksz=16384 for the largest frames.\n"
	"\n"
	"  --groups N        how many, one after the other (1)\n"
	"  --first GROUP     IPv4 or IPv6 (239.1.0.1)\n"
	"  --order ORDER     round: one after the other (default); uniform: at random; zipf: at\n"
	"                    random, the k-th group 1/k as often as the first\n"
	"  --source ADDRESS  (10.1.1.1 or fe80::1)\n"
	"  --port N          UDP port, of source and destination (5000)\n"
	"  --vlan N          a tag\n"
	"  --size SIZE       bytes without the FCS, 64 to 9000 (64); imix: 64, 594 and 1518 bytes, "
	"7 to 4 to\n"
	"                    1; ts: 1358 bytes, as seven packets of an MPEG transport stream give\n"
	"  --rate N          frames per second; without it as many as the device takes\n"
	"  --count N         ends after so many frames\n"
	"  --seconds N       ends after so long; without either it ends with SIGINT or SIGTERM\n"
	"  --cpu N           which it keeps busy (0)\n"
	"\n"
	"Each payload begins with the frame's number: 64 bits in network order, as far as it has "
	"room.\n"
	"Exit status 0; 1 the device is at fault; 2 the command line is.\n";

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
	fprintf(stderr, "sluice-load: %s; --help tells more\n", what);
	return -EINVAL;
}

// What no option alone can know.
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
			fputs(help, stdout);
			return 1;
		}
		if (option == '?')
			return bad("wrong option");
		if (!read_option(load, option, optarg)) {
			snprintf(text, sizeof(text), "--%s: \"%s\" will not do",
				options[index].name, optarg);
			return bad(text);
		}
	}
	if (optind + 1 != argc)
		return bad("one device is needed");
	load->device = argv[optind];
	return check(load);
}
