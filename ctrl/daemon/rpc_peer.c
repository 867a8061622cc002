// SPDX-License-Identifier: BSD-3-Clause
// The credentials of a client, from the kernel. No name is looked up, because a name service may be
// slow.
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc_private.h"

enum { GROUPS_USUAL = 64 };

static bool contains(const gid_t *groups, socklen_t size, gid_t group)
{
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

// Whether the peer was a member of the group when it connected.
static bool is_member(evutil_socket_t fd, gid_t group)
{
	gid_t usual[GROUPS_USUAL], *groups = usual;
	socklen_t size = sizeof(usual);
	bool member = false;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		return contains(groups, size, group);
	if (errno != ERANGE)
		return false;
	groups = malloc(size); // which says how large they are
	if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		member = contains(groups, size, group);
	free(groups);
	return member;
}

int rpc_peer_read(evutil_socket_t fd, const struct config_control *control, struct rpc_peer *peer)
{
	const uid_t owner = control->owner != CONFIG_NO_USER ? control->owner : geteuid();
	const gid_t group = control->operators;
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return -errno;
	*peer = (struct rpc_peer){
		.uid = credentials.uid,
		.operates = credentials.uid == 0 || credentials.uid == owner ||
			    (group != CONFIG_NO_GROUP &&
				    (credentials.gid == group || is_member(fd, group))),
	};
	return 0;
}
