// SPDX-License-Identifier: BSD-3-Clause
// A host of igmp/ in virtual time whose port swallows all frames and counts them.
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

// The numbers below n in an order that only the seed decides; to be freed.
unsigned *bench_shuffle(unsigned n, uint64_t seed);

// Groups 0 to n - 1 in that order, NULL: in a row; to be freed. A list that is there before the
// calls are timed: where a caller writes an address byte by byte just before each, what is timed is
// how long its stores wait behind those of the call before.
struct sluice_addr *bench_groups(int family, const unsigned *order, unsigned n);
void bench_join(struct bench *bench, const struct sluice_addr *groups, unsigned n);
void bench_leave(struct bench *bench, const struct sluice_addr *groups, unsigned n);

// Runs until virtual time `until_ms`, until one of the counts above has reached n, until nothing
// is to be repeated.
void bench_run(struct bench *bench, uint64_t until_ms);
void bench_run_until(struct bench *bench, const uint64_t *count, uint64_t n);
void bench_settle(struct bench *bench);

// Seconds of CPU for a table insert, a record and its checksum for n groups, in bare C.
double bench_floor(unsigned n);

// The same for what no leave in that order can avoid: the slot of each group is found, and a word
// of its record read and cleared.
double bench_floor_leave(const unsigned *order, unsigned n);

// Seconds of CPU the kernel takes for n joins over n/20 sockets in a namespace of its own; 0 and
// a word on stderr where that cannot be had.
double bench_kernel(unsigned n);

#endif
