// SPDX-License-Identifier: BSD-3-Clause
// Channels and events. The fd of a channel is an epoll set of the descriptors of its sessions,
// whose events are read when the program takes one. A channel queues only the events of the face
// itself.
#include "rdmacm.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MULTICAST_QP 0xffffff // the destination queue pair of all multicast

pthread_mutex_t rdmacm_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t rdmacm_acked = PTHREAD_COND_INITIALIZER;

struct rdma_event_channel *rdma_create_event_channel(void)
{
	struct epoll_event interest = {.events = EPOLLIN};
	struct cm_channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	TAILQ_INIT(&channel->local);
	channel->channel.fd = epoll_create1(EPOLL_CLOEXEC);
	if (channel->channel.fd < 0)
		goto free_channel;
	channel->local_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (channel->local_fd < 0)
		goto close_epoll;
	if (epoll_ctl(channel->channel.fd, EPOLL_CTL_ADD, channel->local_fd, &interest) < 0)
		goto close_local;
	return &channel->channel;

close_local:
	close(channel->local_fd);
close_epoll:
	close(channel->channel.fd);
free_channel:
	free(channel);
	return NULL;
}

void rdma_destroy_event_channel(struct rdma_event_channel *rdma_channel)
{
	struct cm_channel *channel = (struct cm_channel *)rdma_channel;

	close(channel->local_fd);
	close(channel->channel.fd);
	free(channel);
}

int rdmacm_event_channel_add(struct cm_channel *channel, struct cm_id *id)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = id};
	int fd = sluice_event_fd(id->session);

	if (fd < 0)
		return fd;
	return epoll_ctl(channel->channel.fd, EPOLL_CTL_ADD, fd, &interest) < 0 ? -errno : 0;
}

static void local_push(struct cm_channel *channel, struct cm_event *event)
{
	TAILQ_INSERT_TAIL(&channel->local, event, link);
	eventfd_write(channel->local_fd, 1);
}

static void local_remove(struct cm_channel *channel, struct cm_event *event)
{
	eventfd_t count;

	TAILQ_REMOVE(&channel->local, event, link);
	if (TAILQ_EMPTY(&channel->local))
		eventfd_read(channel->local_fd, &count);
}

void rdmacm_event_channel_remove(struct cm_channel *channel, struct cm_id *id)
{
	struct cm_event *event, *next;

	epoll_ctl(channel->channel.fd, EPOLL_CTL_DEL, sluice_event_fd(id->session), NULL);
	for (event = TAILQ_FIRST(&channel->local); event; event = next) {
		next = TAILQ_NEXT(event, link);
		if (event->event.id == &id->id) {
			local_remove(channel, event);
			free(event);
		}
	}
}

void rdmacm_event_channel_forget(struct cm_channel *channel, const struct cm_join *join)
{
	struct cm_event *event, *next;

	for (event = TAILQ_FIRST(&channel->local); event; event = next) {
		next = TAILQ_NEXT(event, link);
		if (event->join == join) {
			local_remove(channel, event);
			free(event);
		}
	}
}

static void ud_param_fill(struct rdma_ud_param *param, const struct cm_join *join)
{
	const struct sluice_addr *group = &join->group;
	uint8_t *gid = param->ah_attr.grh.dgid.raw;

	if (group->family == AF_INET) {
		memset(gid + 10, 0xff, 2);
		memcpy(gid + 12, group->bytes, 4);
	} else {
		memcpy(gid, group->bytes, 16);
	}
	param->ah_attr.is_global = 1;
	param->ah_attr.port_num = 1;
	param->qp_num = MULTICAST_QP;
	param->qkey = RDMA_UDP_QKEY;
	param->private_data = join->context;
}

static void event_fill(struct rdma_cm_event *event, struct cm_id *id, const struct cm_join *join,
	enum rdma_cm_event_type type, int status)
{
	*event = (struct rdma_cm_event){.id = &id->id, .event = type, .status = status};
	if (join)
		ud_param_fill(&event->param.ud, join);
}

int rdmacm_event_tell(
	struct cm_id *id, struct cm_join *join, enum rdma_cm_event_type type, int status)
{
	struct cm_event *event;

	if (!id->id.channel) {
		event_fill(&id->last, id, join, type, status);
		id->id.event = &id->last;
		return 0;
	}
	event = calloc(1, sizeof(*event));
	if (!event)
		return -ENOMEM;
	event_fill(&event->event, id, join, type, status);
	event->join = join;
	local_push((struct cm_channel *)id->id.channel, event);
	return 0;
}

static struct cm_join *join_numbered(struct cm_id *id, uintptr_t number)
{
	struct cm_join *join;

	TAILQ_FOREACH (join, &id->joins, link)
		if (join->number == number)
			break;
	return join;
}

// Fills the event from the oldest one of the session. -EAGAIN if that one is not for the program:
// its join was left since, it was reported already, or librdmacm has no such kind.
static int session_event_take(struct cm_id *id, struct cm_event *event)
{
	enum rdma_cm_event_type type = RDMA_CM_EVENT_MULTICAST_JOIN;
	struct sluice_event native;
	struct cm_join *join;
	int rc = sluice_event_get(id->session, &native);

	if (rc < 0)
		return rc;
	sluice_event_ack(id->session, &native);
	if (native.kind != SLUICE_EVENT_JOINED && native.kind != SLUICE_EVENT_ERROR)
		return -EAGAIN;
	join = join_numbered(id, (uintptr_t)native.context);
	if (!join)
		return -EAGAIN;
	if (native.kind == SLUICE_EVENT_JOINED) {
		if (join->state != CM_JOIN_PENDING)
			return -EAGAIN;
		join->state = CM_JOIN_JOINED;
	} else {
		type = RDMA_CM_EVENT_MULTICAST_ERROR;
		if (join->state == CM_JOIN_PENDING)
			join->state = CM_JOIN_FAILED;
	}
	event_fill(&event->event, id, join, type, native.status);
	event->join = join;
	return 0;
}

// Takes the oldest event. -EAGAIN if there is none.
static int channel_take(struct cm_channel *channel, struct cm_event **taken)
{
	struct cm_event *event = TAILQ_FIRST(&channel->local);
	struct epoll_event ready;
	int rc = -EAGAIN;

	if (event) {
		local_remove(channel, event);
	} else {
		event = calloc(1, sizeof(*event));
		if (!event)
			return -ENOMEM;
		while (rc == -EAGAIN && epoll_wait(channel->channel.fd, &ready, 1, 0) == 1)
			rc = session_event_take(ready.data.ptr, event);
		if (rc < 0) {
			free(event);
			return rc;
		}
	}
	if (event->join)
		event->join->unacked++;
	((struct cm_id *)event->event.id)->unacked++;
	*taken = event;
	return 0;
}

int rdma_get_cm_event(struct rdma_event_channel *rdma_channel, struct rdma_cm_event **event)
{
	struct pollfd readable = {.events = POLLIN};
	struct cm_event *taken;
	int rc;

	if (!rdma_channel || !event)
		return rdmacm_result(-EINVAL);
	readable.fd = rdma_channel->fd;
	for (;;) {
		pthread_mutex_lock(&rdmacm_lock);
		rc = channel_take((struct cm_channel *)rdma_channel, &taken);
		pthread_mutex_unlock(&rdmacm_lock);
		if (rc != -EAGAIN || fcntl(rdma_channel->fd, F_GETFL) & O_NONBLOCK)
			break;
		if (poll(&readable, 1, -1) < 0)
			return -1;
	}
	if (rc == 0)
		*event = &taken->event;
	return rdmacm_result(rc);
}

int rdma_ack_cm_event(struct rdma_cm_event *rdma_event)
{
	struct cm_event *event = (struct cm_event *)rdma_event;

	if (!event)
		return rdmacm_result(-EINVAL);
	pthread_mutex_lock(&rdmacm_lock);
	if (event->join)
		event->join->unacked--;
	((struct cm_id *)event->event.id)->unacked--;
	pthread_cond_broadcast(&rdmacm_acked);
	pthread_mutex_unlock(&rdmacm_lock);
	free(event);
	return 0;
}

const char *rdma_event_str(enum rdma_cm_event_type event)
{
	// clang-format off
#define NAME(type) [type] = #type
	static const char *const names[] = {
		NAME(RDMA_CM_EVENT_ADDR_RESOLVED),
		NAME(RDMA_CM_EVENT_ADDR_ERROR),
		NAME(RDMA_CM_EVENT_ROUTE_RESOLVED),
		NAME(RDMA_CM_EVENT_ROUTE_ERROR),
		NAME(RDMA_CM_EVENT_CONNECT_REQUEST),
		NAME(RDMA_CM_EVENT_CONNECT_RESPONSE),
		NAME(RDMA_CM_EVENT_CONNECT_ERROR),
		NAME(RDMA_CM_EVENT_UNREACHABLE),
		NAME(RDMA_CM_EVENT_REJECTED),
		NAME(RDMA_CM_EVENT_ESTABLISHED),
		NAME(RDMA_CM_EVENT_DISCONNECTED),
		NAME(RDMA_CM_EVENT_DEVICE_REMOVAL),
		NAME(RDMA_CM_EVENT_MULTICAST_JOIN),
		NAME(RDMA_CM_EVENT_MULTICAST_ERROR),
		NAME(RDMA_CM_EVENT_ADDR_CHANGE),
		NAME(RDMA_CM_EVENT_TIMEWAIT_EXIT),
	};
#undef NAME
	// clang-format on
	_Static_assert(sizeof(names) / sizeof(names[0]) == RDMA_CM_EVENT_TIMEWAIT_EXIT + 1,
		"each event has its name");

	return (unsigned)event < sizeof(names) / sizeof(names[0]) ? names[event] : "UNKNOWN EVENT";
}
