// SPDX-License-Identifier: BSD-3-Clause
// Signals an eventfd of an untrusted client. No DPDK.
//
// write() is not safe. It blocks while the count of the eventfd is at its maximum, which the client
// can set. O_NONBLOCK is a flag of the open file, which the client shares and may clear between a
// check and the write. A Linux AIO request that completes at once is safe: its completion adds to
// the eventfd without waiting, and the kernel checks that it is an eventfd. The process needs the
// system calls io_setup, io_submit and io_getevents.
#ifndef DATAPLANE_MEMIF_SIGNAL_H
#define DATAPLANE_MEMIF_SIGNAL_H

// Any thread. Never blocks. -EINVAL if the descriptor is not an eventfd; -errno of io_setup().
int memif_signal_send(int event_fd);

#endif
