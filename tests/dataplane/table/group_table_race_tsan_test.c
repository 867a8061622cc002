// SPDX-License-Identifier: BSD-3-Clause
// The race under ThreadSanitizer, which makes a data race an exit status.
#include "race_fixture.h"
#include <sys/socket.h>

int main(void)
{
	race_run(AF_INET);
	race_run(AF_INET6);
	race_filters_run(AF_INET);
	race_filters_run(AF_INET6);
	return 0;
}
