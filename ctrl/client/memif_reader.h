// SPDX-License-Identifier: BSD-3-Clause
// Receives the frames of sessions that sluiced delivers by shared memory (session.attach), without
// DPDK: a memif client that copies each frame out.
//
// Thread rule: any thread, one at a time.
#ifndef CLIENT_MEMIF_READER_H
#define CLIENT_MEMIF_READER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memif_reader;

struct memif_reader_config {
	unsigned n_buffers; // for unread frames; a power of two, 2 to 16384; 0: 1024
	unsigned buffer_size; // bytes, 64 to 65536; a longer frame takes several; 0: 2048
	unsigned timeout_ms; // for memif_reader_open(); 0: 5000
};

// Connects to the memif server at the path, the `socket` of the answer to session.attach. Blocks
// until it is connected. `config` may be NULL. -EINVAL for a config out of range, -ENOMEM,
// errors of memif_connect(), -errno of memfd_create(), mmap(), eventfd() or epoll_create1().
int memif_reader_open(
	const char *path, const struct memif_reader_config *config, struct memif_reader **reader);
void memif_reader_close(struct memif_reader *reader);

// Readable while there are unread frames, and after the server has closed the connection. It
// belongs to the reader; only poll it. sluiced sends signals only to a reader that has found no
// frame.
int memif_reader_fd(const struct memif_reader *reader);

// Takes the next frame and copies its first `size` bytes. Does not block. *line gets the line of
// its session, `line` in the answer to session.attach. Returns the whole length of the frame in
// bytes, or
//
//   -EAGAIN  there is no frame now
//   -EPIPE   there is no frame, and the server has closed the connection
//   -EPROTO  the ring is invalid; all later calls return this, too
ssize_t memif_reader_receive(struct memif_reader *reader, uint64_t *line, void *frame, size_t size);

#endif
