// SPDX-License-Identifier: BSD-3-Clause
// What sessions have in common whether frames come into the process or not: interfaces and events.
// No DPDK.
#ifndef SLUICE_CONTROL_H
#define SLUICE_CONTROL_H

#include <sluice/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_API __attribute__((visibility("default")))
#define SLUICE_NAME_MAX 64 // bytes of a name with its terminating zero

// The reason of a failure as one line for a person. Functions that take one accept NULL.
struct sluice_error {
	char text[512];
};

// A port, or a VLAN of one, with its addresses.
struct sluice_interface {
	unsigned index; // from 1
	char name[SLUICE_NAME_MAX];
	uint8_t mac[6];
	uint16_t vlan, inner_vlan; // host order; 0: none
	uint16_t mtu; // bytes
	bool up; // the carrier
	struct sluice_addr ipv4, ipv6; // the first of each family, family 0 if none
};

enum sluice_event_kind {
	SLUICE_EVENT_PENDING, // the group is in the group table, its report is about to be sent
	SLUICE_EVENT_JOINED, // the report is on the wire, or none was needed
	SLUICE_EVENT_ERROR, // the join failed, or the membership is lost; see status
	SLUICE_EVENT_LEFT, // the membership ended
};

struct sluice_event {
	enum sluice_event_kind kind;
	int status; // ERROR: a negative errno. After JOINED: -ENETDOWN if the device of the
		    // interface is gone, and the membership stays until it is left; -EPIPE if
		    // sluiced is gone
	unsigned ifindex; // from 1
	struct sluice_addr group; // family 0: the session has lost all its groups with sluiced
	void *context; // as given to the asynchronous join; NULL if the membership came otherwise
	uint64_t id; // to acknowledge the event
};

#ifdef __cplusplus
}
#endif

#endif
