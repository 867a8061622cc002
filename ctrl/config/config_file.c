// SPDX-License-Identifier: BSD-3-Clause
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_MIN 4096

// The descriptor of a regular file, or -errno. O_NONBLOCK opens a FIFO without waiting for a
// writer.
static int open_regular(struct config_reader *reader, const char *name)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		config_reader_report(reader, 0, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		config_reader_report(reader, 0, "not a regular file");
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

// A file may grow while it is read, so that its size is not reliable.
char *config_file_read(struct config_reader *reader, const char *name, size_t *len)
{
	int fd = open_regular(reader, name);
	size_t room = ROOM_MIN, n = 0;
	char *text = NULL;

	if (fd < 0)
		return NULL;
	for (;; room *= 2) {
		char *larger = realloc(text, room);
		ssize_t got = 1;

		if (larger == NULL) {
			config_reader_report(reader, 0, "out of memory");
			break;
		}
		text = larger;
		while (n < room && (got = read(fd, text + n, room - n)) > 0)
			n += got;
		if (got < 0) {
			config_reader_report(reader, 0, strerror(errno));
			break;
		}
		if (n > CONFIG_FILE_MAX) {
			char line[64];

			snprintf(line, sizeof(line), "larger than %u MiB", CONFIG_FILE_MAX >> 20);
			config_reader_report(reader, 0, line);
			break;
		}
		if (got == 0) {
			close(fd);
			*len = n;
			return text;
		}
	}
	close(fd);
	free(text);
	return NULL;
}
