// SPDX-License-Identifier: BSD-3-Clause
// Users and groups of the system, by name or number. Names are looked up in /etc/passwd and
// /etc/group only: a reload reads them in the event loop, where nobody may wait for a name service.
#ifndef CTRL_CONFIG_ACCOUNT_H
#define CTRL_CONFIG_ACCOUNT_H

#include "config_reader.h"

// `text` is NULL for a key that is left out. CONFIG_NO_USER and CONFIG_NO_GROUP for that, and for
// a name that is reported as unknown.
uid_t config_account_user(struct config_reader *reader, struct config_path path, const char *text);
gid_t config_account_group(struct config_reader *reader, struct config_path path, const char *text);

#endif
