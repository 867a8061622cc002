// SPDX-License-Identifier: BSD-3-Clause
#include "config_account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char users[] = "/etc/passwd", groups[] = "/etc/group";

static bool find_user(FILE *file, const char *name, unsigned *id)
{
	const struct passwd *user;

	while ((user = fgetpwent(file)))
		if (strcmp(user->pw_name, name) == 0) {
			*id = user->pw_uid;
			return true;
		}
	return false;
}

static bool find_group(FILE *file, const char *name, unsigned *id)
{
	const struct group *group;

	while ((group = fgetgrent(file)))
		if (strcmp(group->gr_name, name) == 0) {
			*id = group->gr_gid;
			return true;
		}
	return false;
}

// The largest number means no id to the system.
static bool read_number(const char *text, unsigned *id)
{
	unsigned long value;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	value = strtoul(text, NULL, 10);
	*id = (unsigned)value;
	return errno == 0 && value < UINT32_MAX;
}

static unsigned find(struct config_reader *reader, struct config_path path, const char *text,
	const char *database, const char *noun,
	bool (*find_name)(FILE *file, const char *name, unsigned *id))
{
	unsigned id = UINT32_MAX;
	FILE *file;
	bool found;

	if (!text || read_number(text, &id))
		return id;
	file = fopen(database, "re");
	if (!file) {
		config_reader_complain(reader, &path, "%s: %s", database, strerror(errno));
		return UINT32_MAX;
	}
	found = find_name(file, text, &id);
	fclose(file);
	if (found)
		return id;
	config_reader_complain(reader, &path, "no %s named \"%.64s\" in %s", noun, text, database);
	return UINT32_MAX;
}

uid_t config_account_user(struct config_reader *reader, struct config_path path, const char *text)
{
	return find(reader, path, text, users, "user", find_user);
}

gid_t config_account_group(struct config_reader *reader, struct config_path path, const char *text)
{
	return find(reader, path, text, groups, "group", find_group);
}
