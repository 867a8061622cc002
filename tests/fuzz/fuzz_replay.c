// SPDX-License-Identifier: BSD-3-Clause
// Runs a fuzz target without libFuzzer, and so with any compiler: on files, and on random changes
// of them.
//
//	usage: fuzz_TARGET_replay [--random N] [--seed S] FILE...
#include "input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN_MAX 4096 // bytes of an input

struct seed {
	uint8_t *bytes;
	size_t len;
};

static uint64_t state; // of the random numbers

static uint64_t next_random(void)
{
	state += 0x9e3779b97f4a7c15;
	uint64_t z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;

	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t below(size_t n)
{
	return n > 0 ? next_random() % n : 0;
}

static bool read_seed(const char *path, struct seed *seed)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	seed->bytes = malloc(LEN_MAX);
	if (seed->bytes)
		seed->len = fread(seed->bytes, 1, LEN_MAX, file);
	fclose(file);
	return seed->bytes != NULL;
}

// A part of another seed replaces or follows a part of this one.
static size_t splice(uint8_t *bytes, size_t len, const struct seed *other)
{
	const size_t from = below(other->len), at = below(len + 1);
	size_t n = 1 + below(other->len - from);

	if (other->len == 0)
		return len;
	n = n < LEN_MAX - at ? n : LEN_MAX - at;
	memcpy(bytes + at, other->bytes + from, n);
	return at + n > len ? at + n : len;
}

static size_t mutate(uint8_t *bytes, const struct seed *seeds, unsigned n_seeds)
{
	const struct seed *seed = &seeds[below(n_seeds)];
	size_t len = seed->len;

	memcpy(bytes, seed->bytes, len);
	for (unsigned changes = 1 + below(8); changes > 0; changes--) {
		switch (below(5)) {
		case 0:
			if (len > 0)
				bytes[below(len)] ^= 1u << below(8);
			break;
		case 1:
			if (len > 0)
				bytes[below(len)] = next_random();
			break;
		case 2:
			len = below(8) == 0 ? below(len + 1) : len;
			break;
		default:
			len = splice(bytes, len, &seeds[below(n_seeds)]);
		}
	}
	return len;
}

static int usage(void)
{
	fprintf(stderr, "usage: fuzz_TARGET_replay [--random N] [--seed S] FILE...\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct seed *seeds = calloc(argc, sizeof(*seeds));
	uint8_t *bytes = malloc(LEN_MAX);
	unsigned long n_random = 0;
	unsigned n = 0;

	if (!seeds || !bytes)
		return 1;
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			if (!read_seed(argv[i], &seeds[n++])) {
				fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
				return 1;
			}
		} else if (i + 1 == argc) {
			return usage();
		} else if (strcmp(argv[i], "--random") == 0) {
			n_random = strtoul(argv[++i], NULL, 0);
		} else if (strcmp(argv[i], "--seed") == 0) {
			state = strtoul(argv[++i], NULL, 0);
		} else {
			return usage();
		}
	}
	if (n == 0)
		return usage();
	for (unsigned i = 0; i < n; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].len);
	for (unsigned long i = 0; i < n_random; i++) {
		const size_t len = mutate(bytes, seeds, n);

		LLVMFuzzerTestOneInput(bytes, len);
	}
	printf("%lu inputs, %" PRIu64 " items\n", n + n_random, input_items);
	for (unsigned i = 0; i < n; i++)
		free(seeds[i].bytes);
	free(seeds);
	free(bytes);
	return 0;
}
