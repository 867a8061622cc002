// SPDX-License-Identifier: BSD-3-Clause
#include "remote.h"
#include <errno.h>

int remote_session_open(const char *socket, const struct sluice_session_options *options,
	struct sluice_session **session)
{
	return -EOPNOTSUPP;
}
