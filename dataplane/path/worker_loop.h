// SPDX-License-Identifier: BSD-3-Clause
// The loop of a worker: poll each source, then tell that nothing is held. It never locks, allocates
// (except buffers for rewritten headers), logs or makes a system call.
#ifndef DATAPLANE_WORKER_LOOP_H
#define DATAPLANE_WORKER_LOOP_H

// To be launched on worker->lcore, with the worker; ends when dp->running is false. Returns 0.
int worker_loop_run(void *worker);

#endif
