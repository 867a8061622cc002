// SPDX-License-Identifier: BSD-3-Clause
// Reads the input of a fuzzer piece by piece; everything beyond its end is zero.
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *bytes;
	size_t left;
};

static inline unsigned input_u8(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->bytes++;
}

static inline unsigned input_u16(struct input *input)
{
	unsigned high = input_u8(input);

	return high << 8 | input_u8(input);
}

// The next n bytes, or fewer at the end.
static inline const uint8_t *input_take(struct input *input, size_t *n)
{
	const uint8_t *bytes = input->bytes;

	if (*n > input->left)
		*n = input->left;
	input->bytes += *n;
	input->left -= *n;
	return bytes;
}

// How many frames, requests, ... a target has taken out of its inputs; fuzz_replay.c prints it.
__attribute__((weak)) uint64_t input_items;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
