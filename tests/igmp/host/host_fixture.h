// SPDX-License-Identifier: BSD-3-Clause
// A host in virtual time, with symbolic addresses. Every frame is checked and formatted as text.
//
// Groups are named by a number ("1" is 239.1.0.1 or ff1e::1), SSM groups by a number after an S,
// sources by letters, so that one test serves both families. A frame reads "TO_EX(1:ab)
// ALLOW(2:c)", "V2(1)" or "LEAVE(1)"; frames are separated by " | ". Within a frame records are
// sorted.
#ifndef FIXTURE_H
#define FIXTURE_H

#include <criterion/criterion.h>

#include "address.h"
#include "host.h"
#include "member.h"

#define FIXTURE_SESSIONS 8
#define NEWEST(fixture) ((fixture)->family == AF_INET ? 3 : 2)

// The version before the newest, the type of its report, and the name of that type.
#define OLDER(fixture) (NEWEST(fixture) - 1)
#define OLD_REPORT(fixture) ((fixture)->family == AF_INET ? 0x16 : 131)
#define OLD_1(fixture) ((fixture)->family == AF_INET ? "V2(1)" : "V1(1)")
#define OLD_2(fixture) ((fixture)->family == AF_INET ? "V2(2)" : "V1(2)")

struct host_fixture_frame {
	uint64_t at_ms;
	unsigned n_records;
	unsigned len;
	char *text;
};

struct host_fixture {
	int family;
	struct host *host;
	struct host_config config;
	struct session *sessions[FIXTURE_SESSIONS];
	uint64_t now_ms;
	uint64_t n_wakes;
	struct host_fixture_frame *frames;
	unsigned n_frames;
	unsigned n_taken; // by fixture_take()
	char *taken;
	bool quiet; // do not keep frames, only count them
	bool port_full; // send() refuses
	bool port_full_after; // send() refuses after frames_left
	unsigned frames_left;
	int publish_error; // publish() refuses with it
	unsigned n_published;
	unsigned n_joined;
	unsigned n_logged;
	char published[512]; // the last change
	struct member_change change; // the same; its pointers are not valid after the call
	char logged[256]; // the last line
};

// Opens a host whose configuration `tune` may change first (NULL: defaults), with an address.
struct host_fixture *fixture_open(int family, void (*tune)(struct host_config *config));
void fixture_close(struct host_fixture *fixture);

// Runs the host until that many milliseconds from now have passed.
void fixture_run(struct host_fixture *fixture, uint64_t ms);

// The frames sent since the last call, as text. "" means none.
const char *fixture_take(struct host_fixture *fixture);
#define fixture_expect(fixture, text) cr_assert_str_eq(fixture_take(fixture), text)

struct sluice_addr fixture_group(const struct host_fixture *fixture, const char *name);
struct sluice_addr fixture_source(const struct host_fixture *fixture, char name);
unsigned fixture_sources(
	const struct host_fixture *fixture, const char *names, struct sluice_addr *sources);
// Numbered sources, for tests that need more than there are letters.
struct sluice_addr fixture_numbered(const struct host_fixture *fixture, unsigned number);
const char *fixture_name(const struct host_fixture *fixture, const struct sluice_addr *group);

// Calls by session number. None flushes.
int fixture_join(struct host_fixture *fixture, unsigned session, const char *group);
int fixture_leave(struct host_fixture *fixture, unsigned session, const char *group);
int fixture_join_source(
	struct host_fixture *fixture, unsigned session, const char *group, char source);
int fixture_leave_source(
	struct host_fixture *fixture, unsigned session, const char *group, char source);
int fixture_block(struct host_fixture *fixture, unsigned session, const char *group, char source);
int fixture_unblock(struct host_fixture *fixture, unsigned session, const char *group, char source);
int fixture_include(
	struct host_fixture *fixture, unsigned session, const char *group, const char *sources);
int fixture_exclude(
	struct host_fixture *fixture, unsigned session, const char *group, const char *sources);
// Joins that many groups from this number on, and runs until nothing is left to send.
void fixture_join_many(struct host_fixture *fixture, unsigned first, unsigned n);
void fixture_flush(struct host_fixture *fixture);
// Flushes, and runs until the retransmissions have ended.
void fixture_settle(struct host_fixture *fixture);
// Flushes and takes.
#define fixture_says(fixture, text)                                                                \
	do {                                                                                       \
		fixture_flush(fixture);                                                            \
		fixture_expect(fixture, text);                                                     \
	} while (0)

// Sorts the delays and fails unless they are uniform in (0, max]. 1 of 100 good samples fails.
void fixture_expect_uniform(unsigned *delays, unsigned n, unsigned max);

// The version in use.
unsigned fixture_version(struct host_fixture *fixture);

// The state of a group as text: "EX(ab) joined 2", or "none".
const char *fixture_state(struct host_fixture *fixture, const char *group);

// ---- What the fixture sends to the host
// ------------------------------------------------------------

struct host_fixture_packet {
	uint8_t bytes[9000];
	unsigned len;
	unsigned message; // where the IGMP or MLD message begins
};

// A query of a version; group NULL is general. `response` is in milliseconds.
struct host_fixture_packet fixture_query_packet(const struct host_fixture *fixture,
	unsigned version, const char *group, const char *sources, unsigned response);
// The report of another host in an older version.
struct host_fixture_packet fixture_report_packet(
	const struct host_fixture *fixture, uint8_t type, const char *group);
// Corrects the checksums after a test changed bytes, and the lengths if len changed.
void fixture_seal(const struct host_fixture *fixture, struct host_fixture_packet *packet);
// Changes the source or the destination. Call fixture_seal() afterwards.
void fixture_from(struct host_fixture_packet *packet, const char *text);
void fixture_to(struct host_fixture_packet *packet, const char *text);
void fixture_send(struct host_fixture *fixture, const struct host_fixture_packet *packet);
void fixture_query(struct host_fixture *fixture, unsigned version, const char *group,
	const char *sources, unsigned response);
void fixture_report(struct host_fixture *fixture, uint8_t type, const char *group);
// Enters the mode before the newest, and runs until the responses have been sent.
void fixture_get_old(struct host_fixture *fixture);

// host_ops.send of the fixture.
int fixture_on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst);

uint32_t fixture_pseudo_sum(const uint8_t *packet, unsigned len);
uint16_t fixture_checksum(uint32_t sum, const uint8_t *bytes, unsigned len);

// A test of both families.
#define BOTH_TUNED(suite, name, tune, text)                                                        \
	static void suite##_##name(struct host_fixture *fixture);                                  \
	Test(suite, name##_igmp, .description = text)                                              \
	{                                                                                          \
		struct host_fixture *fixture = fixture_open(AF_INET, tune);                        \
                                                                                                   \
		suite##_##name(fixture);                                                           \
		fixture_close(fixture);                                                            \
	}                                                                                          \
	Test(suite, name##_mld, .description = text)                                               \
	{                                                                                          \
		struct host_fixture *fixture = fixture_open(AF_INET6, tune);                       \
                                                                                                   \
		suite##_##name(fixture);                                                           \
		fixture_close(fixture);                                                            \
	}                                                                                          \
	static void suite##_##name(struct host_fixture *fixture)
#define BOTH(suite, name, text) BOTH_TUNED(suite, name, NULL, text)

// A test of one family.
#define ONE_TUNED(family, suite, name, tune, text)                                                 \
	static void suite##_##name(struct host_fixture *fixture);                                  \
	Test(suite, name, .description = text)                                                     \
	{                                                                                          \
		struct host_fixture *fixture = fixture_open(family, tune);                         \
                                                                                                   \
		suite##_##name(fixture);                                                           \
		fixture_close(fixture);                                                            \
	}                                                                                          \
	static void suite##_##name(struct host_fixture *fixture)
#define ONE(family, suite, name, text) ONE_TUNED(family, suite, name, NULL, text)

#endif
