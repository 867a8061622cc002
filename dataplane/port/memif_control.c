// SPDX-License-Identifier: BSD-3-Clause
#include "memif_control.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char NAME[] = "sluice";

void memif_control_init(struct memif_control *control, uint64_t memory_max)
{
	*control = (struct memif_control){.memory.left = memory_max, .event_fd = -1};
}

void memif_control_close(struct memif_control *control)
{
	memif_memory_close(&control->memory);
	if (control->event_fd >= 0)
		close(control->event_fd);
	if (control->writer != NULL)
		memif_writer_close(control->writer);
	memif_control_init(control, 0);
}

void memif_control_hello(struct memif_message *message)
{
	*message = (struct memif_message){
		.type = MEMIF_HELLO,
		.hello =
			{
				.version_min = MEMIF_VERSION,
				.version_max = MEMIF_VERSION,
				.region_max = MEMIF_REGIONS - 1,
				.ring_log2_max = MEMIF_RING_LOG2_MAX,
			},
	};
	memcpy(message->hello.name, NAME, sizeof(NAME));
}

struct memif_writer *memif_control_take_writer(struct memif_control *control)
{
	struct memif_writer *writer = control->writer;

	control->writer = NULL;
	return writer;
}

// ---- Messages: each returns 0, or -errno and the reason ------------------------------------

static int refuse(const char **why, int code, const char *text)
{
	*why = text;
	return -code;
}

static int take_init(struct memif_control *control, const struct memif_init *init, const char **why)
{
	if (init->version != MEMIF_VERSION)
		return refuse(why, EPROTO, "the version is not 2.0");
	if (init->mode != MEMIF_MODE_ETHERNET)
		return refuse(why, EPROTO, "the mode is not Ethernet");
	if (init->interface != 0)
		return refuse(why, EPROTO, "the interface is not 0");
	control->stage = MEMIF_EXPECT_PARTS;
	return 0;
}

static int add_region(struct memif_control *control, const struct memif_add_region *region, int fd,
	const char **why)
{
	if (region->index != control->memory.n_regions)
		return refuse(why, EPROTO, "regions are not in order");
	return memif_memory_add(&control->memory, region->size, fd, why);
}

// On success with *keeps set, takes over the descriptor.
static int add_ring(struct memif_control *control, const struct memif_add_ring *ring, int fd,
	bool *keeps, const char **why)
{
	const bool upward = (ring->flags & MEMIF_CLIENT_TO_SERVER) != 0;
	uint8_t *at;

	if (ring->index != 0 || (upward ? control->has_upward : control->ring != NULL))
		return refuse(why, EPROTO, "more than one ring in a direction");
	if (ring->size_log2 == 0 || ring->size_log2 > MEMIF_RING_LOG2_MAX)
		return refuse(why, EPROTO, "the ring's size is out of range");
	if (ring->offset % sizeof(struct memif_descriptor) != 0)
		return refuse(why, EPROTO, "the ring is not aligned");
	at = memif_memory_at(
		&control->memory, ring->region, ring->offset, memif_ring_bytes(ring->size_log2));
	if (at == NULL)
		return refuse(why, EPROTO, "the ring is not within a region");
	if (upward) {
		control->has_upward = true;
		return 0;
	}
	control->ring = (struct memif_ring *)at;
	control->ring_log2 = ring->size_log2;
	control->event_fd = fd;
	*keeps = true;
	return 0;
}

static int connect_client(struct memif_control *control, const char **why)
{
	int rc;

	if (control->ring == NULL)
		return refuse(why, EPROTO, "no ring for frames to the client");
	if (__atomic_load_n(&control->ring->cookie, __ATOMIC_RELAXED) != MEMIF_RING_COOKIE)
		return refuse(why, EPROTO, "the ring's cookie is wrong");
	rc = memif_writer_open(&control->writer, &control->memory, control->ring,
		control->ring_log2, control->event_fd);
	if (rc < 0)
		return refuse(why, -rc,
			rc == -EINVAL ? "the ring's signal is not an eventfd"
				      : "the server has no resources");
	control->event_fd = -1;
	control->stage = MEMIF_UP;
	return 0;
}

// ---- Any message --------------------------------------------------------------------------

// Whether messages of the type carry one file descriptor; the others carry none.
static unsigned wanted_fds(unsigned type)
{
	return type == MEMIF_ADD_REGION || type == MEMIF_ADD_RING;
}

static bool is_expected(const struct memif_control *control, unsigned type)
{
	if (control->stage == MEMIF_EXPECT_INIT)
		return type == MEMIF_INIT;
	return control->stage == MEMIF_EXPECT_PARTS &&
	       (type == MEMIF_ADD_REGION || type == MEMIF_ADD_RING || type == MEMIF_CONNECT);
}

static int take(struct memif_control *control, const struct memif_message *message, const int *fds,
	unsigned n_fds, bool *keeps, const char **why)
{
	if (message->type == MEMIF_DISCONNECT)
		return refuse(why, ECONNRESET, "the client has disconnected");
	if (!is_expected(control, message->type))
		return refuse(why, EPROTO, "the message was not expected");
	if (n_fds != wanted_fds(message->type))
		return refuse(why, EPROTO, "too few or too many file descriptors");
	switch (message->type) {
	case MEMIF_INIT:
		return take_init(control, &message->init, why);
	case MEMIF_ADD_REGION:
		return add_region(control, &message->add_region, fds[0], why);
	case MEMIF_ADD_RING:
		return add_ring(control, &message->add_ring, fds[0], keeps, why);
	default:
		return connect_client(control, why);
	}
}

static void fill_answer(
	const struct memif_control *control, int rc, const char *why, struct memif_message *answer)
{
	*answer = (struct memif_message){.type = MEMIF_ACK};
	if (rc < 0) {
		answer->type = MEMIF_DISCONNECT;
		answer->disconnect.code = -rc;
		snprintf(answer->disconnect.reason, sizeof(answer->disconnect.reason), "%s", why);
	} else if (control->stage == MEMIF_UP) {
		answer->type = MEMIF_CONNECTED;
		memcpy(answer->connect.name, NAME, sizeof(NAME));
	}
}

int memif_control_input(struct memif_control *control, const void *bytes, size_t len,
	const int *fds, unsigned n_fds, struct memif_message *answer)
{
	struct memif_message message;
	const char *why = "the message has the wrong size";
	bool keeps = false;
	int rc = -EPROTO;

	if (len == sizeof(message)) {
		memcpy(&message, bytes, sizeof(message));
		rc = take(control, &message, fds, n_fds, &keeps, &why);
	}
	for (unsigned i = keeps ? 1 : 0; i < n_fds; i++)
		close(fds[i]);
	fill_answer(control, rc, why, answer);
	return rc;
}
