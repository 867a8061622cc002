// SPDX-License-Identifier: BSD-3-Clause
// NASL's multicast calls, as OpenVAS scripts know them, on a session of the process.
//
// Without sluice_nasl_attach() the first call opens the session on the sluiced that answers at
// $SLUICE_SOCKET (else /run/sluice/sluice.sock), and groups are joined on the interface named by
// $SLUICE_INTERFACE (else the only one there is). The end of the process leaves all groups.
//
// When that sluiced goes, its groups are gone: the call that finds out fails, and the one after it
// opens another session.
//
// Threads: any, but for the two sluice_nasl_ calls, during which no other may run. One call at a
// time is carried out, and waits for Sluice's control thread.
#ifndef SLUICE_NASL_H
#define SLUICE_NASL_H

#include <sluice/sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

// What a NASL function returns: a value, FAKE_CELL for "done" without one, NULL for an error.
// The cells are constants, nobody frees them.
struct tree_cell {
	int i_val;
};
#define FAKE_CELL ((const struct tree_cell *)1)

enum nasl_error {
	NASL_OK,
	NASL_MISSING_PARAMETER, // "FUNCTION: missing parameter"
	NASL_INVALID_PARAMETER, // "FUNCTION: invalid parameter 'ADDRESS'"
	NASL_NEVER_JOINED, // "leave_multicast_group: never joined group ADDRESS"
	NASL_SYSTEM_ERROR, // "FUNCTION: ADDRESS: REASON": no sluiced, a limit, an SSM range, ...
};

// Joins the IPv4 or IPv6 group, or counts one more join of it. Returns the cell 1, or NULL:
// missing parameter if `address` is NULL, invalid parameter if it is no multicast address.
SLUICE_API const struct tree_cell *join_multicast_group(const char *address);

// Undoes one join; the last one leaves the group. Returns FAKE_CELL, or NULL as above or because
// the group was never joined.
SLUICE_API const struct tree_cell *leave_multicast_group(const char *address);

// Why the last call of this thread failed, and the line the scanner prints for it, without a
// newline: valid until the thread's next call; NASL_OK and "" if it succeeded.
SLUICE_API enum nasl_error nasl_last_error(void);
SLUICE_API const char *nasl_last_error_text(void);

// Chooses where groups are joined: an engine of this process or the sluiced at `socket`, and
// the interface; NULL for the defaults above. The strings must stay. -EBUSY once a session is open.
SLUICE_API int sluice_nasl_attach(struct sluice *sluice, const char *socket, const char *interface);
// Leaves all groups and closes the session; a later call opens another. Before sluice_close().
SLUICE_API void sluice_nasl_detach(void);

#ifdef __cplusplus
}
#endif

#endif
