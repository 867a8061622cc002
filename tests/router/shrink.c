// SPDX-License-Identifier: BSD-3-Clause
#include "scenario.h"

static bool still_fails(const struct script *script, enum frame_type deaf_to)
{
	struct scenario_result result;

	return !scenario_run(script, deaf_to, &result);
}

// Keeps the candidate if it fails as well.
static bool keep(struct script *script, const struct script *candidate, enum frame_type deaf_to)
{
	if (!still_fails(candidate, deaf_to))
		return false;
	*script = *candidate;
	return true;
}

static bool cut(struct script *script, unsigned from, unsigned n, enum frame_type deaf_to)
{
	struct script candidate = *script;

	if (n > script->n_events - from)
		n = script->n_events - from;
	candidate.n_events -= n;
	memmove(candidate.events + from, candidate.events + from + n,
		(candidate.n_events - from) * sizeof(candidate.events[0]));
	return keep(script, &candidate, deaf_to);
}

static void cut_events(struct script *script, enum frame_type deaf_to)
{
	bool shorter = true;

	while (shorter) {
		shorter = false;
		for (unsigned n = script->n_events; n > 0; n /= 2)
			for (unsigned from = 0; from < script->n_events;) {
				if (cut(script, from, n, deaf_to))
					shorter = true;
				else
					from += n;
			}
	}
}

static void cut_sources(struct script *script, enum frame_type deaf_to)
{
	for (unsigned i = 0; i < script->n_events; i++)
		for (unsigned s = 0; s < SCRIPT_SOURCES; s++) {
			struct script candidate = *script;
			uint32_t *sources = &candidate.events[i].sources;

			// A call of one source keeps it.
			if (!(*sources & ~(1u << s)))
				continue;
			*sources &= ~(1u << s);
			keep(script, &candidate, deaf_to);
		}
}

void shrink_scenario(struct script *script, enum frame_type deaf_to)
{
	struct script plain = *script;

	plain.loss_percent = 0;
	plain.lose_copies = false;
	keep(script, &plain, deaf_to);
	plain = *script;
	plain.robustness = 2;
	plain.mtu = 1500;
	plain.learn_timeout = false;
	keep(script, &plain, deaf_to);
	cut_events(script, deaf_to);
	cut_sources(script, deaf_to);
}
