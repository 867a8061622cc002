// SPDX-License-Identifier: BSD-3-Clause
// The race test under ThreadSanitizer. The exit status reports a data race.
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
