// SPDX-License-Identifier: BSD-3-Clause
#include "peer_hash.h"
#include <rte_hash_crc.h>

struct rte_hash *peer_hash_open(unsigned n_groups, char *data, size_t stride)
{
	struct rte_hash_parameters parameters = {
		.name = "peer",
		// Room to spare, as its own documentation advises.
		.entries = n_groups + n_groups / 2,
		.key_len = sizeof(struct peer_key),
		.hash_func = rte_hash_crc,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF,
	};
	struct rte_hash *hash = rte_hash_create(&parameters);

	workload_must(hash ? 0 : -1, "rte_hash_create");
	for (unsigned i = 0; i < n_groups; i++) {
		struct peer_key key = peer_key(workload_group4(i));

		workload_must(
			rte_hash_add_key_data(hash, &key, data + i * stride), "rte_hash_add_key");
	}
	return hash;
}
