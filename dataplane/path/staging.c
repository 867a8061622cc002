// SPDX-License-Identifier: BSD-3-Clause
#include "staging.h"

void staging_hand_over(struct worker *worker)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < worker->n_staged; i++)
		refused += output_hand_over(worker->staged[i], worker->index);
	worker->n_staged = 0;
	worker_drop(worker, DROP_OUTPUT_FULL, refused);
}

void staging_reserve(struct worker *worker, unsigned n)
{
	if (worker->n_staged + n > RTE_DIM(worker->staged) - BURST)
		staging_hand_over(worker);
}
