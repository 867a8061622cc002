// SPDX-License-Identifier: BSD-3-Clause
// Preloaded into a program: its CLOCK_REALTIME steps by what a test writes to the file CLOCK_FILE,
// two int64_t: the seconds to add, and the number of calls that got such a time.
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct clock_step {
	_Atomic int64_t seconds, calls;
};

static struct clock_step *step;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("CLOCK_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *file = MAP_FAILED;

	if (fd >= 0)
		file = mmap(NULL, sizeof(*step), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file != MAP_FAILED)
		step = file;
	if (fd >= 0)
		close(fd);
}

static time_t step_seconds(void)
{
	if (!step)
		return 0;
	atomic_fetch_add(&step->calls, 1);
	return (time_t)atomic_load(&step->seconds);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, now);

	if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += step_seconds();
	return rc;
}

__attribute__((visibility("default"))) int gettimeofday(
	struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;
	int rc = clock_gettime(CLOCK_REALTIME, &time);

	(void)zone;
	*now = (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
	return rc;
}

__attribute__((visibility("default"))) time_t time(time_t *now)
{
	struct timespec precise;

	clock_gettime(CLOCK_REALTIME, &precise);
	if (now)
		*now = precise.tv_sec;
	return precise.tv_sec;
}
