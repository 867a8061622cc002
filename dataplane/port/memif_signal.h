// SPDX-License-Identifier: BSD-3-Clause
// Signals an eventfd of a client that is not to be trusted. No DPDK.
//
// write() is no way to do so. It blocks while the eventfd's count is at its maximum, and the client
// can bring it there. O_NONBLOCK is a flag of the open file, which the client has too and may clear
// between our check and our write. A kernel request (Linux AIO) that completes at once does what is
// needed: its completion adds to the eventfd without ever waiting, and the kernel checks that it is
// an eventfd. The process needs the system calls io_setup, io_submit and io_getevents.
#ifndef DATAPLANE_MEMIF_SIGNAL_H
#define DATAPLANE_MEMIF_SIGNAL_H

// Any thread. Never blocks. -EINVAL if the descriptor is no eventfd; -errno of io_setup().
int memif_signal_send(int event_fd);

#endif
