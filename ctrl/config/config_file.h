// SPDX-License-Identifier: BSD-3-Clause
// Reads the configuration file.
#ifndef CTRL_CONFIG_FILE_H
#define CTRL_CONFIG_FILE_H

#include "config_reader.h"

#define CONFIG_FILE_MAX (64u << 20) // bytes: a million memberships fit

// Returns the text of a regular file, to be freed, and its length. Anything else is reported and
// gives NULL: the control thread waits for no pipe, and reads no device without end.
char *config_file_read(struct config_reader *reader, const char *name, size_t *len);

#endif
