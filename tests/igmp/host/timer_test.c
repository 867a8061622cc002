// SPDX-License-Identifier: BSD-3-Clause
// Defaults, deadlines, pacing and large numbers of groups: sections TMR and SEC.
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

Test(timer, defaults, .description = "TMR-1 TMR-2 TMR-3 TMR-4 TMR-5 SEC-6: the defaults")
{
	struct host_config config;

	host_config_default(&config);
	cr_expect_eq(config.robustness, 2);
	cr_expect_eq(config.query_interval_ms, 125000);
	cr_expect_eq(config.query_response_interval_ms, 10000);
	cr_expect_eq(config.unsolicited_report_interval_ms, 1000);
	cr_expect_eq(config.older_unsolicited_report_interval_ms, 10000);
	cr_expect_eq(config.max_groups, 1000000);
	cr_expect_eq(config.max_sources, 1024);
	cr_expect(config.ssm_aware && config.report_link_local);
	cr_expect(!config.strict_ttl && !config.require_router_alert);
}

Test(timer, bad_config, .description = "TMR-1 TMR-12: an impossible configuration is refused")
{
	struct host_config good, config;
	struct host_ops ops = {0};

	host_config_default(&good);
	config = good;
	config.robustness = 0;
	cr_assert_null(host_open(AF_INET, &config, &ops, NULL, 0));
	config = good;
	config.mtu = 30;
	cr_assert_null(host_open(AF_INET, &config, &ops, NULL, 0));
	config = good;
	config.report_rate = 0;
	cr_assert_null(host_open(AF_INET, &config, &ops, NULL, 0));
	config = good;
	config.unsolicited_report_interval_ms = 0;
	cr_assert_null(host_open(AF_INET, &config, &ops, NULL, 0));
	config = good;
	config.older_unsolicited_report_interval_ms = 0;
	cr_assert_null(host_open(AF_INET, &config, &ops, NULL, 0));
	cr_assert_null(host_open(AF_UNIX, &good, &ops, NULL, 0));
}

static void fast(struct host_config *config)
{
	config->unsolicited_report_interval_ms = 20;
	config->robustness = 5;
}

BOTH_TUNED(timer, configured, fast, "TMR-4 TMR-12: intervals are configurable")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 80);
	cr_assert_eq(fixture->n_frames, 5);
}

static void another_seed(struct host_config *config)
{
	config->seed = 2;
}

BOTH(timer, seeds, "TMR-14: each group draws its own delay; runs are equal if the seeds are")
{
	struct host_fixture *twin = fixture_open(fixture->family, NULL);
	struct host_fixture *other = fixture_open(fixture->family, another_seed);
	struct host_fixture *labs[] = {fixture, twin, other};
	unsigned n_apart = 0, n_other = 0;

	for (unsigned i = 0; i < 3; i++) {
		struct host_fixture *one = labs[i];

		fixture_join(one, 0, "1");
		fixture_join(one, 0, "2");
		fixture_join(one, 0, "3");
		fixture_flush(one);
		fixture_run(one, 3000);
	}
	cr_assert_eq(fixture->n_frames, twin->n_frames);
	for (unsigned i = 0; i < fixture->n_frames; i++) {
		cr_assert_eq(fixture->frames[i].at_ms, twin->frames[i].at_ms);
		cr_assert_str_eq(fixture->frames[i].text, twin->frames[i].text);
		n_apart += i > 1 && fixture->frames[i].at_ms != fixture->frames[i - 1].at_ms;
		n_other +=
			i < other->n_frames && fixture->frames[i].at_ms != other->frames[i].at_ms;
	}
	cr_assert_gt(n_apart, 0);
	cr_assert_gt(n_other, 0);
	fixture_close(twin);
	fixture_close(other);
}

BOTH(timer, together, "CHG-7 CHG-16: many groups in one report share its retransmission")
{
	char name[12];

	for (unsigned i = 1; i <= 70; i++) {
		sprintf(name, "%u", i);
		fixture_join(fixture, 0, name);
	}
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_frames, 1);
	fixture_run(fixture, 5000);
	cr_assert_eq(fixture->n_frames, 2);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 140);
}

BOTH(timer, idle, "TMR-14: a host that has nothing to send needs no wake")
{
	cr_assert_eq(host_next_ms(fixture->host), HOST_NEVER);
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	cr_assert_leq(host_next_ms(fixture->host), fixture->now_ms + 1000);
	fixture_run(fixture, 5000);
	cr_assert_eq(host_next_ms(fixture->host), HOST_NEVER);
	cr_assert_leq(fixture->n_wakes, 6);
}

BOTH(timer, idle_long,
	"TMR-14 CHG-7: a retransmission keeps its gap after a long time without wakes")
{
	uint64_t day_ms = 24 * 3600 * 1000;

	for (unsigned days = 20; days <= 120; days += 20) {
		uint64_t said_ms;

		fixture_run(fixture, days * day_ms);
		fixture_join(fixture, 0, "1");
		fixture_says(fixture, "TO_EX(1:)");
		said_ms = fixture->now_ms;
		fixture_run(fixture, 1000);
		fixture_expect(fixture, "TO_EX(1:)");
		cr_assert_gt(
			fixture->frames[fixture->n_frames - 1].at_ms, said_ms, "%u days", days);
		fixture_leave(fixture, 0, "1");
		fixture_settle(fixture);
	}
}

BOTH(timer, pace, "CHG-6: a flood is paced and does not delay a single join")
{
	char name[12];

	fixture->quiet = true;
	for (unsigned i = 1; i <= 100000; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(fixture_join(fixture, 0, name), 0);
	}
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_frames, 128);
	fixture->quiet = false;
	fixture->n_frames = 0;
	fixture_join_source(fixture, 1, "S9", 'a');
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_frames, 1);
	cr_assert_not_null(strstr(fixture_take(fixture), "ALLOW(S9:a)"));
	free(fixture->frames[0].text);
	fixture->n_frames = fixture->n_taken = 0;
	fixture->quiet = true;
	for (unsigned ms = 0; ms < 50; ms++) {
		unsigned before = fixture->n_frames;

		fixture_run(fixture, 1);
		cr_assert_leq(fixture->n_frames - before, 20);
	}
	fixture_run(fixture, 5000);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 200002);
	cr_assert_eq(fixture->n_joined, 100001);
}

BOTH(timer, pace_counts, "CHG-9: with 10,000 groups in a flood each is reported RV times")
{
	uint8_t *seen = calloc(10001, 1);
	char name[12];

	for (unsigned i = 1; i <= 10000; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(fixture_join(fixture, 0, name), 0);
	}
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	for (unsigned i = 0; i < fixture->n_frames; i++) {
		const char *text = fixture->frames[i].text;

		while ((text = strstr(text, "TO_EX(")) != NULL)
			seen[atoi(text += 6)]++;
	}
	for (unsigned i = 1; i <= 10000; i++)
		cr_assert_eq(seen[i], 2, "group %u: %u", i, seen[i]);
	free(seen);
}

BOTH(timer, memory, "SEC-3: at most 200 bytes per group are used, and all are freed")
{
	struct host_status status;
	size_t empty;
	char name[12];

	host_status(fixture->host, &status);
	empty = status.memory;
	fixture->quiet = true;
	for (unsigned i = 1; i <= 300000; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(fixture_join(fixture, 0, name), 0);
	}
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	host_status(fixture->host, &status);
	cr_assert_eq(status.n_groups, 300000);
	cr_assert_leq((status.memory - empty) / 300000.0, 200);
	session_close(fixture->sessions[0]);
	fixture->sessions[0] = NULL;
	fixture_flush(fixture);
	host_status(fixture->host, &status);
	cr_assert_eq(status.n_leaving, 300000);
	fixture_run(fixture, 5000);
	host_status(fixture->host, &status);
	cr_assert_eq(status.n_groups + status.n_leaving, 0);
	cr_assert_leq(status.memory - empty, 128 * 1024);
}

BOTH(timer, month, "TMR-13: a month of queries, joins and version changes passes")
{
	fixture->quiet = true;
	for (unsigned i = 0; i < 30 * 24 * 30; i++) {
		unsigned version = i % 300 < 290 ? NEWEST(fixture) : 1 + i % (NEWEST(fixture) - 1);

		if (i % 2 == 0)
			fixture_join(fixture, 0, "1");
		else
			fixture_leave(fixture, 0, "1");
		fixture_flush(fixture);
		fixture_query(fixture, version, NULL, "", 10000);
		fixture_run(fixture, 120000);
	}
	cr_assert(!host_busy(fixture->host));
	// One wake per event, not one per tick.
	cr_assert_lt(fixture->n_wakes, 30 * 24 * 30 * 12);
}
