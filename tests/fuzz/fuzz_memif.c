// SPDX-License-Identifier: BSD-3-Clause
// A memif client: messages with file descriptors of any kind, and memory that changes between
// frames. Nothing is written outside the region, and no descriptor is leaked.
// The input is a list of steps: a byte that selects the action, then its arguments.
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <memif_control.h>
#include "require.h"

#define REGION 12000 // bytes: not whole pages, so that the last one shows what is written beyond
#define MAPPED 12288
#define GUARD 0xa5
#define FDS 3

enum step { STEP_MESSAGE, STEP_GOOD, STEP_PATCH, STEP_RING, STEP_FRAME, STEPS };

struct fuzz_client {
	struct memif_control control;
	struct memif_writer *writer;
	int memory_fd, event_fd;
	uint8_t *memory;
	unsigned n_good; // messages of a correct handshake
	bool ended;
};

static void open_client(struct fuzz_client *client)
{
	*client = (struct fuzz_client){0};
	memif_control_init(&client->control, 1 << 20);
	client->memory_fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	client->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	REQUIRE(client->memory_fd >= 0 && client->event_fd >= 0);
	REQUIRE(ftruncate(client->memory_fd, REGION) == 0);
	REQUIRE(fcntl(client->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	client->memory =
		mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, client->memory_fd, 0);
	REQUIRE(client->memory != MAP_FAILED);
	memset(client->memory + REGION, GUARD, MAPPED - REGION);
}

static void close_client(struct fuzz_client *client)
{
	if (client->writer != NULL)
		memif_writer_close(client->writer);
	memif_control_close(&client->control);
	for (unsigned i = REGION; i < MAPPED; i++)
		REQUIRE(client->memory[i] == GUARD);
	munmap(client->memory, MAPPED);
	close(client->memory_fd);
	close(client->event_fd);
}

static void give(struct fuzz_client *client, const void *bytes, size_t len, int fd, unsigned n_fds)
{
	struct memif_message answer;
	int fds[FDS], rc;

	for (unsigned i = 0; i < n_fds; i++)
		fds[i] = dup(fd);
	rc = memif_control_input(&client->control, bytes, len, fds, n_fds, &answer);
	REQUIRE(answer.type == MEMIF_ACK || answer.type == MEMIF_CONNECTED ||
		(rc < 0 && answer.type == MEMIF_DISCONNECT));
	client->ended = rc < 0;
	if (rc == 0 && client->control.stage == MEMIF_UP)
		client->writer = memif_control_take_writer(&client->control);
}

static void give_message(struct fuzz_client *client, struct input *input)
{
	struct memif_message message = {.type = input_u8(input) % 10};
	const unsigned how = input_u8(input);
	size_t n = input_u8(input) % sizeof(message.bytes);
	const uint8_t *bytes = input_take(input, &n);

	memcpy(message.bytes, bytes, n);
	give(client, &message, how & 64 ? how : sizeof(message),
		how & 1 ? client->memory_fd : client->event_fd, how / 2 % (FDS + 1));
}

// Sends the next message of a correct handshake, so that the fuzzer reaches the end of it.
static void give_good(struct fuzz_client *client)
{
	struct memif_message message = {0};

	switch (client->n_good++) {
	case 0:
		message.type = MEMIF_INIT;
		message.init.version = MEMIF_VERSION;
		give(client, &message, sizeof(message), -1, 0);
		break;
	case 1:
		message.type = MEMIF_ADD_REGION;
		message.add_region.size = REGION;
		give(client, &message, sizeof(message), client->memory_fd, 1);
		break;
	case 2:
		message.type = MEMIF_ADD_RING;
		message.add_ring.size_log2 = 3;
		give(client, &message, sizeof(message), client->event_fd, 1);
		break;
	default:
		((struct memif_ring *)client->memory)->cookie = MEMIF_RING_COOKIE;
		message.type = MEMIF_CONNECT;
		give(client, &message, sizeof(message), -1, 0);
	}
}

static void patch_memory(struct fuzz_client *client, struct input *input)
{
	const size_t at = input_u16(input) % REGION;
	size_t n = input_u8(input) % 32;
	const uint8_t *bytes;

	n = n < REGION - at ? n : REGION - at;
	bytes = input_take(input, &n);
	memcpy(client->memory + at, bytes, n);
}

// Offers buffers that are correct except for the changes in the input.
static void fill_ring(struct fuzz_client *client, struct input *input)
{
	struct memif_ring *ring = (struct memif_ring *)client->memory;

	for (unsigned i = 0; i < 8; i++)
		ring->descriptors[i] =
			(struct memif_descriptor){.length = 1000, .offset = 1000 + 1300 * i};
	ring->descriptors[input_u8(input) % 8].length = input_u8(input) * 50;
	ring->head += input_u8(input) % 16;
}

static void write_frame(struct fuzz_client *client, struct input *input)
{
	static const uint8_t frame[9000] = {1, 2, 3};
	struct iovec parts[] = {{(void *)frame, 8}, {(void *)frame, input_u8(input) * 35}};
	int rc;

	if (client->writer == NULL)
		return;
	rc = memif_writer_put(client->writer, parts, 2);
	REQUIRE(rc == 0 || rc == -EAGAIN || rc == -EMSGSIZE || rc == -EPROTO);
	REQUIRE(rc != -EPROTO || memif_writer_is_broken(client->writer));
	memif_writer_publish(client->writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input input = {bytes, len};
	const int first_free = dup(STDERR_FILENO);
	struct fuzz_client client;
	int still_free;

	close(first_free);
	open_client(&client);
	while (input.left > 0 && !client.ended) {
		switch ((enum step)(input_u8(&input) % STEPS)) {
		case STEP_MESSAGE:
			give_message(&client, &input);
			break;
		case STEP_GOOD:
			give_good(&client);
			break;
		case STEP_PATCH:
			patch_memory(&client, &input);
			break;
		case STEP_RING:
			fill_ring(&client, &input);
			break;
		default:
			write_frame(&client, &input);
		}
	}
	close_client(&client);
	// A leaked descriptor would have this number.
	still_free = dup(STDERR_FILENO);
	REQUIRE(still_free == first_free);
	close(still_free);
	return 0;
}
