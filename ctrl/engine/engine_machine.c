// SPDX-License-Identifier: BSD-3-Clause
#include "engine_machine.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_MIN 16

void engine_machine_init(struct engine_machines *machines)
{
	*machines = (struct engine_machines){.next_due_ms = ENGINE_MACHINE_NEVER};
	STAILQ_INIT(&machines->touched);
}

void engine_machine_fini(struct engine_machines *machines)
{
	free(machines->all);
	free(machines->due_ms);
}

static int reserve(struct engine_machines *machines)
{
	unsigned room = machines->room > 0 ? 2 * machines->room : ROOM_MIN;
	struct engine_machine **all;
	uint64_t *due_ms;

	if (machines->n < machines->room)
		return 0;
	all = reallocarray(machines->all, room, sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	machines->all = all;
	due_ms = reallocarray(machines->due_ms, room, sizeof(*due_ms));
	if (due_ms == NULL)
		return -ENOMEM;
	machines->due_ms = due_ms;
	machines->room = room;
	return 0;
}

int engine_machine_add(struct engine_machines *machines, struct engine_machine_list *list,
	struct engine_machine *machine)
{
	int rc = reserve(machines);

	if (rc < 0)
		return rc;
	machine->number = machines->n++;
	machines->all[machine->number] = machine;
	machines->due_ms[machine->number] = ENGINE_MACHINE_NEVER;
	STAILQ_INSERT_TAIL(list, machine, next);
	engine_machine_touch(machines, machine);
	return 0;
}

void engine_machine_remove(struct engine_machines *machines, struct engine_machine_list *list,
	struct engine_machine *machine)
{
	unsigned last = --machines->n;

	machines->all[machine->number] = machines->all[last];
	machines->due_ms[machine->number] = machines->due_ms[last];
	machines->all[machine->number]->number = machine->number;
	STAILQ_REMOVE(list, machine, engine_machine, next);
	if (machine->touched)
		STAILQ_REMOVE(&machines->touched, machine, engine_machine, next_touched);
	machine->ops->close(machine);
}

void engine_machine_touch(struct engine_machines *machines, struct engine_machine *machine)
{
	if (machine->touched)
		return;
	machine->touched = true;
	STAILQ_INSERT_TAIL(&machines->touched, machine, next_touched);
}

static void wait_until(struct engine_machines *machines, uint64_t due_ms)
{
	if (due_ms < machines->next_due_ms)
		machines->next_due_ms = due_ms;
}

static void set_due(struct engine_machines *machines, const struct engine_machine *machine)
{
	uint64_t due_ms = machine->ops->next_ms(machine);

	machines->due_ms[machine->number] = due_ms;
	wait_until(machines, due_ms);
}

void engine_machine_flush_all(struct engine_machines *machines, uint64_t now_ms)
{
	struct engine_machine *machine;

	while ((machine = STAILQ_FIRST(&machines->touched)) != NULL) {
		STAILQ_REMOVE_HEAD(&machines->touched, next_touched);
		machine->touched = false;
		machine->ops->flush(machine, now_ms);
		set_due(machines, machine);
	}
}

void engine_machine_advance_all(struct engine_machines *machines, uint64_t now_ms)
{
	if (now_ms < machines->next_due_ms)
		return;
	machines->next_due_ms = ENGINE_MACHINE_NEVER;
	for (unsigned i = 0; i < machines->n; i++) {
		if (machines->due_ms[i] <= now_ms) {
			machines->all[i]->ops->advance(machines->all[i], now_ms);
			engine_machine_touch(machines, machines->all[i]);
			set_due(machines, machines->all[i]);
		} else {
			wait_until(machines, machines->due_ms[i]);
		}
	}
}

bool engine_machine_any_busy(const struct engine_machines *machines)
{
	for (unsigned i = 0; i < machines->n; i++)
		if (machines->all[i]->ops->busy(machines->all[i]))
			return true;
	return false;
}
