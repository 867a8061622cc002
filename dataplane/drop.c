// SPDX-License-Identifier: BSD-3-Clause
#include <assert.h>
#include "dataplane.h"

static const char *const names[] = {
	[DROP_NONE] = "none",
	[DROP_NOT_MULTICAST] = "not_multicast",
	[DROP_NO_INTERFACE] = "no_interface",
	[DROP_NOT_IP] = "not_ip",
	[DROP_TRUNCATED] = "truncated",
	[DROP_BAD_VERSION] = "bad_version",
	[DROP_BAD_LENGTH] = "bad_length",
	[DROP_BAD_CHECKSUM] = "bad_checksum",
	[DROP_BAD_EXTENSION] = "bad_extension",
	[DROP_NOT_JOINED] = "not_joined",
	[DROP_FILTERED] = "filtered",
	[DROP_PUNT_RATE] = "punt_rate",
	[DROP_PUNT_FULL] = "punt_full",
	[DROP_OUTPUT_FULL] = "output_full",
	[DROP_NO_MBUF] = "no_mbuf",
};
static_assert(sizeof(names) / sizeof(*names) == DROP_REASONS, "every drop has a name");

const char *drop_reason_name(enum drop_reason reason)
{
	return names[reason];
}
