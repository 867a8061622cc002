// SPDX-License-Identifier: BSD-3-Clause
#ifndef API_RECEIVE_H
#define API_RECEIVE_H

#include <sluice/sluice.h>

// Drops the frames of the group that wait for the session. The receiving thread only.
int api_receive_flush(
	struct sluice_session *session, unsigned ifindex, const struct sluice_addr *group);

#endif
