// SPDX-License-Identifier: BSD-3-Clause
// Memory that is set aside for the answers to requests, for when there is no other. Control thread.
#ifndef CTRL_RPC_RESERVE_H
#define CTRL_RPC_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

// Touches the memory, so that the kernel cannot refuse it later.
void rpc_reserve_open(void);
void *rpc_reserve_get(size_t size); // NULL if none is left
void rpc_reserve_put(void *memory);
bool rpc_reserve_owns(const void *memory);
size_t rpc_reserve_size(const void *memory); // at least the requested size

#endif
