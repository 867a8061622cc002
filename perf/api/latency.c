// SPDX-License-Identifier: BSD-3-Clause
// Measures how long a join takes: from the call to its return, to its report on the wire, and to
// the first frame of a group that is already streaming. perf/latency.sh sets the network up and
// runs it.
//
//     sluice-latency in-process CONFIGURATION FAR JOINS
//     sluice-latency socket     SOCKET        FAR JOINS
//     sluice-latency kernel     NEAR          FAR JOINS
//
// Prints one line per sample: its name and microseconds. FAR is the other end of the veth of
// interface 1 of Sluice, or of NEAR. The stream must arrive at interface 2 of Sluice; the program
// sends it to NEAR.
#include "latency.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_MIN_US = 1000, PAUSE_SPREAD_US = 4000 };

uint32_t latency_group(unsigned number)
{
	return 239u << 24 | 2u << 16 | number;
}

void latency_pause(void)
{
	usleep(PAUSE_MIN_US + random() % PAUSE_SPREAD_US);
}

void latency_sample(const char *name, int64_t start_ns, int64_t end_ns)
{
	printf("%s %.2f\n", name, (end_ns - start_ns) / 1e3);
}

void latency_interval(int64_t start_ns, int64_t end_ns, uint64_t frames)
{
	if (frames == 0)
		errx(2, "no stream");
	printf("interval %.2f\n", (end_ns - start_ns) / 1e3 / frames);
}

int main(int argc, char **argv)
{
	// The first group of sluice-load.
	struct latency_config config = {.stream = 239u << 24 | 1u << 16 | 1};
	const char *way = argc == 5 ? argv[1] : "";

	if (argc == 5) {
		config.far = argv[3];
		config.joins = strtoul(argv[4], NULL, 10);
	}
	if (strcmp(way, "in-process") == 0)
		latency_sluice(&config, argv[2], NULL);
	else if (strcmp(way, "socket") == 0)
		latency_sluice(&config, NULL, argv[2]);
	else if (strcmp(way, "kernel") == 0)
		latency_kernel(&config, argv[2]);
	else
		errx(2, "usage: %s in-process|socket|kernel CONFIGURATION|SOCKET|NEAR FAR JOINS",
			argv[0]);
	return 0;
}
