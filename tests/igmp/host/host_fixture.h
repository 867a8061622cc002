// SPDX-License-Identifier: BSD-3-Clause
// A laboratory for one host: virtual time, symbolic addresses, every frame checked and put in
// words.
//
// Groups are named by a number ("1" is 239.1.0.1 or ff1e::1), SSM groups by a number after an S,
// sources by letters. So one test serves both families. A frame reads "TO_EX(1:ab) ALLOW(2:c)",
// "V2(1)" or "LEAVE(1)"; frames are separated by " | ". Within a frame records are sorted.
#ifndef LAB_H
#define LAB_H

#include <criterion/criterion.h>

#include "address.h"
#include "host.h"
#include "member.h"

#define LAB_SESSIONS 8
#define NEWEST(lab) ((lab)->family == AF_INET ? 3 : 2)

// The version before the newest, the type of its report, and how that is put in words.
#define OLDER(lab) (NEWEST(lab) - 1)
#define OLD_REPORT(lab) ((lab)->family == AF_INET ? 0x16 : 131)
#define OLD_1(lab) ((lab)->family == AF_INET ? "V2(1)" : "V1(1)")
#define OLD_2(lab) ((lab)->family == AF_INET ? "V2(2)" : "V1(2)")

struct lab_frame {
	uint64_t at_ms;
	unsigned n_records;
	unsigned len;
	char *text;
};

struct lab {
	int family;
	struct host *host;
	struct host_config config;
	struct session *sessions[LAB_SESSIONS];
	uint64_t now_ms;
	uint64_t n_wakes;
	struct lab_frame *frames;
	unsigned n_frames;
	unsigned n_taken; // by lab_take()
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
struct lab *lab_open(int family, void (*tune)(struct host_config *config));
void lab_close(struct lab *lab);

// Runs the host until that many milliseconds from now have passed.
void lab_run(struct lab *lab, uint64_t ms);

// What was sent since the last call, in words. "" is silence.
const char *lab_take(struct lab *lab);
#define lab_expect(lab, text) cr_assert_str_eq(lab_take(lab), text)

struct sluice_addr lab_group(const struct lab *lab, const char *name);
struct sluice_addr lab_source(const struct lab *lab, char name);
unsigned lab_sources(const struct lab *lab, const char *names, struct sluice_addr *sources);
// Numbered sources, for more than there are letters.
struct sluice_addr lab_numbered(const struct lab *lab, unsigned number);
const char *lab_name(const struct lab *lab, const struct sluice_addr *group);

// Calls by session number. None flushes.
int lab_join(struct lab *lab, unsigned session, const char *group);
int lab_leave(struct lab *lab, unsigned session, const char *group);
int lab_join_source(struct lab *lab, unsigned session, const char *group, char source);
int lab_leave_source(struct lab *lab, unsigned session, const char *group, char source);
int lab_block(struct lab *lab, unsigned session, const char *group, char source);
int lab_unblock(struct lab *lab, unsigned session, const char *group, char source);
int lab_include(struct lab *lab, unsigned session, const char *group, const char *sources);
int lab_exclude(struct lab *lab, unsigned session, const char *group, const char *sources);
// Joins that many groups from this number on, and settles.
void lab_join_many(struct lab *lab, unsigned first, unsigned n);
void lab_flush(struct lab *lab);
// Flushes, and ends the repeats of it.
void lab_settle(struct lab *lab);
// Flushes and takes.
#define lab_says(lab, text)                                                                        \
	do {                                                                                       \
		lab_flush(lab);                                                                    \
		lab_expect(lab, text);                                                             \
	} while (0)

// Fails unless the delays, which it sorts, are uniform in (0, max]; 1 of 100 good samples fails.
void lab_expect_uniform(unsigned *delays, unsigned n, unsigned max);

// The version in use.
unsigned lab_version(struct lab *lab);

// The state of a group in words: "EX(ab) joined 2", or "none".
const char *lab_state(struct lab *lab, const char *group);

// ---- What the lab says to the host ------------------------------------------------------------

struct lab_packet {
	uint8_t bytes[9000];
	unsigned len;
	unsigned message; // where the IGMP or MLD message begins
};

// A query of a version; group NULL is general. `response` is in milliseconds.
struct lab_packet lab_query_packet(const struct lab *lab, unsigned version, const char *group,
	const char *sources, unsigned response);
// The report of another host in an old version.
struct lab_packet lab_report_packet(const struct lab *lab, uint8_t type, const char *group);
// Makes checksums right again after a test changed bytes, and lengths if len changed.
void lab_seal(const struct lab *lab, struct lab_packet *packet);
// Makes it come from, or go to, another address than usual. To be sealed afterwards.
void lab_from(struct lab_packet *packet, const char *text);
void lab_to(struct lab_packet *packet, const char *text);
void lab_send(struct lab *lab, const struct lab_packet *packet);
void lab_query(struct lab *lab, unsigned version, const char *group, const char *sources,
	unsigned response);
void lab_report(struct lab *lab, uint8_t type, const char *group);
// Into the mode before the newest; answers have died down.
void lab_get_old(struct lab *lab);

// host_ops.send of the lab.
int lab_on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst);

uint32_t lab_pseudo_sum(const uint8_t *packet, unsigned len);
uint16_t lab_checksum(uint32_t sum, const uint8_t *bytes, unsigned len);

// A test of both families.
#define BOTH_TUNED(suite, name, tune, text)                                                        \
	static void suite##_##name(struct lab *lab);                                               \
	Test(suite, name##_igmp, .description = text)                                              \
	{                                                                                          \
		struct lab *lab = lab_open(AF_INET, tune);                                         \
                                                                                                   \
		suite##_##name(lab);                                                               \
		lab_close(lab);                                                                    \
	}                                                                                          \
	Test(suite, name##_mld, .description = text)                                               \
	{                                                                                          \
		struct lab *lab = lab_open(AF_INET6, tune);                                        \
                                                                                                   \
		suite##_##name(lab);                                                               \
		lab_close(lab);                                                                    \
	}                                                                                          \
	static void suite##_##name(struct lab *lab)
#define BOTH(suite, name, text) BOTH_TUNED(suite, name, NULL, text)

// A test of one family.
#define ONE_TUNED(family, suite, name, tune, text)                                                 \
	static void suite##_##name(struct lab *lab);                                               \
	Test(suite, name, .description = text)                                                     \
	{                                                                                          \
		struct lab *lab = lab_open(family, tune);                                          \
                                                                                                   \
		suite##_##name(lab);                                                               \
		lab_close(lab);                                                                    \
	}                                                                                          \
	static void suite##_##name(struct lab *lab)
#define ONE(family, suite, name, text) ONE_TUNED(family, suite, name, NULL, text)

#endif
