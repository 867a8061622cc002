// SPDX-License-Identifier: BSD-3-Clause
// Plays a script to a host of igmp/ in virtual time and prints what it sends, for the comparison
// with the kernel (tests/lab/kernel_diff.sh).
//
//   kernel_driver ADDRESS PREFIX_LENGTH MTU FIRST_SEED SEEDS < script
//
// Each line of the script is one of these, in order of time:
//   MS call SESSION GROUP [SOURCE...]   call: join, leave, join_source, ..., include, exclude
//   MS close SESSION
//   MS packet HEX
//   MS end
// It is played once for each of SEEDS seeds from FIRST_SEED on. The output of each begins with
// "seed N", followed by "MS frame HEX" per frame and "MS result ERRNO" per call.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <address.h>
#include <member.h>

#define SESSIONS 8
#define SOURCES 512
#define LINE 16384
#define ORIGIN_MS 1000

struct player {
	struct host *host;
	struct session *sessions[SESSIONS];
	uint64_t now;
};

static void die(const char *what, const char *text)
{
	fprintf(stderr, "kernel_driver: %s: %s\n", what, text ? text : "missing");
	exit(2);
}

static int print_frame(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	const struct player *player = ctx;

	(void)dst;
	printf("%" PRIu64 " frame ", player->now - ORIGIN_MS);
	for (size_t i = 0; i < len; i++)
		printf("%02x", packet[i]);
	putchar('\n');
	return 0;
}

static int publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	return 0;
}

static void joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	(void)member;
}

static const struct host_ops ops = {
	.send = print_frame,
	.publish = publish,
	.joined = joined,
};

static void open_session(struct player *player, unsigned i)
{
	static const struct session_limits limits = {.groups = 10000, .sources = SOURCES};

	player->sessions[i] = session_open(&limits, NULL);
	if (!player->sessions[i])
		die("session", "out of memory");
}

static void advance(struct player *player, uint64_t to)
{
	uint64_t next;

	while ((next = host_next_ms(player->host)) <= to) {
		if (next > player->now)
			player->now = next;
		host_advance(player->host, player->now);
	}
	player->now = to;
}

static unsigned parse_session(const char *word)
{
	unsigned session = word ? atoi(word) : SESSIONS;

	if (session >= SESSIONS)
		die("session", word);
	return session;
}

static void parse_address(const char *word, struct sluice_addr *addr)
{
	if (!word || !address_parse(word, addr))
		die("address", word);
}

static int call(struct player *player, const char *name, char **rest)
{
	struct session *session = player->sessions[parse_session(strtok_r(NULL, " \n", rest))];
	struct sluice_addr group, sources[SOURCES] = {0};
	struct host *host = player->host;
	const char *word;
	unsigned n = 0;

	parse_address(strtok_r(NULL, " \n", rest), &group);
	while ((word = strtok_r(NULL, " \n", rest)) && n < SOURCES)
		parse_address(word, &sources[n++]);
	if (strcmp(name, "join") == 0)
		return member_join(session, host, &group, NULL);
	if (strcmp(name, "leave") == 0)
		return member_leave(session, host, &group);
	if (strcmp(name, "join_source") == 0)
		return member_join_source(session, host, &group, sources, NULL);
	if (strcmp(name, "leave_source") == 0)
		return member_leave_source(session, host, &group, sources);
	if (strcmp(name, "block") == 0)
		return member_block_source(session, host, &group, sources);
	if (strcmp(name, "unblock") == 0)
		return member_unblock_source(session, host, &group, sources);
	if (strcmp(name, "include") == 0)
		return member_set_filter(session, host, &group,
			&(struct sluice_source_filter){SLUICE_INCLUDE, n, sources}, NULL);
	if (strcmp(name, "exclude") == 0)
		return member_set_filter(session, host, &group,
			&(struct sluice_source_filter){SLUICE_EXCLUDE, n, sources}, NULL);
	die("call", name);
	return 0;
}

static void hear(struct player *player, const char *hex)
{
	uint8_t packet[1500];
	size_t len = 0;

	if (!hex)
		die("packet", hex);
	for (; hex[0] && hex[1] && len < sizeof(packet); hex += 2) {
		char digits[] = {hex[0], hex[1], 0};

		packet[len++] = strtoul(digits, NULL, 16);
	}
	host_input(player->host, packet, len, player->now);
}

static void play_line(struct player *player, char *line)
{
	char *rest;
	const char *at = strtok_r(line, " \n", &rest);
	const char *name = strtok_r(NULL, " \n", &rest);

	if (!at || !name)
		die("line", at);
	advance(player, ORIGIN_MS + strtoull(at, NULL, 10));
	if (strcmp(name, "end") == 0)
		return;
	if (strcmp(name, "packet") == 0) {
		hear(player, strtok_r(NULL, " \n", &rest));
	} else if (strcmp(name, "close") == 0) {
		unsigned i = parse_session(strtok_r(NULL, " \n", &rest));

		session_close(player->sessions[i]);
		open_session(player, i);
	} else {
		printf("%s result %d\n", at, -call(player, name, &rest));
	}
	host_flush(player->host, player->now);
}

static void play(FILE *script, const struct host_address *address, unsigned mtu, unsigned seed)
{
	struct player player = {.now = ORIGIN_MS};
	struct host_config config;
	static char line[LINE];

	printf("seed %u\n", seed);
	host_config_default(&config);
	config.mtu = mtu;
	config.seed = seed;
	config.ssm_aware = false; // like the kernel, LNX-36
	player.host = host_open(address->addr.family, &config, &ops, &player, player.now);
	if (!player.host || host_set_addresses(player.host, address, 1, player.now))
		die("host", "out of memory");
	for (unsigned i = 0; i < SESSIONS; i++)
		open_session(&player, i);

	rewind(script);
	while (fgets(line, sizeof(line), script))
		play_line(&player, line);

	for (unsigned i = 0; i < SESSIONS; i++)
		session_close(player.sessions[i]);
	host_close(player.host);
}

int main(int argc, char **argv)
{
	struct host_address address = {0};

	if (argc != 6)
		die("usage", "kernel_driver ADDRESS PREFIX_LENGTH MTU FIRST_SEED SEEDS < script");
	parse_address(argv[1], &address.addr);
	address.prefix_length = atoi(argv[2]);
	for (int i = 0; i < atoi(argv[5]); i++)
		play(stdin, &address, atoi(argv[3]), atoi(argv[4]) + i);
	return 0;
}
