// SPDX-License-Identifier: BSD-3-Clause
// Frames of the double: the headers that sluice_frame_read() is to find before the payload.
#include "library_double_fixture.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <rte_eal.h>
#include <rte_mbuf.h>

#define MAX_FRAMES 16

static struct {
	struct rte_mempool *pool;
	struct {
		struct sluice_session *session;
		struct rte_mbuf *frame;
	} queue[MAX_FRAMES];
	unsigned n;
} library_double;

void library_double_eal_init(void)
{
	char *args[] = {(char *)"library_double", (char *)"--no-huge", (char *)"--no-shconf",
		(char *)"-m", (char *)"64", (char *)"--no-pci", (char *)"--no-telemetry",
		(char *)"--log-level=error"};

	cr_assert_geq(rte_eal_init(sizeof(args) / sizeof(args[0]), args), 0);
	library_double.pool = rte_pktmbuf_pool_create(
		"frames", MAX_FRAMES, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	cr_assert(library_double.pool);
}

void library_double_frame_push(struct sluice_session *session, const char *group,
	const char *source, uint16_t source_port, uint16_t port, const char *payload)
{
	struct rte_mbuf *frame = rte_pktmbuf_alloc(library_double.pool);
	struct sluice_frame *info;

	cr_assert(frame, "frames leak");
	info = (struct sluice_frame *)rte_pktmbuf_append(frame, sizeof(*info));
	*info = (struct sluice_frame){
		.group = library_double_addr(group),
		.source = library_double_addr(source),
		.source_port_be = htons(source_port),
		.udp_port_be = htons(port),
		.payload = sizeof(*info),
		.payload_len = strlen(payload),
	};
	memcpy(rte_pktmbuf_append(frame, strlen(payload)), payload, strlen(payload));
	library_double.queue[library_double.n].session = session;
	library_double.queue[library_double.n++].frame = frame;
}

unsigned sluice_recv_burst(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < library_double.n && taken < n;) {
		if (library_double.queue[i].session != session) {
			i++;
			continue;
		}
		frames[taken++] = library_double.queue[i].frame;
		memmove(&library_double.queue[i], &library_double.queue[i + 1],
			(--library_double.n - i) * sizeof(library_double.queue[0]));
	}
	return taken;
}

int sluice_frame_read(const struct rte_mbuf *frame, struct sluice_frame *info)
{
	*info = *rte_pktmbuf_mtod(frame, const struct sluice_frame *);
	return 0;
}
