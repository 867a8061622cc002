// SPDX-License-Identifier: BSD-3-Clause
// How much a writer at full speed on another core slows a reader, and how many updates it makes.
#include <stdlib.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>
#include "result.h"
#include "workload.h"

#define KEYS (1u << 20)
#define COMING 512 // groups that come and go, in addition to those that stay

enum churn_order { CHURN_REST, CHURN_WRITE, CHURN_END };

struct churn {
	struct group_table *table;
	struct reclaim reclaim;
	struct fanout *fanout;
	struct sluice_addr coming[COMING];
	const uint32_t *keys;
	unsigned next;
	double updates_m[SLOTS_MAX + 1]; // million per second, per busy slot
	unsigned n_updates;
	_Atomic(enum churn_order) order; // reader: wo, writer: ro
	_Atomic(enum churn_order) obeyed; // writer: wo, reader: ro
	_Alignas(64) _Atomic uint64_t updates_done; // writer: wo, reader: ro
};

static int writer(void *arg)
{
	struct churn *churn = arg;
	unsigned next = 0;
	uint64_t done = 0;
	enum churn_order order;

	while ((order = atomic_load_explicit(&churn->order, memory_order_acquire)) != CHURN_END) {
		atomic_store_explicit(&churn->obeyed, order, memory_order_release);
		if (order == CHURN_REST) {
			rte_pause();
			continue;
		}
		for (unsigned i = 0; i < WORKLOAD_BURST; i++) {
			const struct sluice_addr *group = &churn->coming[next / 2 % COMING];

			// Two updates: the group is added and removed.
			if (next++ % 2)
				group_table_remove(churn->table, group);
			else
				group_table_put(churn->table, group, churn->fanout);
		}
		done += WORKLOAD_BURST;
		if (done % (8 * WORKLOAD_BURST) == 0)
			reclaim_poll(&churn->reclaim);
		atomic_store_explicit(&churn->updates_done, done, memory_order_relaxed);
	}
	return 0;
}

static void give_order(struct churn *churn, enum churn_order order)
{
	atomic_store_explicit(&churn->order, order, memory_order_release);
	while (atomic_load_explicit(&churn->obeyed, memory_order_acquire) != order)
		rte_pause();
}

static double read_slot(struct churn *churn)
{
	uint32_t index[WORKLOAD_BURST];
	uint64_t hits = 0, start = rte_rdtsc_precise(), cycles;

	for (unsigned i = 0; i < WORKLOAD_SLOT; i += WORKLOAD_BURST) {
		hits += (uint64_t)__builtin_popcountll(group_table_lookup4_burst(
			churn->table, &churn->keys[churn->next + i], WORKLOAD_BURST, index));
		reclaim_quiescent(&churn->reclaim, 0);
	}
	cycles = rte_rdtsc_precise() - start;
	workload_must(hits != WORKLOAD_SLOT, "a group that stays was missed");
	churn->next = (churn->next + WORKLOAD_SLOT) % KEYS;
	return workload_ns(cycles) / WORKLOAD_SLOT;
}

static double alone_slot(void *arg)
{
	read_slot(arg);
	return read_slot(arg);
}

static double busy_slot(void *arg)
{
	struct churn *churn = arg;
	uint64_t before;
	double ns;

	give_order(churn, CHURN_WRITE);
	read_slot(churn);
	before = atomic_load_explicit(&churn->updates_done, memory_order_relaxed);
	ns = read_slot(churn);
	churn->updates_m[churn->n_updates++] =
		(double)(atomic_load_explicit(&churn->updates_done, memory_order_relaxed) -
			 before) *
		1e3 / (ns * WORKLOAD_SLOT);
	give_order(churn, CHURN_REST);
	return ns;
}

void churn_bench(const struct workload_size *size)
{
	static struct slots_case cases[] = {
		{.name = "lookup4.alone", .run = alone_slot},
		{.name = "lookup4.churn", .run = busy_slot},
	};
	static struct slots_case updates;
	struct fanout fanout = {.n_outputs = 2};
	struct churn churn = {.fanout = &fanout};
	uint32_t *keys = workload_keys4(KEYS, size->n, 100);

	workload_must(reclaim_init(&churn.reclaim, 1), "reclaim");
	churn.table = workload_table(AF_INET, size->n, &churn.reclaim, &fanout);
	churn.keys = keys;
	for (unsigned i = 0; i < COMING; i++)
		churn.coming[i] = workload_group(AF_INET, size->n + i);
	cases[0].arg = cases[1].arg = &churn;
	workload_must(rte_eal_remote_launch(writer, &churn, rte_get_next_lcore(-1, 1, 0)),
		"there is no second core");
	reclaim_online(&churn.reclaim, 0);
	slots_run(cases, RTE_DIM(cases), workload_rounds);
	reclaim_offline(&churn.reclaim, 0);
	atomic_store(&churn.order, CHURN_END);
	rte_eal_mp_wait_lcore();
	for (unsigned i = 0; i < workload_rounds; i++)
		updates.ns[i] = churn.updates_m[i + 1]; // the first round does not count
	for (unsigned i = 0; i < RTE_DIM(cases); i++)
		result_time(cases[i].name, size->name, slots_ns(&cases[i], workload_rounds));
	result_ratio(
		"churn.reader", size->name, slots_ratio(&cases[1], &cases[0], workload_rounds));
	result_ratio("churn.updates", size->name, slots_ns(&updates, workload_rounds));
	for (unsigned i = 0; i < COMING; i++)
		group_table_remove(churn.table, &churn.coming[i]);
	workload_table_free(churn.table, size->n);
	reclaim_fini(&churn.reclaim);
	free(keys);
}
