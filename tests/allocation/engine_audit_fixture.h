// SPDX-License-Identifier: BSD-3-Clause
// Compares what the engine, the hosts of its interfaces and the data plane know of the same
// memberships, each in its own structures.
#ifndef ENGINE_AUDIT_FIXTURE_H
#define ENGINE_AUDIT_FIXTURE_H

#include "engine.h"

// Keeps the memberships of an engine as its events tell of them from now on.
void audit_listen(struct engine *engine);
// Fails the test unless all agree:
// - sessions are found by number and name, and their memberships by group;
// - each host has the members and the merged filter of the memberships;
// - each group table has these groups and no others, and its fan-out lets through, for each source
//   and UDP port, exactly the outputs of the members that want it;
// - outputs count the fan-outs that name them, ports the MAC addresses of the groups, shares their
//   sessions;
// - the events since audit_listen() tell of these memberships.
void audit_engine(struct engine *engine);
// All that an operator can see, as text. Valid until the next call.
const char *audit_describe(struct engine *engine);

#endif
