// SPDX-License-Identifier: BSD-3-Clause
// What must hold while fuzzing: says what did not, and aborts for the fuzzer to see.
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
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

#endif
