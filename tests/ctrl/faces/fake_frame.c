// SPDX-License-Identifier: BSD-3-Clause
// Frames of the double: what sluice_frame_read() is to say lies in front of the payload.
#include "fake.h"
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
} fake;

void fake_eal_init(void)
{
	char *args[] = {(char *)"fake", (char *)"--no-huge", (char *)"--no-shconf", (char *)"-m",
		(char *)"64", (char *)"--no-pci", (char *)"--no-telemetry",
		(char *)"--log-level=error"};

	cr_assert_geq(rte_eal_init(sizeof(args) / sizeof(args[0]), args), 0);
	fake.pool = rte_pktmbuf_pool_create(
		"frames", MAX_FRAMES, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	cr_assert(fake.pool);
}

void fake_frame_push(struct sluice_session *session, const char *group, const char *source,
	uint16_t source_port, uint16_t port, const char *payload)
{
	struct rte_mbuf *frame = rte_pktmbuf_alloc(fake.pool);
	struct sluice_frame *info;

	cr_assert(frame, "frames leak");
	info = (struct sluice_frame *)rte_pktmbuf_append(frame, sizeof(*info));
	*info = (struct sluice_frame){
		.group = fake_addr(group),
		.source = fake_addr(source),
		.source_port_be = htons(source_port),
		.udp_port_be = htons(port),
		.payload = sizeof(*info),
		.payload_len = strlen(payload),
	};
	memcpy(rte_pktmbuf_append(frame, strlen(payload)), payload, strlen(payload));
	fake.queue[fake.n].session = session;
	fake.queue[fake.n++].frame = frame;
}

unsigned sluice_recv_burst(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < fake.n && taken < n;) {
		if (fake.queue[i].session != session) {
			i++;
			continue;
		}
		frames[taken++] = fake.queue[i].frame;
		memmove(&fake.queue[i], &fake.queue[i + 1], (--fake.n - i) * sizeof(fake.queue[0]));
	}
	return taken;
}

int sluice_frame_read(const struct rte_mbuf *frame, struct sluice_frame *info)
{
	*info = *rte_pktmbuf_mtod(frame, const struct sluice_frame *);
	return 0;
}
