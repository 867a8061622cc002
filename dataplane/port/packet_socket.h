// SPDX-License-Identifier: BSD-3-Clause
// The packet sockets of net_af_packet, which the driver keeps to itself.
#ifndef DATAPLANE_PACKET_SOCKET_H
#define DATAPLANE_PACKET_SOCKET_H

// Control thread, before the port sends. The driver waits in poll() if its transmit ring is full
// and the socket has no room left, and so holds up the worker and all other outputs while the
// kernel's queue is shaped or a NIC is paused. With room for more than the ring in the sockets
// bound to the interface, it returns the frames instead. Needs CAP_NET_ADMIN beyond the sysctl
// net.core.wmem_max.
void packet_socket_widen(unsigned if_index);

#endif
