// SPDX-License-Identifier: BSD-3-Clause
// Protocol machines: protocols that run on an interface, such as an IGMP or MLD host. An interface
// has a list of them. Only few of thousands have work to do: touched machines are flushed, due
// machines are advanced.
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
	// Receives one IP packet of the machine's family that carries IGMP or MLD, starting at the
	// IP header.
	void (*input)(
		struct engine_machine *machine, const uint8_t *packet, size_t len, uint64_t now_ms);
	// Sends the messages caused by calls since the last flush.
	void (*flush)(struct engine_machine *machine, uint64_t now_ms);
	// Processes everything due at now_ms; next_ms() says when to call it again.
	void (*advance)(struct engine_machine *machine, uint64_t now_ms);
	uint64_t (*next_ms)(const struct engine_machine *machine);
	// True while the machine has messages to send before the process may end.
	bool (*busy)(const struct engine_machine *machine);
	// The carrier of the port changed.
	void (*set_link)(struct engine_machine *machine, bool up, uint64_t now_ms);
	// Frees the machine, which is no longer in a list.
	void (*close)(struct engine_machine *machine);
};

struct engine_machine {
	const struct engine_machine_ops *ops;
	int family; // AF_INET or AF_INET6, of the packets it receives
	unsigned number; // of engine_machines
	bool touched; // since the last flush
	STAILQ_ENTRY(engine_machine) next_touched;
	STAILQ_ENTRY(engine_machine) next; // of its interface
};
STAILQ_HEAD(engine_machine_list, engine_machine);

// All machines of an engine. Zeroed and then engine_machine_init().
struct engine_machines {
	struct engine_machine **all; // by number
	uint64_t *due_ms; // by number: time of the next advance
	unsigned n, room;
	uint64_t next_due_ms; // the earliest of due_ms, or earlier
	struct engine_machine_list touched;
};

void engine_machine_init(struct engine_machines *machines);
void engine_machine_fini(struct engine_machines *machines); // only without machines

// Adds a machine to `all` and to the list of its interface, and touches it. -ENOMEM changes
// nothing.
int engine_machine_add(struct engine_machines *machines, struct engine_machine_list *list,
	struct engine_machine *machine);
// Removes a machine from both and closes it.
void engine_machine_remove(struct engine_machines *machines, struct engine_machine_list *list,
	struct engine_machine *machine);

// Call it whenever the machine may have messages to send or a new deadline.
void engine_machine_touch(struct engine_machines *machines, struct engine_machine *machine);
// Flushes the touched machines.
void engine_machine_flush_all(struct engine_machines *machines, uint64_t now_ms);
// Advances the machines that are due. Costs nothing before next_due_ms.
void engine_machine_advance_all(struct engine_machines *machines, uint64_t now_ms);
bool engine_machine_any_busy(const struct engine_machines *machines);

#endif
