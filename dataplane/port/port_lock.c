// SPDX-License-Identifier: BSD-3-Clause
#include "port_lock.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "port_diagnosis.h"

#define DRIVER "net_tap"

// An abstract address belongs to the network namespace, like the tap, and disappears with the
// socket.
int port_lock(const char *device, int *fd, struct dataplane_error *error)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char tap[PORT_DIAGNOSIS_TEXT_MAX];
	int len, code;

	*fd = -1;
	if (strncmp(device, DRIVER, strlen(DRIVER)) != 0 ||
		!port_diagnosis_argument(device, "iface", tap))
		return 0;
	len = snprintf(&addr.sun_path[1], sizeof(addr.sun_path) - 1, "sluice/dev/%.64s", tap);
	*fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && bind(*fd, (const struct sockaddr *)&addr,
				offsetof(struct sockaddr_un, sun_path) + 1 + len) == 0)
		return 0;
	code = errno;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	if (code == EADDRINUSE)
		return dataplane_error_set(error, EBUSY,
			"device \"%s\": another process or port of Sluice has the tap %s", device,
			tap);
	return dataplane_error_set(error, code, "device \"%s\": lock: %s", device, strerror(code));
}
