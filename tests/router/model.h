// SPDX-License-Identifier: BSD-3-Clause
// A naive model of the sessions: each session's filter for each group, nothing merged. It predicts
// what each call returns (section API, column D) and what must be delivered.
#ifndef MODEL_H
#define MODEL_H

#include "script.h"

struct model_filter {
	bool member;
	bool exclude;
	unsigned joins; // each leave undoes one, with any filter
	uint32_t sources;
};

struct model {
	struct model_filter filters[SCRIPT_SESSIONS][SCRIPT_GROUPS];
};

// Makes the call. Returns 0, or a negative errno and changes nothing.
int model_call(struct model *model, const struct event *event);

// The set of sources, ROUTER_OTHER among them, that any session wants.
uint32_t model_wanted(const struct model *model, unsigned group);
bool model_joined(const struct model *model, unsigned group);

#endif
