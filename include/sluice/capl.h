// SPDX-License-Identifier: BSD-3-Clause
// The CAPL functions of CANoe for multicast over UDP. C has no overloading: where CAPL has one form
// of a function per kind of address, a macro of that name picks the form by the type of the
// argument.
//
// Without sluice_capl_attach(), sockets are sessions of the sluiced that answers at $SLUICE_SOCKET,
// or by default at /run/sluice/sluice.sock.
//
// An IPv4 address in a dword is in network byte order, a port in host byte order. `ifIndex` counts
// addresses from 1: first the configured addresses of the first interface in their order, then
// those of the next. A VLAN is an interface, and an interface without addresses counts once. A
// number stands for the interface that has the address, so all numbers of one interface mean the
// same.
//
// Functions that return long return 0 on success, WSA_INVALID_PARAMETER for a bad socket or
// ifIndex, and SOCKET_ERROR for any other error; IpGetLastSocketError() then returns a Winsock
// code.
//
// Threads: any thread may call the functions, which run one at a time. Opening, closing, joining
// and leaving wait for the engine or for sluiced. To receive, EAL must be up in the process.
#ifndef SLUICE_CAPL_H
#define SLUICE_CAPL_H

#include <sluice/sluice.h>

// The names of these types in CAPL programs.
typedef uint8_t byte;
typedef uint32_t dword;

typedef struct IP_Address {
	struct sluice_addr addr; // family AF_UNSPEC: no address
	dword ScopeID; // IPv6: the ifIndex of the link
} IP_Address;

typedef struct IP_Endpoint {
	IP_Address Address;
	dword Port; // host byte order
} IP_Endpoint;

#define INVALID_SOCKET (~(dword)0)
#define SOCKET_ERROR (-1)

enum {
	WSA_INVALID_PARAMETER = 87,
	WSA_IO_PENDING = 997,
	WSAEFAULT = 10014, // no address or buffer
	WSAEINVAL = 10022, // not multicast or not joinable; leave without join; a port over 65535
	WSAEWOULDBLOCK = 10035, // the queue of the port is full
	WSAEALREADY = 10037, // a receive is pending
	WSAEMSGSIZE = 10040, // longer than the MTU, or than the buffer
	WSAEAFNOSUPPORT = 10047, // the address is not of the socket's family
	WSAEADDRNOTAVAIL = 10049, // joined already; scope id or family do not fit the interface
	WSAENETDOWN = 10050, // no sluiced answers, or it is gone
	WSAENETUNREACH = 10051, // no IpSetMulticastInterface() before a send
	WSAENOBUFS = 10055, // a limit, or no memory
};

static inline IP_Address capl_address_ipv4(dword ipv4Address)
{
	IP_Address address = {.addr = {.family = AF_INET}};

	memcpy(address.addr.bytes, &ipv4Address, sizeof(ipv4Address));
	return address;
}

static inline IP_Address capl_address_ipv6(const byte ipv6Address[])
{
	IP_Address address = {.addr = {.family = AF_UNSPEC}};

	if (ipv6Address) {
		address.addr.family = AF_INET6;
		memcpy(address.addr.bytes, ipv6Address, sizeof(address.addr.bytes));
	}
	return address;
}

static inline IP_Address capl_address_same(IP_Address address)
{
	return address;
}

// Converts an address in any of its three forms to IP_Address.
// clang-format off
#define CAPL_ADDRESS(A) \
	_Generic((A), \
		IP_Address: capl_address_same, \
		byte *: capl_address_ipv6, const byte *: capl_address_ipv6, \
		void *: capl_address_ipv6, \
		default: capl_address_ipv4)(A)
#define CAPL_FIRST(first, ...) (first)
// clang-format on

// ---- Sockets -------------------------------------------------------------------------------

// UdpOpen(dword ipv4Address, dword port), UdpOpen(byte ipv6Address[], dword port),
// UdpOpen(IP_Endpoint local): opens a socket. It receives datagrams to `port` (0: to any) and sends
// from it. The address only gives the family. Returns INVALID_SOCKET on failure, with a code in
// IpGetLastError().
SLUICE_API dword UdpOpenEndpoint(IP_Endpoint local);
static inline dword UdpOpenIpv4(dword ipv4Address, dword port)
{
	return UdpOpenEndpoint((IP_Endpoint){capl_address_ipv4(ipv4Address), port});
}
static inline dword UdpOpenIpv6(const byte ipv6Address[], dword port)
{
	return UdpOpenEndpoint((IP_Endpoint){capl_address_ipv6(ipv6Address), port});
}
// clang-format off
#define UdpOpen(...) \
	_Generic(CAPL_FIRST(__VA_ARGS__, 0), \
		IP_Endpoint: UdpOpenEndpoint, \
		byte *: UdpOpenIpv6, const byte *: UdpOpenIpv6, void *: UdpOpenIpv6, \
		default: UdpOpenIpv4)(__VA_ARGS__)
// clang-format on

// Leaves all groups of the socket, cancels its pending receive and closes it.
SLUICE_API long UdpClose(dword socket);

// Return the Winsock code of the last call that failed, on this socket or on any; 0 if none did.
SLUICE_API long IpGetLastSocketError(dword socket);
SLUICE_API long IpGetLastError(void);
// Writes the code of this socket as words, cut to `count` bytes with the terminating zero.
SLUICE_API long IpGetLastSocketErrorAsString(dword socket, char text[], dword count);

// ---- Memberships ---------------------------------------------------------------------------

// Joins the group on the interface. A socket can join a group once; another join fails with
// WSAEADDRNOTAVAIL.
SLUICE_API long(IpJoinMulticastGroup)(dword socket, dword ifIndex, IP_Address group);
#define IpJoinMulticastGroup(socket, ifIndex, A)                                                   \
	(IpJoinMulticastGroup)(socket, ifIndex, CAPL_ADDRESS(A))

// Leaves the group and drops its waiting datagrams, so that none is received afterwards. WSAEINVAL
// without a join.
SLUICE_API long(IpLeaveMulticastGroup)(dword socket, dword ifIndex, IP_Address group);
#define IpLeaveMulticastGroup(socket, ifIndex, A)                                                  \
	(IpLeaveMulticastGroup)(socket, ifIndex, CAPL_ADDRESS(A))

// ---- Sending -------------------------------------------------------------------------------

// Sets the interface that UdpSendTo() sends from. To be called before the first send.
SLUICE_API long IpSetMulticastInterface(dword socket, dword ifIndex);

// UdpSendTo(dword socket, dword ipv4Address, dword port, buffer, dword size),
// UdpSendTo(dword socket, byte ipv6Address[], dword port, buffer, dword size),
// UdpSendTo(dword socket, IP_Endpoint remote, buffer, dword size): sends a datagram of `size` bytes
// to a group. The scope id of an IPv6 address must be the ifIndex of IpSetMulticastInterface(),
// else WSAEADDRNOTAVAIL; the second form has no scope id and means that interface.
SLUICE_API long UdpSendToEndpoint(dword socket, IP_Endpoint remote, const void *buffer, dword size);
SLUICE_API long UdpSendToIpv6(
	dword socket, const byte ipv6Address[], dword port, const void *buffer, dword size);
static inline long UdpSendToIpv4(
	dword socket, dword ipv4Address, dword port, const void *buffer, dword size)
{
	return UdpSendToEndpoint(
		socket, (IP_Endpoint){capl_address_ipv4(ipv4Address), port}, buffer, size);
}
// clang-format off
#define UdpSendTo(socket, ...) \
	_Generic(CAPL_FIRST(__VA_ARGS__, 0), \
		IP_Endpoint: UdpSendToEndpoint, \
		byte *: UdpSendToIpv6, const byte *: UdpSendToIpv6, void *: UdpSendToIpv6, \
		default: UdpSendToIpv4)(socket, __VA_ARGS__)
// clang-format on

// ---- Receiving -----------------------------------------------------------------------------

// Requests one datagram, of at most `size` bytes. Returns SOCKET_ERROR with WSA_IO_PENDING, and
// OnUdpReceiveFrom() is called with the datagram; the buffer must stay valid until then. One
// receive can be pending per socket: WSAEALREADY for a second one.
SLUICE_API long UdpReceiveFrom(dword socket, char buffer[], dword size);

// The program defines it: called by sluice_capl_poll(), on its thread, when a pending receive has
// completed. `result` is 0; WSAEMSGSIZE if the datagram was cut to the size of the buffer; or
// WSAENETDOWN, without a datagram, if groups of the socket were lost with the device of their
// interface or with sluiced. It may call any function, such as UdpReceiveFrom() for the next
// datagram.
SLUICE_API void OnUdpReceiveFrom(
	dword socket, long result, IP_Endpoint remoteEndpoint, char buffer[], dword size);

// ---- Outside CAPL --------------------------------------------------------------------------

// Completes the pending receives that have a datagram, calls OnUdpReceiveFrom() for each, and
// returns how many. Does not block. CANoe does this by itself; a C program calls it in a loop, on
// one thread.
SLUICE_API unsigned sluice_capl_poll(void);

// Opens later sockets on an engine of this process (`sluice`) or on the sluiced at `socket`; both
// NULL for the default. The string must stay valid.
SLUICE_API void sluice_capl_attach(struct sluice *sluice, const char *socket);

#endif
