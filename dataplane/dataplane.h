// SPDX-License-Identifier: BSD-3-Clause
// The interface of the data plane for the control side: ports, interfaces, outputs, subscriptions,
// punted frames and statistics. Workers share with the caller what is published for them (group
// tables, maps of interfaces, lists of sources) and the counters they keep.
//
//   dataplane.c        opens and closes the data plane, starts and stops its workers
//   dataplane_error.c  texts of errors
//   drop.c             names of the drop reasons
//   table/             which group goes where; its map is in table/group_table.h
//   port/              devices, queues, MAC filters, memif; its map is in port/port.h
//   path/              the way of a frame, from a receive queue to outputs; its map is in
//   path/pipeline.h
//
// Thread rule: every function belongs to the control thread (one thread, the group table's only
// writer) unless it says otherwise. All return 0 or a negative errno unless they say otherwise.
// EAL must be up; the data plane never calls rte_eal_init() or rte_eal_cleanup().
#ifndef DATAPLANE_DATAPLANE_H
#define DATAPLANE_DATAPLANE_H

#include <stddef.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <sluice/stats.h>
#include <sluice/types.h>

struct dataplane;
struct port; // a DPDK ethdev
struct interface; // a port, or one VLAN or QinQ pair of it
struct output; // where frames go

// Text of the last error of a call that takes one: what and where, one line, no newline.
struct dataplane_error {
	char text[512];
};

struct dataplane_config {
	const unsigned
		*worker_lcores; // EAL lcores, none of them the caller's; they get queues in turn
	unsigned n_workers; // 1 or more
	unsigned mbufs; // frames that all ring outputs together may hold; each receive pool has
			// as many in addition to those of its queues; 0: 4096
	uint16_t frame_size; // largest frame received in one segment, bytes; 0: 2048.
			     // A device that knows no segments gets what its MTU takes
	bool filters; // app_filter_burst() will be called
	// IGMP and MLD frames per second that reach control, of each interface, family and kind,
	// from all workers together; general queries 1/100 of it. 0: 10000
	unsigned punt_rate;
};

// NULL, with the cause in `error`: an lcore that EAL does not have or that is the caller's, or no
// memory.
struct dataplane *dataplane_open(
	const struct dataplane_config *config, struct dataplane_error *error);
// Stops the workers, restores promiscuous and allmulticast, closes the ports, frees everything.
// -ETIMEDOUT: a worker is stalled and may use all of it, so that nothing is closed or freed.
int dataplane_close(struct dataplane *dp);

// Workers run between start and stop. Ports, interfaces and outputs may be opened at any time.
// -EBUSY: something else runs on a worker's lcore.
int dataplane_start(struct dataplane *dp, struct dataplane_error *error);
// -ETIMEDOUT: a worker is stalled and has not ended within a second. It ends when it goes on.
int dataplane_stop(struct dataplane *dp);

// ---- Ports ---------------------------------------------------------------------------------

struct port_config {
	const char *name;
	const char *device; // devargs to probe ("net_tap0,iface=sl0"), or an existing port's name
	uint16_t queues; // receive queues, 1 or more
	uint16_t mtu; // 0: leave as it is
};

enum port_receive_mode { // what makes the NIC let multicast through (DESIGN.md section 10.9)
	PORT_FILTERS, // exact MAC filters
	PORT_ALLMULTICAST,
	PORT_PROMISCUOUS,
};

struct port_info {
	const char *name;
	const char *device;
	const char *driver;
	struct rte_ether_addr mac;
	uint16_t mtu;
	bool up; // carrier
	bool removed; // the device is gone
	enum port_receive_mode mode;
	const char *mode_reason; // why not the mode above it: "set_mc_addr_list: Operation not..."
	SLUICE_PORT_STATS(SLUICE_STATS_MEMBER)
};

// Probes and starts the device and gives its receive queues to the workers in turn; if they run,
// they poll it from now on. `error` says in one line what is wrong and what to do: -ENODEV without
// such a device or driver, -ENOENT without a file that it names, -EPERM or -EACCES without the
// privilege, -EINVAL for a number of queues or an MTU that the device does not support, -ENOMEM.
// dataplane_close() closes the port.
int dataplane_add_port(struct dataplane *dp, const struct port_config *config, struct port **port,
	struct dataplane_error *error);
void port_info(const struct port *port, struct port_info *info);
uint16_t port_mtu(const struct port *port); // any thread

// Link changes and removals seen since the last call: calls fn for each port concerned. No worker
// uses a removed port any more when it is reported: its device may be detached while they run. As
// long as a worker is stalled, no removal is reported.
void port_poll_events(struct dataplane *dp, void (*fn)(void *arg, struct port *port), void *arg);

// Count one user more, or one less, of this multicast MAC, which 32 IPv4 groups share. The port
// receives its frames while it has users. If the device refuses a filter, the port falls back to
// the next port_receive_mode, which is no failure.
int port_mac_add(struct port *port, const struct rte_ether_addr *mac);
void port_mac_remove(struct port *port, const struct rte_ether_addr *mac);

// Any thread. Allocates a frame for sending; NULL when the pool is empty.
struct rte_mbuf *port_frame_alloc(struct port *port);
// Sends one frame from the control thread and takes it over on success. -EAGAIN when the ring is
// full or the port is down: the frame stays the caller's.
int port_send(struct port *port, struct rte_mbuf *frame);

// ---- Interfaces ----------------------------------------------------------------------------

#define VLAN_NONE 0 // no tag; priority tags (VLAN 0) count as none

struct interface_config {
	uint16_t outer_vlan; // VLAN_NONE: untagged
	uint16_t inner_vlan; // VLAN_NONE: a single tag
	void *user;
};
// Workers may run: frames with these tags are the interface's from now on. -EINVAL: no such VLAN;
// -EEXIST: the port has an interface with these tags; -ENOMEM.
int interface_open(struct port *port, const struct interface_config *config,
	struct interface **interface, struct dataplane_error *error);
// Workers may run. Frames with the interface's tags are dropped as no_interface from here on; when
// it returns 0, no worker, no app_filter_burst() and no punted frame refers to the interface, which
// is freed. -EBUSY while a group is subscribed: withdraw all subscriptions first. -ETIMEDOUT: a
// worker is stalled; the interface gets no more frames, and the call can be repeated.
int interface_close(struct interface *interface);
void *interface_user(const struct interface *interface);
struct port *interface_port(const struct interface *interface);

// ---- Outputs -------------------------------------------------------------------------------

enum output_kind {
	OUTPUT_COUNT, // nothing but counting
	OUTPUT_RING, // an in-process ring, read by output_receive_burst()
	OUTPUT_PORT,
};

struct output_config {
	enum output_kind kind;
	unsigned ring_size; // OUTPUT_RING: frames, a power of two
	struct port *port; // OUTPUT_PORT; frames leave as they came, except for:
	uint16_t vlan; // VLAN_NONE: leave untagged, else with this one tag
	bool set_source_mac;
	struct rte_ether_addr source_mac;
};
struct output_stats {
	SLUICE_OUTPUT_STATS(SLUICE_STATS_MEMBER)
};

int output_open(struct dataplane *dp, const struct output_config *config, struct output **output,
	struct dataplane_error *error);
// Waits for a grace period, then frees the output and the frames that are still queued; with a
// stalled worker, dataplane_reclaim() frees them later. The output is not the caller's any more.
// -EBUSY while a subscription names it.
int output_close(struct output *output);
// OUTPUT_RING: receives up to n frames, which become the caller's. One thread at a time.
unsigned output_receive_burst(struct output *output, struct rte_mbuf **frames, unsigned n);
// Frees the queued frames (the flush of a leave). On the thread that receives.
void output_flush(struct output *output);
void output_stats(const struct output *output, struct output_stats *stats);

// ---- Subscriptions -------------------------------------------------------------------------

// A frame of the group goes to `output` if the filter and the UDP port let it through. An output of
// several subscribers of a group gets the frame once.
struct subscriber {
	uint64_t owner; // the caller's key
	struct output *output;
	uint16_t udp_port_be; // destination port, network order; 0: any
	// Sources sorted by memcmp(), of the group's family; copied.
	struct sluice_source_filter filter;
};

// Replaces all of the owner's subscribers of one group by these n, at once for every worker; n 0
// withdraws the owner. Withdrawing never fails, nor does a change after which the group has no more
// subscribers, sources and outputs than before. Any other change, even to a narrower filter with
// one source more, can fail with -ENOMEM, or -ENOSPC when the group has too many subscribers, and
// then changes nothing. Workers may still use the old ones until dataplane_synchronize(). Without
// memory, and while a worker is stalled, withdrawing one owner of several can fail as well.
int interface_subscribe(struct interface *interface, const struct sluice_addr *group,
	uint64_t owner, const struct subscriber *subs, unsigned n);

struct fanout_hook; // table/fanout.h

// Has the workers call the hook for each frame they receive for the group, before they deliver it;
// NULL removes the hook of the group. Workers may still call the old one until
// dataplane_synchronize(). The hook stays when subscribers come and go, and is removed with the
// last of them. -ENOENT if the group has no subscriber, -ENOMEM; removing never fails.
int interface_set_hook(struct interface *interface, const struct sluice_addr *group,
	const struct fanout_hook *hook);

// Waits until no worker uses anything withdrawn before the call. A few microseconds. -ETIMEDOUT: a
// worker is stalled (worker_poll_events()) and may use it until it goes on. The first call that
// meets a stalled worker returns after a second, the others at once.
int dataplane_synchronize(struct dataplane *dp);

// Frees a part of what was withdrawn and is no longer used; call it now and then.
void dataplane_reclaim(struct dataplane *dp);

// Control thread. The protocol of the interface accepted a general query from this address: its
// queries have budgets of their own among the punted frames.
void interface_querier_heard(
	struct interface *interface, const struct sluice_addr *querier, uint64_t now_ms);

struct group_stats {
	// As they were received, without the tags a NIC took out.
	SLUICE_GROUP_COUNTERS(SLUICE_STATS_MEMBER)
	uint64_t last_ms; // when the last packet came, CLOCK_MONOTONIC, to 16 ms; 0 if none did
};
// -ENOENT if the group has no subscriber. Counting starts with the first subscriber.
int interface_group_stats(const struct interface *interface, const struct sluice_addr *group,
	struct group_stats *stats);

// ---- The application's own frames ----------------------------------------------------------

#define FILTER_BURST 64

// Any thread, EAL thread or not; needs dataplane_config.filters. Which of these n <= FILTER_BURST
// frames does the output get? Bit i of the result is frame i's. All are taken to be the
// interface's, whatever tags they carry. IGMP and MLD frames among them are punted as copies.
uint64_t app_filter_burst(struct interface *interface, const struct output *output,
	struct rte_mbuf *const *frames, unsigned n);

// Delivers a frame that is being sent to the ring and counting outputs of this process that want
// it. The frame stays the caller's. -ENOBUFS without a buffer for the copy.
int app_filter_loop(struct interface *interface, const struct rte_mbuf *frame);

// Any thread. Whether a received frame with these tags came by the interface.
bool interface_received(const struct interface *interface, const struct rte_mbuf *frame,
	uint16_t outer_vlan, uint16_t inner_vlan);

// ---- Punted frames -------------------------------------------------------------------------

// An IGMP or MLD frame that an interface received. `packet` is the IP packet inside `frame`,
// contiguous.
struct punted {
	struct interface *interface;
	const uint8_t *packet;
	uint16_t len;
	struct rte_mbuf *frame; // the caller frees it
};
// Queries come first, those of known queriers before others, but each kind gets a share of n.
unsigned punt_burst(struct dataplane *dp, struct punted *punted, unsigned n);

// ---- Workers -------------------------------------------------------------------------------

// DROP_NOT_MULTICAST and so on, see SLUICE_WORKER_DROPS.
#define DROP_REASON(symbol, ...) DROP_##symbol,
enum drop_reason {
	DROP_NONE, // no reason to drop the frame
	SLUICE_WORKER_DROPS(DROP_REASON) DROP_REASONS,
};
#undef DROP_REASON
const char *drop_reason_name(enum drop_reason reason); // "not_joined"

struct worker_info {
	unsigned lcore;
	SLUICE_WORKER_STATS(SLUICE_STATS_MEMBER)
	uint64_t drops[DROP_REASONS];
};
unsigned worker_count(const struct dataplane *dp);
void worker_info(const struct dataplane *dp, unsigned index, struct worker_info *info);

#define WORKER_STALL_MS 1000

// To be called every few milliseconds while the workers run. Calls fn for each worker that has made
// no turn of its loop for WORKER_STALL_MS, once, and again when it goes on. Time in which nobody
// called does not count: a process that is stopped has no stalled worker.
void worker_poll_events(struct dataplane *dp, uint64_t now_ms,
	void (*fn)(void *arg, unsigned lcore, bool stalled), void *arg);
// How many workers are stalled now, as of the last worker_poll_events().
unsigned worker_count_stalled(const struct dataplane *dp);

#endif
