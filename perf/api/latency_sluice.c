// SPDX-License-Identifier: BSD-3-Clause
// Joins by the native API. The application polls for its frames, as DPDK applications do, and
// yields its CPU in between.
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#include <rte_byteorder.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <sluice/sluice.h>
#include "latency.h"
#include "wire_capture.h"

enum { INTERFACE_WIRE = 1, INTERFACE_STREAM, CONFIGURATION_MAX = 4096, INTERVAL_TIME_US = 100000 };

static struct sluice_addr address(uint32_t group)
{
	const uint32_t group_be = rte_cpu_to_be_32(group);
	struct sluice_addr addr = {.family = AF_INET};

	memcpy(addr.bytes, &group_be, sizeof(group_be));
	return addr;
}

static void must(int rc, const char *what)
{
	if (rc < 0)
		errx(2, "%s: %s", what, strerror(-rc));
}

static void measure_report(struct sluice_session *session, int wire, uint32_t group)
{
	const struct sluice_addr addr = address(group);
	int64_t start, returned;

	latency_pause();
	wire_capture_discard(wire);
	start = wire_capture_now_ns();
	must(sluice_join(session, INTERFACE_WIRE, &addr), "join");
	returned = wire_capture_now_ns();
	latency_sample("return", start, returned);
	latency_sample("report", start, wire_capture_report_ns(wire, rte_cpu_to_be_32(group)));
	must(sluice_leave(session, INTERFACE_WIRE, &addr), "leave");
}

static void measure_frame(struct sluice_session *session, uint32_t group)
{
	const struct sluice_addr addr = address(group);
	struct rte_mbuf *frame;
	int64_t start;

	latency_pause();
	start = wire_capture_now_ns();
	must(sluice_join(session, INTERFACE_STREAM, &addr), "join");
	while (sluice_recv_burst(session, &frame, 1) == 0)
		sched_yield();
	latency_sample("frame", start, wire_capture_now_ns());
	rte_pktmbuf_free(frame);
	must(sluice_leave_flush(session, INTERFACE_STREAM, &addr), "leave");
}

// Measures the interval between frames of the group.
static void measure_interval(struct sluice_session *session, uint32_t group)
{
	const struct sluice_addr addr = address(group);
	struct sluice_group_stats stats;
	int64_t start = wire_capture_now_ns();

	must(sluice_join(session, INTERFACE_STREAM, &addr), "join");
	usleep(INTERVAL_TIME_US);
	must(sluice_stats_group(session, INTERFACE_STREAM, &addr, &stats), "statistics");
	latency_interval(start, wire_capture_now_ns(), stats.packets);
	must(sluice_leave_flush(session, INTERFACE_STREAM, &addr), "leave");
}

static struct sluice *open_engine(const char *file)
{
	char yaml[CONFIGURATION_MAX] = "";
	struct sluice_error error;
	struct sluice *sluice;
	int fd = open(file, O_RDONLY);

	if (fd < 0 || read(fd, yaml, sizeof(yaml) - 1) < 0)
		err(2, "%s", file);
	close(fd);
	if (sluice_open(yaml, &sluice, &error) < 0)
		errx(2, "%s", error.text);
	return sluice;
}

// The worker runs on CPU 1. The application shares CPU 0 with the control thread of this process or
// of sluiced.
static void start_eal(bool worker)
{
	const char *args[] = {"latency", "--no-huge", "--no-shconf", "-m", "256", "--no-pci",
		"--no-telemetry", "--log-level", "error", "--lcores", worker ? "0@0,1@1" : "0@0"};

	if (rte_eal_init(RTE_DIM(args), (char **)args) < 0)
		errx(2, "DPDK does not start");
}

void latency_sluice(const struct latency_config *config, const char *file, const char *socket)
{
	struct sluice *sluice = NULL;
	struct sluice_session *session;
	int wire = wire_capture_open(config->far);

	start_eal(file != NULL);
	if (file != NULL)
		sluice = open_engine(file);
	must(sluice_session_open(sluice, socket, NULL, &session), "session");
	for (unsigned i = 0; i < config->joins; i++) {
		measure_report(session, wire, latency_group(i));
		measure_frame(session, config->stream);
	}
	measure_interval(session, config->stream);
	sluice_session_close(session);
	sluice_close(sluice);
	rte_eal_cleanup();
	close(wire);
}
