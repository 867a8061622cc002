// SPDX-License-Identifier: BSD-3-Clause
// CANoe's CAPL calls for multicast over UDP. C has no overloading: where CAPL has a form of a
// function for each kind of address, a macro of that name picks it by the argument's type.
//
// Unless sluice_capl_attach() says otherwise, sockets are sessions of the sluiced that answers at
// $SLUICE_SOCKET, else at /run/sluice/sluice.sock.
//
// An IPv4 address as a dword is in network byte order, a port in host byte order. `ifIndex` counts
// addresses from 1: the configured ones of the first interface in their order, then those of the
// next; VLANs are interfaces. An interface without any counts once. It names the interface that has
// the address, so that the numbers of one interface are as good as each other.
//
// What a long function returns: 0; WSA_INVALID_PARAMETER for a bad socket or ifIndex; SOCKET_ERROR
// for all else, and IpGetLastSocketError() then tells a Winsock code.
//
// Threads: any, one call at a time is carried out; joining and leaving wait for Sluice's control
// thread. To receive, EAL must be up in the process.
#ifndef SLUICE_CAPL_H
#define SLUICE_CAPL_H

#include <sluice/sluice.h>

// The names CAPL programs use for these types.
typedef uint8_t byte;
typedef uint32_t dword;

typedef struct IP_Address {
	struct sluice_addr addr; // family AF_UNSPEC: no address
	dword ScopeID; // IPv6: the ifIndex a link is meant by
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
	WSAEWOULDBLOCK = 10035, // the port's queue is full
	WSAEALREADY = 10037, // a receive is pending
	WSAEMSGSIZE = 10040, // longer than the MTU, or than the buffer
	WSAEAFNOSUPPORT = 10047, // the address is not of the socket's family
	WSAEADDRNOTAVAIL = 10049, // joined already; scope id or family do not fit the interface
	WSAENETDOWN = 10050, // no sluiced, or it has gone
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

// An address in any of its three forms.
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
// UdpOpen(IP_Endpoint local): opens a socket of the address's family. It receives what is sent to
// `port`, 0 any, and sends from it. The address only tells the family. INVALID_SOCKET on failure,
// see IpGetLastError().
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

// Leaves all groups of the socket and forgets its pending receive.
SLUICE_API long UdpClose(dword socket);

// The Winsock code of the last call on the socket, or of any call, that failed; 0 if none did.
SLUICE_API long IpGetLastSocketError(dword socket);
SLUICE_API long IpGetLastError(void);
// The same in words, cut to `count` bytes with the terminating zero.
SLUICE_API long IpGetLastSocketErrorAsString(dword socket, char text[], dword count);

// ---- Memberships ---------------------------------------------------------------------------

// Joins the group on the interface. A socket joins it once: WSAEADDRNOTAVAIL for a repeat.
SLUICE_API long(IpJoinMulticastGroup)(dword socket, dword ifIndex, IP_Address group);
#define IpJoinMulticastGroup(socket, ifIndex, A)                                                   \
	(IpJoinMulticastGroup)(socket, ifIndex, CAPL_ADDRESS(A))

// Leaves it: nothing more is received from then on, what was waiting is dropped.
SLUICE_API long(IpLeaveMulticastGroup)(dword socket, dword ifIndex, IP_Address group);
#define IpLeaveMulticastGroup(socket, ifIndex, A)                                                  \
	(IpLeaveMulticastGroup)(socket, ifIndex, CAPL_ADDRESS(A))

// ---- Sending -------------------------------------------------------------------------------

// The interface that UdpSendTo() sends from.
SLUICE_API long IpSetMulticastInterface(dword socket, dword ifIndex);

// UdpSendTo(dword socket, dword ipv4Address, dword port, buffer, dword size),
// UdpSendTo(dword socket, byte ipv6Address[], dword port, buffer, dword size),
// UdpSendTo(dword socket, IP_Endpoint remote, buffer, dword size): sends a datagram to a group.
// The scope id of an IPv6 address must be the ifIndex of IpSetMulticastInterface(), else
// WSAEADDRNOTAVAIL; the second form has no scope id, it stands for that interface.
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

// Asks for one datagram. It never completes at once: it returns SOCKET_ERROR with WSA_IO_PENDING,
// and the datagram comes with OnUdpReceiveFrom(). One receive can be pending on a socket.
SLUICE_API long UdpReceiveFrom(dword socket, char buffer[], dword size);

// For the program to define: a pending receive has completed. `result` is 0; WSAEMSGSIZE if the
// datagram was cut to the size of the buffer; or WSAENETDOWN, without a datagram, when groups of
// the socket were lost with the device of their interface or with sluiced. May call anything,
// UdpReceiveFrom() above all.
SLUICE_API void OnUdpReceiveFrom(
	dword socket, long result, IP_Endpoint remoteEndpoint, char buffer[], dword size);

// ---- Outside CAPL --------------------------------------------------------------------------

// Completes what pending receives it can, each with a call of OnUdpReceiveFrom(), and returns how
// many. CANoe does this by itself; a C program calls it in a loop, from one thread.
SLUICE_API unsigned sluice_capl_poll(void);

// Opens sockets from now on in an engine of this process, or at the sluiced at `socket`; both NULL
// for the default. The string must stay.
SLUICE_API void sluice_capl_attach(struct sluice *sluice, const char *socket);

#endif
