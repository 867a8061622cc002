// SPDX-License-Identifier: BSD-3-Clause
// Protocol machines: what an interface runs besides frames, such as an IGMP or MLD host. An
// interface has a list of them. Of thousands few have anything to do: those that were touched are
// flushed, and those that are due are advanced.
//
// Thread rule: that of the engine. Time is engine_now_ms().
#ifndef CTRL_ENGINE_MACHINE_H
#define CTRL_ENGINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define ENGINE_MACHINE_NEVER UINT64_MAX // no deadline

struct engine_machine;

// A machine is part of a larger structure, which these functions find by its address.
struct engine_machine_ops {
	// Hears one IP packet of the machine's family that carries IGMP or MLD, IP header first.
	void (*input)(
		struct engine_machine *machine, const uint8_t *packet, size_t len, uint64_t now_ms);
	// Sends what calls since the last flush gave it to say.
	void (*flush)(struct engine_machine *machine, uint64_t now_ms);
	// Runs all that is due at now_ms, and when it is next to be called.
	void (*advance)(struct engine_machine *machine, uint64_t now_ms);
	uint64_t (*next_ms)(const struct engine_machine *machine);
	// True while it has something to say that the end of the process waits for.
	bool (*busy)(const struct engine_machine *machine);
	// The carrier of its port came or went.
	void (*set_link)(struct engine_machine *machine, bool up, uint64_t now_ms);
	// Frees it. It is in no list any more.
	void (*close)(struct engine_machine *machine);
};

struct engine_machine {
	const struct engine_machine_ops *ops;
	int family; // AF_INET or AF_INET6: the packets it hears
	unsigned number; // of engine_machines
	bool touched; // since the last flush
	STAILQ_ENTRY(engine_machine) next_touched;
	STAILQ_ENTRY(engine_machine) next; // of its interface
};
STAILQ_HEAD(engine_machine_list, engine_machine);

// All machines of an engine. Zeroed and then engine_machine_init().
struct engine_machines {
	struct engine_machine **all; // by number
	uint64_t *due_ms; // by number: when each is to be advanced
	unsigned n, room;
	uint64_t next_due_ms; // the first of due_ms, or earlier
	struct engine_machine_list touched;
};

void engine_machine_init(struct engine_machines *machines);
void engine_machine_fini(struct engine_machines *machines); // when it has no machine

// Adds a machine to all and to its interface's list, and touches it. -ENOMEM changes nothing.
int engine_machine_add(struct engine_machines *machines, struct engine_machine_list *list,
	struct engine_machine *machine);
// Takes a machine out of both and closes it.
void engine_machine_remove(struct engine_machines *machines, struct engine_machine_list *list,
	struct engine_machine *machine);

// To be called with whatever may give the machine something to send or to wait for.
void engine_machine_touch(struct engine_machines *machines, struct engine_machine *machine);
// Sends what the touched machines have to say.
void engine_machine_flush_all(struct engine_machines *machines, uint64_t now_ms);
// Advances those that are due. Costs nothing before next_due_ms.
void engine_machine_advance_all(struct engine_machines *machines, uint64_t now_ms);
bool engine_machine_any_busy(const struct engine_machines *machines);

#endif
