// SPDX-License-Identifier: BSD-3-Clause
#include "config_control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config_account.h"
#include "config_value.h"

#define MODE_DEFAULT 0660
#define IDLE_DEFAULT 600
#define BUFFERED_DEFAULT (64u << 20)

// As many as there can be of all users: 0 lets others do nothing of the kind.
static const struct config_value_range buffered_range = {1u << 20, UINT32_MAX};
static const struct config_value_range connections_range = {1, 1024};
static const struct config_value_range quota_range = {0, 100000000};

static mode_t convert_mode(struct config_reader *reader, const char *text)
{
	struct config_path path = config_reader_path("control.mode");
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return MODE_DEFAULT;
	if (len < 3 || len > 4 || text[strspn(text, "01234567")] != '\0' ||
		strtoul(text, NULL, 8) > 0777) {
		config_reader_complain(
			reader, &path, "\"%s\" is not a mode of octal digits, such as 0660", text);
		return MODE_DEFAULT;
	}
	return strtoul(text, NULL, 8);
}

static void convert_quotas(
	struct config_reader *reader, const struct raw_quotas *raw, struct config *config)
{
	const unsigned frames = config->limits.queued_frames;
	struct config_path path = config_reader_path("control.quotas.queued_frames");
	struct config_quotas *quotas = &config->control.quotas;

#define QUOTA(key, range, fallback)                                                                \
	config_value_unsigned(                                                                     \
		reader, config_reader_path("control.quotas." #key), raw->key, range, fallback)
	*quotas = (struct config_quotas){
		.connections = QUOTA(connections, connections_range, 128),
		.sessions = QUOTA(sessions, quota_range, 1000),
		.groups = QUOTA(groups, quota_range, 100000),
		.sources = QUOTA(sources, quota_range, 100000),
		.queued_frames = QUOTA(queued_frames, quota_range, frames / 2),
	};
#undef QUOTA
	if (quotas->queued_frames > frames)
		config_reader_complain(reader, &path, "%u is above limits.queued_frames, %u",
			quotas->queued_frames, frames);
}

void config_control_convert(
	struct config_reader *reader, struct raw_control *raw, struct config *config)
{
	struct config_control *control = &config->control;

	*control = (struct config_control){
		.owner = config_account_user(
			reader, config_reader_path("control.owner"), raw->owner),
		.group = config_account_group(
			reader, config_reader_path("control.group"), raw->group),
		.mode = convert_mode(reader, raw->mode),
		.read_only_socket = raw->read_only_socket,
		.operators = config_account_group(
			reader, config_reader_path("control.operators"), raw->operators),
		.idle_timeout = config_value_seconds(
			reader, config_reader_path("control.idle_timeout"), raw->idle_timeout),
		.buffered_bytes =
			config_value_unsigned(reader, config_reader_path("control.buffered_bytes"),
				raw->buffered_bytes, buffered_range, BUFFERED_DEFAULT),
	};
	raw->read_only_socket = NULL;
	if (!raw->idle_timeout)
		control->idle_timeout = IDLE_DEFAULT;
	convert_quotas(reader, &raw->quotas, config);
}

static void check_path(struct config_reader *reader, const char *key, const char *socket)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	struct config_path path = config_reader_path("%s", key);

	if (socket[0] != '/' || strlen(socket) > max)
		config_reader_complain(reader, &path,
			"\"%s\" is not an absolute path of at most %zu characters", socket, max);
}

void config_control_check(struct config_reader *reader, const struct config *config)
{
	struct config_path path = config_reader_path("control.read_only_socket");

	check_path(reader, "socket", config->socket);
	if (!config->control.read_only_socket)
		return;
	check_path(reader, path.text, config->control.read_only_socket);
	if (strcmp(config->control.read_only_socket, config->socket) == 0)
		config_reader_complain(reader, &path, "\"%s\" is the control socket",
			config->control.read_only_socket);
}
