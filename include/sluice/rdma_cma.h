// SPDX-License-Identifier: BSD-3-Clause
// The multicast part of librdmacm, source-compatible: a program that includes <rdma/rdma_cma.h> and
// uses only these calls compiles with the flags of `pkg-config sluice-rdmacm`. An id is a session
// and its device an interface. Payload does not pass through queue pairs but through the session of
// the id: sluice_rdmacm_session().
//
// Without sluice_rdmacm_attach(), ids are sessions of the sluiced that answers at $SLUICE_SOCKET,
// or by default at /run/sluice/sluice.sock.
//
// Functions that return int return 0, or -1 with errno set. EINVAL for a NULL argument, for an
// address family other than AF_INET and AF_INET6, and for an id that is not bound yet or bound
// already; otherwise the errors of <sluice/sluice.h>. A call that fails changes nothing.
//
// Addresses and ports are in network byte order, as in struct sockaddr_in.
//
// Threads: any thread may call the functions. A call waits for another thread of the application
// only where its comment says so; calls that open, close, bind, join or leave wait for the engine
// or for sluiced.
#ifndef SLUICE_RDMA_CMA_H
#define SLUICE_RDMA_CMA_H

#include <netinet/in.h>
#include <sluice/sluice.h>

// A program that includes <sluice/verbs.h> first does without libibverbs.
#if !defined(SLUICE_VERBS_H) && __has_include(<infiniband/verbs.h>)
#include <infiniband/verbs.h>
#else
#include <sluice/verbs.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- Types ---------------------------------------------------------------------------------

struct ibv_sa_path_rec; // never defined here

// Sluice reports only ADDR_RESOLVED, MULTICAST_JOIN and MULTICAST_ERROR.
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
		// block
};

struct rdma_cm_id {
	struct ibv_context *verbs;
	struct rdma_event_channel *channel;
	void *context;
	struct ibv_qp *qp;
	struct rdma_route route;
	enum rdma_port_space ps;
	uint8_t port_num;
	struct rdma_cm_event *event; // of an id without a channel: the outcome of its last call
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
	uint32_t comp_mask; // of enum rdma_cm_join_mc_attr_mask; both bits are needed
	uint32_t join_flags; // one of enum rdma_cm_mc_join_flags
	struct sockaddr *addr;
};

// ---- Channels and ids ----------------------------------------------------------------------

// Creates a channel that events are read from. NULL with errno set on failure.
SLUICE_API struct rdma_event_channel *rdma_create_event_channel(void);
// Frees a channel. All its ids must be destroyed before.
SLUICE_API void rdma_destroy_event_channel(struct rdma_event_channel *channel);

// Opens a session, with `context` as id->context. EPROTONOSUPPORT unless `ps` is RDMA_PS_UDP.
// Without a channel the id is synchronous: a join returns when it is done, and id->event has the
// outcome.
SLUICE_API int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id,
	void *context, enum rdma_port_space ps);

// Leaves all groups of the id, drops its waiting events, waits until its events that were taken are
// acknowledged, and frees it. Never on the thread that is to acknowledge them.
SLUICE_API int rdma_destroy_id(struct rdma_cm_id *id);

// Binds the id to the interface that has the address, and to its UDP port; with port 0 frames to
// any port are received. The wildcard address, or NULL to rdma_resolve_addr(), stands for the only
// interface: ENODEV if there are several. EADDRNOTAVAIL if no interface has the address.
SLUICE_API int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr);

// Binds the id to `src_addr` unless it is bound, sets the destination, and reports ADDR_RESOLVED at
// once: `timeout_ms` means nothing here.
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

// Queues a join and returns. The event MULTICAST_JOIN follows when the report is on the wire, or
// MULTICAST_ERROR, also later if the group is lost; both carry `context` in param.ud.private_data.
// Each join is an entry of its own and needs a leave of its own.
SLUICE_API int rdma_join_multicast(struct rdma_cm_id *id, struct sockaddr *addr, void *context);

// The same with flags. A send-only full member sends no report and receives no frame, but gets its
// event. ENOTSUP for unknown bits in comp_mask, EINVAL if a field is missing or unknown.
SLUICE_API int rdma_join_multicast_ex(
	struct rdma_cm_id *id, struct rdma_cm_join_mc_attr_ex *mc_join_attr, void *context);

// Undoes the newest join with exactly this sockaddr, port included; EADDRNOTAVAIL if there is none.
// Cancels a join whose report was not sent yet. Drops the waiting events of the join, and waits
// until its events that were taken are acknowledged: never on the thread that is to acknowledge
// them. Frames that are queued can still be received.
SLUICE_API int rdma_leave_multicast(struct rdma_cm_id *id, struct sockaddr *addr);

// ---- Events --------------------------------------------------------------------------------

// Takes the oldest event. Blocks until there is one, unless channel->fd is O_NONBLOCK: then EAGAIN.
SLUICE_API int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event);
// Acknowledges and frees an event that was taken.
SLUICE_API int rdma_ack_cm_event(struct rdma_cm_event *event);
// Returns the name of an event type, a constant.
SLUICE_API const char *rdma_event_str(enum rdma_cm_event_type event);

// ---- Outside librdmacm ---------------------------------------------------------------------

// Returns the session of the id, to receive and send with. Do not join, leave, close or take events
// on it.
SLUICE_API struct sluice_session *sluice_rdmacm_session(struct rdma_cm_id *id);

// Opens later ids on an engine of this process (`sluice`) or on the sluiced at `socket`; both NULL
// for the default. The string must stay valid.
SLUICE_API void sluice_rdmacm_attach(struct sluice *sluice, const char *socket);

#ifdef __cplusplus
}
#endif

#endif
