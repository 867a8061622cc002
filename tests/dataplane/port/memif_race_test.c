// SPDX-License-Identifier: BSD-3-Clause
// The control thread, the writing thread, and clients that connect and disconnect, without EAL and
// Criterion, so that ThreadSanitizer can check them. Clients receive whole frames, in order.
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "memif_reader.h"
#include "memif_server.h"

enum { CLIENTS = 300, FRAMES = 2000, LEN_MAX = 300 };

struct memif_race {
	struct memif_server *server;
	char path[64];
	atomic_bool stop;
};

static void *control(void *arg)
{
	struct memif_race *race = arg;

	while (!atomic_load(&race->stop)) {
		struct pollfd wait = {.fd = memif_server_fd(race->server), .events = POLLIN};

		if (poll(&wait, 1, 1) > 0)
			memif_server_process(race->server);
	}
	return NULL;
}

// Numbers the frames. A frame that finds no room passes its number on to the next one.
static void *write_frames(void *arg)
{
	struct memif_race *race = arg;
	uint8_t bytes[LEN_MAX];
	uint64_t number = 0;

	while (!atomic_load(&race->stop)) {
		struct memif_writer *writer = memif_server_writer(race->server);

		if (writer == NULL) {
			usleep(50);
			continue;
		}
		for (unsigned i = 0; i < 32; i++) {
			const struct iovec parts[] = {
				{&number, sizeof(number)}, {bytes, number % LEN_MAX}};

			memset(bytes, (uint8_t)number, sizeof(bytes));
			if (memif_writer_put(writer, parts, 2) < 0)
				break;
			number++;
		}
		memif_writer_publish(writer);
	}
	return NULL;
}

// Returns 0 if all frames have the written content.
static int read_frames(struct memif_reader *reader)
{
	struct pollfd wait = {.fd = memif_reader_fd(reader), .events = POLLIN};
	uint64_t number, next = 0;
	uint8_t bytes[LEN_MAX];

	for (unsigned n = 0; n < FRAMES;) {
		ssize_t len = memif_reader_receive(reader, &number, bytes, sizeof(bytes));

		if (len == -EAGAIN) {
			if (poll(&wait, 1, 10000) != 1)
				return -ETIMEDOUT;
			continue;
		}
		if (len < 0)
			return len;
		if ((n > 0 && number != next) || (uint64_t)len != number % LEN_MAX ||
			(len > 0 &&
				(bytes[0] != (uint8_t)number || bytes[len - 1] != (uint8_t)number)))
			return -EBADMSG;
		next = number + 1;
		n++;
	}
	return 0;
}

static int run_client(const struct memif_race *race)
{
	const struct memif_reader_config config = {.n_buffers = 128, .buffer_size = 128};
	struct memif_reader *reader;
	int rc;

	do {
		rc = memif_reader_open(race->path, &config, &reader);
	} while (rc ==
		 -ECONNREFUSED); // the server has not yet noticed the end of the previous client
	if (rc < 0)
		return rc;
	rc = read_frames(reader);
	memif_reader_close(reader);
	return rc;
}

int main(void)
{
	struct memif_race race = {0};
	struct memif_server_config config = {.path = race.path};
	pthread_t threads[2];
	int rc;

	snprintf(race.path, sizeof(race.path), "/tmp/sluice-race-%d.sock", getpid());
	if (memif_server_open(&config, &race.server) < 0)
		return 1;
	pthread_create(&threads[0], NULL, control, &race);
	pthread_create(&threads[1], NULL, write_frames, &race);
	rc = 0;
	for (unsigned i = 0; i < CLIENTS && rc == 0; i++) {
		rc = run_client(&race);
		if (rc < 0)
			fprintf(stderr, "client %u: %s\n", i, strerror(-rc));
	}
	atomic_store(&race.stop, true);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	memif_server_close(race.server);
	return rc < 0;
}
