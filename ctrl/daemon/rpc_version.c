// SPDX-License-Identifier: BSD-3-Clause
// version
#include "rpc_private.h"

#include <rte_version.h>

int rpc_version(struct rpc_call *call)
{
	rpc_result_set(
		call, json_pack("{s:s, s:s}", "version", SLUICE_VERSION, "dpdk", rte_version()));
	return 0;
}
