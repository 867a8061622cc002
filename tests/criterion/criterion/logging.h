// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_CRITERION_LOGGING_H
#define TESTS_CRITERION_LOGGING_H

#include <stdio.h>

#define cr_log_info(...) printf("# " __VA_ARGS__)

#endif
