// SPDX-License-Identifier: BSD-3-Clause
// A host of igmp/ in virtual time. Its port counts all frames and drops them.
#ifndef BENCH_H
#define BENCH_H

#include <member.h>

#define BENCH_GROUPS_MAX 1000000

struct bench {
	struct host *host;
	struct session *session;
	uint64_t now_ms;
	uint64_t frames, records, joined;
	uint64_t first_ms, last_ms; // of the frames since bench_reset()
	unsigned busiest; // most frames in one slot of 100 ms
	uint64_t slot;
	unsigned in_slot;
	uint8_t last_frame[1500];
	size_t last_len;
	double calls; // seconds of CPU in the calls of the last bench_join() or bench_leave()
};

void bench_open(struct bench *bench, int family);
void bench_close(struct bench *bench);
void bench_reset(struct bench *bench);

// The CPU time of this process in seconds.
double bench_cpu(void);
double bench_min(double a, double b);

// 239.0.0.0 and up, or ff0e::.
void bench_group(int family, unsigned i, struct sluice_addr *group);
void bench_source(unsigned i, struct sluice_addr *source);

// The numbers below n in an order that depends on the seed only. The caller frees them.
unsigned *bench_shuffle(unsigned n, uint64_t seed);

// Groups 0 to n - 1 in that order; NULL: in ascending order. The caller frees the list. It is built
// before the calls are timed: a caller that writes an address byte by byte just before each call
// would mostly measure how long these stores wait for those of the previous call.
struct sluice_addr *bench_groups(int family, const unsigned *order, unsigned n);
void bench_join(struct bench *bench, const struct sluice_addr *groups, unsigned n);
void bench_leave(struct bench *bench, const struct sluice_addr *groups, unsigned n);

// Runs until virtual time `until_ms`, until one of the counts above has reached n, or until no
// retransmission is left.
void bench_run(struct bench *bench, uint64_t until_ms);
void bench_run_until(struct bench *bench, const uint64_t *count, uint64_t n);
void bench_settle(struct bench *bench);

// Seconds of CPU for a table insert, a record and its checksum for n groups, in bare C.
double floor_join(unsigned n);

// The same for the least that leaves in that order must do: find the slot of each group, and read
// and clear a word of its record.
double floor_leave(const unsigned *order, unsigned n);

// Seconds of CPU that the kernel takes for n joins over n/20 sockets in a network namespace; 0,
// with the reason on stderr, if that is not possible.
double kernel_join(unsigned n);

#endif
