// SPDX-License-Identifier: BSD-3-Clause
#include "model.h"

#include <assert.h>
#include <errno.h>

static int join(struct model_filter *f, bool ssm)
{
	if (ssm || (f->member && !f->exclude))
		return -EINVAL;
	f->member = true;
	f->exclude = true;
	f->joins++;
	return 0;
}

static int leave(struct model_filter *f)
{
	if (!f->member)
		return -EADDRNOTAVAIL;
	if (f->joins <= 1)
		*f = (struct model_filter){0};
	else
		f->joins--;
	return 0;
}

static int join_source(struct model_filter *f, uint32_t source)
{
	if (f->member && f->exclude)
		return -EINVAL;
	if (f->sources & source)
		return -EADDRNOTAVAIL;
	if (!f->member)
		f->joins = 1;
	f->member = true;
	f->sources |= source;
	return 0;
}

static int leave_source(struct model_filter *f, uint32_t source)
{
	if (f->member && f->exclude)
		return -EINVAL;
	if (!(f->sources & source))
		return -EADDRNOTAVAIL;
	f->sources &= ~source;
	if (!f->sources)
		*f = (struct model_filter){0};
	return 0;
}

static int block(struct model_filter *f, uint32_t source, bool on)
{
	if (!f->member || !f->exclude)
		return -EINVAL;
	if (((f->sources & source) != 0) == on)
		return -EADDRNOTAVAIL;
	f->sources ^= source;
	return 0;
}

static int set_filter(struct model_filter *f, bool exclude, uint32_t sources, bool ssm)
{
	if (exclude && ssm)
		return -EINVAL;
	if (!exclude && !sources)
		*f = (struct model_filter){0};
	else
		*f = (struct model_filter){
			.member = true,
			.exclude = exclude,
			.joins = f->member ? f->joins : 1,
			.sources = sources,
		};
	return 0;
}

int model_call(struct model *model, const struct event *event)
{
	struct model_filter *filters = model->filters[event->session];
	struct model_filter *f = &filters[event->group];
	bool ssm = event->group == SCRIPT_SSM;

	switch (event->type) {
	case EVENT_JOIN:
		return join(f, ssm);
	case EVENT_LEAVE:
		return leave(f);
	case EVENT_JOIN_SOURCE:
		return join_source(f, event->sources);
	case EVENT_LEAVE_SOURCE:
		return leave_source(f, event->sources);
	case EVENT_BLOCK:
		return block(f, event->sources, true);
	case EVENT_UNBLOCK:
		return block(f, event->sources, false);
	case EVENT_INCLUDE:
		return set_filter(f, false, event->sources, ssm);
	case EVENT_EXCLUDE:
		return set_filter(f, true, event->sources, ssm);
	case EVENT_CLOSE:
		memset(filters, 0, sizeof(model->filters[0]));
		return 0;
	default:
		assert(false);
		return 0;
	}
}

uint32_t model_wanted(const struct model *model, unsigned group)
{
	uint32_t wanted = 0;

	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++) {
		const struct model_filter *f = &model->filters[i][group];

		if (f->member)
			wanted |= f->exclude ? ROUTER_ALL & ~f->sources : f->sources;
	}
	return wanted;
}

bool model_joined(const struct model *model, unsigned group)
{
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		if (model->filters[i][group].member)
			return true;
	return false;
}
