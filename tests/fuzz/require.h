// SPDX-License-Identifier: BSD-3-Clause
// Checks while fuzzing: prints the failed condition and aborts, so that the fuzzer detects it.
#ifndef REQUIRE_H
#define REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			require_fail(#condition);                                                  \
	} while (0)

_Noreturn static inline void require_fail(const char *what)
{
	fprintf(stderr, "failed: %s\n", what);
	abort();
}

#endif
