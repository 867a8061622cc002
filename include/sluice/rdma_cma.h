// SPDX-License-Identifier: BSD-3-Clause
// librdmacm's calls for multicast, source-compatible: a program that includes <rdma/rdma_cma.h> and
// keeps to them compiles with the flags of `pkg-config sluice-rdmacm`. An id is a session and its
// device an interface. Payload does not go through queue pairs but through the id's session:
// sluice_rdmacm_session().
//
// Unless sluice_rdmacm_attach() says otherwise, ids are sessions of the sluiced that answers at
// $SLUICE_SOCKET, else at /run/sluice/sluice.sock.
//
// Functions that return int return 0, or -1 with errno set. EINVAL for a NULL argument, for an
// address family other than AF_INET and AF_INET6, and for an id that is not bound yet or bound
// already; otherwise the errors of <sluice/sluice.h>. A call that fails has changed nothing.
//
// Threads: any. Only a call whose comment says so waits for another thread.
#ifndef SLUICE_RDMA_CMA_H
#define SLUICE_RDMA_CMA_H

#include <netinet/in.h>
#include <sluice/sluice.h>

// Who has included <sluice/verbs.h> before means to do without libibverbs.
#if !defined(SLUICE_VERBS_H) && __has_include(<infiniband/verbs.h>)
#include <infiniband/verbs.h>
#else
#include <sluice/verbs.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- Types ---------------------------------------------------------------------------------

struct ibv_sa_path_rec; // only pointed to

// Sluice reports ADDR_RESOLVED, MULTICAST_JOIN and MULTICAST_ERROR.
enum rdma_cm_event_type {
	RDMA_CM_EVENT_ADDR_RESOLVED,
	RDMA_CM_EVENT_ADDR_ERROR,
	RDMA_CM_EVENT_ROUTE_RESOLVED,
	RDMA_CM_EVENT_ROUTE_ERROR,
	RDMA_CM_EVENT_CONNECT_REQUEST,
	RDMA_CM_EVENT_CONNECT_RESPONSE,
	RDMA_CM_EVENT_CONNECT_ERROR,
	RDMA_CM_EVENT_UNREACHABLE,
	RDMA_CM_EVENT_REJECTED,
	RDMA_CM_EVENT_ESTABLISHED,
	RDMA_CM_EVENT_DISCONNECTED,
	RDMA_CM_EVENT_DEVICE_REMOVAL,
	RDMA_CM_EVENT_MULTICAST_JOIN,
	RDMA_CM_EVENT_MULTICAST_ERROR,
	RDMA_CM_EVENT_ADDR_CHANGE,
	RDMA_CM_EVENT_TIMEWAIT_EXIT,
};

enum rdma_port_space {
	RDMA_PS_IPOIB = 0x0002,
	RDMA_PS_TCP = 0x0106,
	RDMA_PS_UDP = 0x0111,
	RDMA_PS_IB = 0x013f,
};

#define RDMA_UDP_QKEY 0x01234567

struct rdma_ib_addr {
	union ibv_gid sgid;
	union ibv_gid dgid;
	__be16 pkey;
};

struct rdma_addr {
	union {
		struct sockaddr src_addr;
		struct sockaddr_in src_sin;
		struct sockaddr_in6 src_sin6;
		struct sockaddr_storage src_storage;
	};
	union {
		struct sockaddr dst_addr;
		struct sockaddr_in dst_sin;
		struct sockaddr_in6 dst_sin6;
		struct sockaddr_storage dst_storage;
	};
	union {
		struct rdma_ib_addr ibaddr;
	} addr;
};

struct rdma_route {
	struct rdma_addr addr;
	struct ibv_sa_path_rec *path_rec;
	int num_paths;
};

struct rdma_event_channel {
	int fd; // polls readable while events wait; with O_NONBLOCK rdma_get_cm_event() does not
		// wait
};

struct rdma_cm_id {
	struct ibv_context *verbs;
	struct rdma_event_channel *channel;
	void *context;
	struct ibv_qp *qp;
	struct rdma_route route;
	enum rdma_port_space ps;
	uint8_t port_num;
	struct rdma_cm_event *event; // of an id without a channel: what its last call came to
	struct ibv_comp_channel *send_cq_channel;
	struct ibv_cq *send_cq;
	struct ibv_comp_channel *recv_cq_channel;
	struct ibv_cq *recv_cq;
	struct ibv_srq *srq;
	struct ibv_pd *pd;
	enum ibv_qp_type qp_type;
};

struct rdma_conn_param {
	const void *private_data;
	uint8_t private_data_len;
	uint8_t responder_resources;
	uint8_t initiator_depth;
	uint8_t flow_control;
	uint8_t retry_count;
	uint8_t rnr_retry_count;
	uint8_t srq;
	uint32_t qp_num;
};

struct rdma_ud_param {
	const void *private_data; // the context of the join
	uint8_t private_data_len;
	struct ibv_ah_attr ah_attr; // grh.dgid: the group, IPv4 mapped into IPv6
	uint32_t qp_num;
	uint32_t qkey;
};

struct rdma_cm_event {
	struct rdma_cm_id *id;
	struct rdma_cm_id *listen_id;
	enum rdma_cm_event_type event;
	int status; // 0 or a negative errno
	union {
		struct rdma_conn_param conn;
		struct rdma_ud_param ud;
	} param;
};

enum rdma_cm_join_mc_attr_mask {
	RDMA_CM_JOIN_MC_ATTR_ADDRESS = 1 << 0,
	RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS = 1 << 1,
	RDMA_CM_JOIN_MC_ATTR_RESERVED = 1 << 2,
};

enum rdma_cm_mc_join_flags {
	RDMA_MC_JOIN_FLAG_FULLMEMBER,
	RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER,
	RDMA_MC_JOIN_FLAG_RESERVED,
};

struct rdma_cm_join_mc_attr_ex {
	uint32_t comp_mask; // of enum rdma_cm_join_mc_attr_mask, both are needed
	uint32_t join_flags; // one of enum rdma_cm_mc_join_flags
	struct sockaddr *addr;
};

// ---- Channels and ids ----------------------------------------------------------------------

// NULL with errno set on failure.
SLUICE_API struct rdma_event_channel *rdma_create_event_channel(void);
// After all its ids are destroyed.
SLUICE_API void rdma_destroy_event_channel(struct rdma_event_channel *channel);

// Opens a session. EPROTONOSUPPORT unless `ps` is RDMA_PS_UDP. Without a channel the id is
// synchronous: a join returns when it is done, and id->event tells about it.
SLUICE_API int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id,
	void *context, enum rdma_port_space ps);

// Leaves all groups of the id, forgets its events, waits until those taken are acknowledged, and
// frees it. Never from the thread that is to acknowledge.
SLUICE_API int rdma_destroy_id(struct rdma_cm_id *id);

// Binds to the interface that has the address, and to its UDP port unless that is 0: then frames
// to any port are received. The wildcard address, or NULL to rdma_resolve_addr(), stands for the
// only interface, ENODEV if there are several. EADDRNOTAVAIL if no interface has the address.
SLUICE_API int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr);

// Binds to `src_addr` unless bound, notes the destination, and reports ADDR_RESOLVED.
SLUICE_API int rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *src_addr,
	struct sockaddr *dst_addr, int timeout_ms);

static inline struct sockaddr *rdma_get_local_addr(struct rdma_cm_id *id)
{
	return &id->route.addr.src_addr;
}

static inline struct sockaddr *rdma_get_peer_addr(struct rdma_cm_id *id)
{
	return &id->route.addr.dst_addr;
}

// ---- Memberships ---------------------------------------------------------------------------

// Queues a join and returns; MULTICAST_JOIN follows when the report is on the wire, or
// MULTICAST_ERROR, also later when the group is lost. Each join is an entry of its own that wants
// a leave of its own.
SLUICE_API int rdma_join_multicast(struct rdma_cm_id *id, struct sockaddr *addr, void *context);

// A send-only full member sends no report and receives nothing; it gets its event all the same.
// ENOTSUP for unknown bits in comp_mask, EINVAL if a field is missing or unknown.
SLUICE_API int rdma_join_multicast_ex(
	struct rdma_cm_id *id, struct rdma_cm_join_mc_attr_ex *mc_join_attr, void *context);

// Undoes the newest join with exactly this sockaddr, port and all; EADDRNOTAVAIL if there is none.
// A join whose report was not sent yet is cancelled. Forgets events of the join, and waits until
// those taken are acknowledged: never from the thread that is to acknowledge. Frames that are
// queued can still be read.
SLUICE_API int rdma_leave_multicast(struct rdma_cm_id *id, struct sockaddr *addr);

// ---- Events --------------------------------------------------------------------------------

// Takes the oldest event, waits for one unless the channel's fd is O_NONBLOCK: then EAGAIN.
SLUICE_API int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event);
// Frees an event that was taken.
SLUICE_API int rdma_ack_cm_event(struct rdma_cm_event *event);
SLUICE_API const char *rdma_event_str(enum rdma_cm_event_type event);

// ---- Outside librdmacm ---------------------------------------------------------------------

// The id's session, for sluice_recv_burst(), sluice_send() and the like. Not to join, leave or
// close, nor to take events.
SLUICE_API struct sluice_session *sluice_rdmacm_session(struct rdma_cm_id *id);

// Opens ids from now on in an engine of this process, or at the sluiced at `socket`; both NULL for
// the default. The string must stay.
SLUICE_API void sluice_rdmacm_attach(struct sluice *sluice, const char *socket);

#ifdef __cplusplus
}
#endif

#endif
