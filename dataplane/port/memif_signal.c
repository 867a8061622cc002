// SPDX-License-Identifier: BSD-3-Clause
#include "memif_signal.h"
#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	REQUESTS = 256, // with results that are not collected yet
	BATCH = 64, // results collected at once
	TRIES = 8, // other threads may take the freed requests
};

// One for the process, never destroyed: destroying one takes 30 ms.
static struct {
	aio_context_t requests;
	int error; // 0, or a negative errno if there is no context
} context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
	if (syscall(SYS_io_setup, (unsigned)REQUESTS, &context.requests) < 0)
		context.error = -errno;
}

static void collect(void)
{
	struct io_event results[BATCH];
	struct timespec no_time = {0};

	syscall(SYS_io_getevents, context.requests, 0L, (long)BATCH, results, &no_time);
}

int memif_signal_send(int event_fd)
{
	// An eventfd is always readable or writable, so that the request completes at once.
	struct iocb request = {
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = event_fd,
		.aio_buf = POLLIN | POLLOUT,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = event_fd,
	};
	struct iocb *requests[] = {&request};

	pthread_once(&once, set_up);
	if (context.error < 0)
		return context.error;
	for (unsigned i = 0; i < TRIES; i++) {
		if (syscall(SYS_io_submit, context.requests, 1L, requests) == 1)
			return 0;
		if (errno != EAGAIN)
			return -errno;
		collect();
	}
	return -EAGAIN;
}
