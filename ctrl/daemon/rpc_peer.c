// SPDX-License-Identifier: BSD-3-Clause
// The credentials of a client, from the kernel. No name is looked up, because a name service may be
// slow.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc_private.h"

int rpc_peer_read(evutil_socket_t fd, struct rpc_peer *peer)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return -errno;
	*peer = (struct rpc_peer){
		.uid = credentials.uid,
		.operates = credentials.uid == 0 || credentials.uid == geteuid(),
	};
	return 0;
}
