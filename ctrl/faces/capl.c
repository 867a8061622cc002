// SPDX-License-Identifier: BSD-3-Clause
// The calls of CAPL that join, leave and send.
#include "capl_socket.h"
#include <arpa/inet.h>
#include <errno.h>

// Returns the native index of the interface that has the address with this number.
static int interface_find(struct capl_socket *socket, dword ifIndex)
{
	dword last = 0;
	int n;

	if (ifIndex == 0)
		return -ENODEV;
	for (unsigned native = 1;; native++) {
		n = sluice_interface_addresses(socket->session, native, NULL, 0);
		if (n < 0)
			return n;
		last += n > 0 ? n : 1;
		if (ifIndex <= last)
			return native;
	}
}

static int join_once(struct capl_socket *socket, unsigned native, const struct sluice_addr *group)
{
	enum sluice_filter_mode mode;
	unsigned n_sources = 0;
	int rc = sluice_get_filter(socket->session, native, group, &mode, NULL, &n_sources);

	if (rc == 0)
		return -EADDRNOTAVAIL;
	return rc == -EADDRNOTAVAIL ? sluice_join(socket->session, native, group) : rc;
}

static int leave(struct capl_socket *socket, unsigned native, const struct sluice_addr *group)
{
	int rc = sluice_leave_flush(socket->session, native, group);

	return rc == -EADDRNOTAVAIL ? -EINVAL : rc;
}

typedef int membership_fn(
	struct capl_socket *socket, unsigned native, const struct sluice_addr *group);

static int membership_change(struct capl_socket *socket, dword ifIndex,
	const struct sluice_addr *group, membership_fn *change)
{
	int native = interface_find(socket, ifIndex), rc;

	capl_socket_read_events(socket);
	if (native < 0)
		return native;
	rc = capl_socket_check_address(socket, group);
	return rc == 0 ? change(socket, native, group) : rc;
}

long(IpJoinMulticastGroup)(dword handle, dword ifIndex, IP_Address group)
{
	struct capl_socket *socket = capl_socket_take(handle);

	return capl_socket_done(
		socket, socket ? membership_change(socket, ifIndex, &group.addr, join_once) : 0);
}

long(IpLeaveMulticastGroup)(dword handle, dword ifIndex, IP_Address group)
{
	struct capl_socket *socket = capl_socket_take(handle);

	return capl_socket_done(
		socket, socket ? membership_change(socket, ifIndex, &group.addr, leave) : 0);
}

static int multicast_if_set(struct capl_socket *socket, dword ifIndex)
{
	int native = interface_find(socket, ifIndex), rc;

	if (native < 0)
		return native;
	rc = sluice_set_multicast_if(socket->session, native);
	if (rc == 0)
		socket->multicast_if = ifIndex;
	return rc;
}

long IpSetMulticastInterface(dword handle, dword ifIndex)
{
	struct capl_socket *socket = capl_socket_take(handle);

	return capl_socket_done(socket, socket ? multicast_if_set(socket, ifIndex) : 0);
}

static int datagram_send(
	struct capl_socket *socket, const IP_Endpoint *remote, const void *buffer, dword size)
{
	const IP_Address *group = &remote->Address;
	int rc = capl_socket_check_address(socket, &group->addr);

	if (rc < 0)
		return rc;
	if (!buffer && size)
		return -EFAULT;
	if (remote->Port > UINT16_MAX)
		return -EINVAL;
	if (!socket->multicast_if)
		return -ENETUNREACH;
	if (socket->family == AF_INET6 && group->ScopeID != socket->multicast_if)
		return -EADDRNOTAVAIL;
	return sluice_send(socket->session, &group->addr, htons(remote->Port), buffer, size);
}

long UdpSendToEndpoint(dword handle, IP_Endpoint remote, const void *buffer, dword size)
{
	struct capl_socket *socket = capl_socket_take(handle);

	return capl_socket_done(socket, socket ? datagram_send(socket, &remote, buffer, size) : 0);
}

long UdpSendToIpv6(
	dword handle, const byte ipv6Address[], dword port, const void *buffer, dword size)
{
	struct capl_socket *socket = capl_socket_take(handle);
	IP_Endpoint remote = {.Address = capl_address_ipv6(ipv6Address), .Port = port};

	if (socket)
		remote.Address.ScopeID = socket->multicast_if;
	return capl_socket_done(socket, socket ? datagram_send(socket, &remote, buffer, size) : 0);
}
