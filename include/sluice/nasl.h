// SPDX-License-Identifier: BSD-3-Clause
// The multicast functions of NASL, as OpenVAS scripts call them, on one session per process.
//
// Without sluice_nasl_attach() the first call opens the session on the sluiced that answers at
// $SLUICE_SOCKET, or by default at /run/sluice/sluice.sock. Groups are joined on the interface that
// $SLUICE_INTERFACE names, or by default on the only one. The end of the process leaves all groups.
//
// If sluiced goes away, its groups are lost: the next call fails, and the call after that opens
// another session.
//
// Threads: any thread may call the functions, which run one at a time; each waits for the engine or
// for sluiced. While sluice_nasl_attach() or sluice_nasl_detach() runs, no other call may.
#ifndef SLUICE_NASL_H
#define SLUICE_NASL_H

#include <sluice/sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

// The result of a NASL function: a value, FAKE_CELL for success without a value, NULL for an error.
// Cells are constants: do not free them.
struct tree_cell {
	int i_val;
};
#define FAKE_CELL ((const struct tree_cell *)1)

enum nasl_error {
	NASL_OK,
	NASL_MISSING_PARAMETER, // "FUNCTION: missing parameter"
	NASL_INVALID_PARAMETER, // "FUNCTION: invalid parameter 'ADDRESS'"
	NASL_NEVER_JOINED, // "leave_multicast_group: never joined group ADDRESS"
	NASL_SYSTEM_ERROR, // "FUNCTION: ADDRESS: REASON", such as no sluiced, a limit, an SSM range
};

// Joins the IPv4 or IPv6 group that `address` has as text, or counts one more join of it. Returns
// the cell 1, or NULL: NASL_MISSING_PARAMETER if `address` is NULL, NASL_INVALID_PARAMETER if it is
// no multicast address, NASL_SYSTEM_ERROR otherwise.
SLUICE_API const struct tree_cell *join_multicast_group(const char *address);

// Undoes one join; the last one leaves the group. Returns FAKE_CELL, or NULL as above, and
// NASL_NEVER_JOINED if the group is not joined.
SLUICE_API const struct tree_cell *leave_multicast_group(const char *address);

// Return the error of the last call of this thread, NASL_OK if it succeeded, and the line that the
// scanner prints for it: without a newline, "" on success, valid until the next call of the thread.
SLUICE_API enum nasl_error nasl_last_error(void);
SLUICE_API const char *nasl_last_error_text(void);

// Chooses where groups are joined: on an engine of this process (`sluice`) or on the sluiced at
// `socket`, and on which interface. NULL means the defaults above. The strings must stay valid.
// Returns 0, or -EBUSY while a session is open.
SLUICE_API int sluice_nasl_attach(struct sluice *sluice, const char *socket, const char *interface);
// Leaves all groups and closes the session; a later call opens another. To be called before
// sluice_close().
SLUICE_API void sluice_nasl_detach(void);

#ifdef __cplusplus
}
#endif

#endif
