// SPDX-License-Identifier: BSD-3-Clause
// A parsed frame as a template for the frames received with it. A frame that matches needs no
// parsing; only the fields that differ between the frames of a stream are checked.
#ifndef DATAPLANE_PARSE_TEMPLATE_H
#define DATAPLANE_PARSE_TEMPLATE_H

#include <stddef.h>
#ifdef __SSE4_1__
#include <smmintrin.h>
#endif
#include "parse.h"

typedef uint64_t parse_template_vector __attribute__((vector_size(16)));

struct parse_template {
	// Bits that must be equal, and their masks: references, segments and flags of the mbuf, and
	// the first 32 bytes of the frame. Those contain all fields that parse_fast() compares with
	// constants, except the group, and every frame that it accepts is that long.
	parse_template_vector meta, meta_mask;
	parse_template_vector bytes[2], bytes_mask[2];
	const struct rte_mempool *pool;
	bool returns; // freeing returns the mbuf to its pool: direct and unshared
	bool ipv6;
	uint16_t l3_offset;
	uint16_t headers; // bytes before the payload
	uint16_t len_min;
	uint64_t offload_flags; // mbuf flags that count, as in parse_mbuf_fast()
	uint64_t frame_flags; // those set in the template's frame
	uint16_t vlan; // the tag that the NIC stripped, if it did
};

// Makes a template of a frame that parse_mbuf_fast() accepted with the same offload_flags. `parsed`
// is its result.
void parse_template_init(struct parse_template *template, const struct rte_mbuf *frame,
	uint64_t offload_flags, const struct parsed *parsed);

static inline parse_template_vector parse_template_load(const void *p)
{
	parse_template_vector vector;

	memcpy(&vector, p, sizeof(vector));
	return vector;
}

static inline bool parse_template_is_zero(parse_template_vector vector)
{
#ifdef __SSE4_1__
	return _mm_testz_si128((__m128i)vector, (__m128i)vector);
#else
	return (vector[0] | vector[1]) == 0;
#endif
}

// Whether parse_mbuf_fast() would accept the frame, whose bytes are at `data`, with a result of the
// same kind, and the mbuf is freed like the template's. `ipv6` and `offload`
// (frame_flags is not 0) are the template's; as constants they specialise the loop.
static inline __attribute__((always_inline)) bool parse_template_match(
	const struct parse_template *template, const struct rte_mbuf *frame, const uint8_t *data,
	bool ipv6, bool offload)
{
	const uint8_t *ip = data + template->l3_offset;
	parse_template_vector differ;
	bool checksum_good = false;

	if (unlikely(frame->data_len < template->len_min || frame->pool != template->pool))
		return false;
	differ = (parse_template_load(&frame->rearm_data) & template->meta_mask) ^ template->meta;
	for (unsigned i = 0; i < RTE_DIM(template->bytes); i++)
		differ |=
			(parse_template_load(data + i * sizeof(differ)) & template->bytes_mask[i]) ^
			template->bytes[i];
	if (unlikely(!parse_template_is_zero(differ)))
		return false;
	if (offload) {
		if ((template->frame_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) &&
			(frame->vlan_tci & 0xfff) != template->vlan)
			return false;
		checksum_good = parse_checksum_is_good(frame, template->offload_flags);
	}
	return likely(
		ipv6 ? parse_ipv6_is_sound(ip, frame->data_len - template->headers)
		     : parse_ipv4_is_sound(ip, frame->data_len - template->headers, checksum_good));
}

#endif
