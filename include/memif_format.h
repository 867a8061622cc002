// SPDX-License-Identifier: BSD-3-Clause
// The memif protocol, version 2.0: control messages and the layout of the shared memory. The facts
// are those of DPDK's "Memif Poll Mode Driver" guide and of what its driver and libmemif exchange.
//
// The file is in include/, because both the data plane and the clients without DPDK need it, and
// include/ is the one folder that both may see. It is not installed.
//
// Two processes share memory. The client allocates it, in regions, and sends the file descriptors
// over a SOCK_SEQPACKET Unix socket. The server maps them. A client-to-server ring carries frames
// to the server, a server-to-client ring to the client. In either, the client fills in where each
// descriptor's buffer lies. All numbers are in host order.
//
// The handshake, where the server answers each message before the client sends the next:
//
//   server                      client
//   HELLO: limits           ->
//                           <-  INIT: version, interface, mode
//   ACK                     ->
//                           <-  ADD_REGION: size, with one file descriptor     per region
//   ACK                     ->
//                           <-  ADD_RING: place, with one eventfd              per ring
//   ACK                     ->
//                           <-  CONNECT
//   CONNECTED               ->
//   DISCONNECT, by either side at any time, with a reason
#ifndef MEMIF_FORMAT_H
#define MEMIF_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define MEMIF_VERSION 0x0200 // major 2, minor 0
#define MEMIF_RING_COOKIE 0x3e31f20u // in each ring's header
#define MEMIF_RING_LOG2_MAX 14

enum memif_message_type {
	MEMIF_ACK = 1,
	MEMIF_HELLO,
	MEMIF_INIT,
	MEMIF_ADD_REGION,
	MEMIF_ADD_RING,
	MEMIF_CONNECT,
	MEMIF_CONNECTED,
	MEMIF_DISCONNECT,
};

enum memif_mode { MEMIF_MODE_ETHERNET, MEMIF_MODE_IP, MEMIF_MODE_PUNT };

// ---- Control messages ----------------------------------------------------------------------

struct memif_hello {
	char name[32]; // of the program
	uint16_t version_min, version_max;
	uint16_t region_max; // the highest index the server takes; so are the next two
	uint16_t server_to_client_max;
	uint16_t client_to_server_max;
	uint8_t ring_log2_max;
} __attribute__((packed));

struct memif_init {
	uint16_t version;
	uint32_t interface; // number of the interface on this socket
	uint8_t mode; // enum memif_mode
	char secret[24];
	char name[32];
} __attribute__((packed));

struct memif_add_region {
	uint16_t index;
	uint64_t size; // bytes
} __attribute__((packed));

#define MEMIF_CLIENT_TO_SERVER 1u // flag of memif_add_ring

struct memif_add_ring {
	uint16_t flags;
	uint16_t index; // among the rings of its direction
	uint16_t region;
	uint32_t offset; // of the ring's header in the region, bytes
	uint8_t size_log2; // descriptors
	uint16_t private_size; // of what a peer keeps behind the ring; 0
} __attribute__((packed));

struct memif_connect { // CONNECT and CONNECTED
	char name[32]; // of the interface
} __attribute__((packed));

struct memif_disconnect {
	uint32_t code;
	char reason[96];
} __attribute__((packed));

// Always sent as a whole.
struct memif_message {
	uint16_t type; // enum memif_message_type
	union {
		struct memif_hello hello;
		struct memif_init init;
		struct memif_add_region add_region;
		struct memif_add_ring add_ring;
		struct memif_connect connect;
		struct memif_disconnect disconnect;
		uint8_t bytes[126];
	};
} __attribute__((packed));

static_assert(sizeof(struct memif_hello) == 43, "layout");
static_assert(sizeof(struct memif_init) == 63, "layout");
static_assert(sizeof(struct memif_add_region) == 10, "layout");
static_assert(sizeof(struct memif_add_ring) == 13, "layout");
static_assert(sizeof(struct memif_message) == 128, "layout");

// ---- Shared memory -------------------------------------------------------------------------

#define MEMIF_CHAINED 1u // flag of a descriptor: the frame goes on in the next one

struct memif_descriptor {
	uint16_t flags;
	uint16_t region; // where the buffer lies
	uint32_t length; // bytes of the frame's part; of the buffer while it is empty
	uint32_t offset; // of the buffer in the region
	uint32_t metadata;
};

#define MEMIF_NO_INTERRUPT 1u // flag of a ring: its receiver polls, and needs no signal

// Head and tail count descriptors and wrap at 2^16; a descriptor's place is that modulo the size.
// The client writes the head, the server the tail. In a server-to-client ring the descriptors from
// tail to head hold empty buffers, and those before the tail hold frames. In a client-to-server
// ring those from tail to head hold frames. Head, tail and flags must be read and written
// atomically, and whoever adds to a ring signals its eventfd unless the flag above is set.
struct memif_ring {
	uint32_t cookie;
	uint16_t flags;
	uint16_t head;
	uint8_t pad1[56];
	uint16_t tail;
	uint8_t pad2[62];
	struct memif_descriptor descriptors[];
};

static_assert(sizeof(struct memif_descriptor) == 16, "layout");
static_assert(offsetof(struct memif_ring, tail) == 64, "layout");
static_assert(sizeof(struct memif_ring) == 128, "layout");

static inline size_t memif_ring_bytes(unsigned size_log2)
{
	return sizeof(struct memif_ring) +
	       ((size_t)1 << size_log2) * sizeof(struct memif_descriptor);
}

// ---- Sluice's frames -----------------------------------------------------------------------

// Each frame of sluiced goes behind a number in host order, by which its session is known: the
// number in the answer to session.attach.
#define MEMIF_TAG sizeof(uint64_t)

#endif
