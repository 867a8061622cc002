// SPDX-License-Identifier: BSD-3-Clause
// What the sessions want, kept the naive way: each session's filter for each group and nothing
// merged. It predicts what each call returns (section API, column D) and what must be delivered.
#ifndef MODEL_H
#define MODEL_H

#include "script.h"

struct model_filter {
	bool member;
	bool exclude;
	unsigned joins; // each leave undoes one, whatever the filter
	uint32_t sources;
};

struct model {
	struct model_filter filters[SCRIPT_SESSIONS][SCRIPT_GROUPS];
};

// Makes the call; returns 0 or a negative errno, and changes nothing then.
int model_call(struct model *model, const struct event *event);

// The set of sources, ROUTER_OTHER among them, that any session wants.
uint32_t model_wanted(const struct model *model, unsigned group);
bool model_joined(const struct model *model, unsigned group);

#endif
