// SPDX-License-Identifier: BSD-3-Clause
// The part of Criterion's interface that the suites use, where Criterion does not start: it maps
// memory at addresses that ThreadSanitizer reserves, and aborts in QEMU's emulation of user
// programs. Each test runs in a process of its own, one after the other.
//
//   criterion.c  runs the tests of the program
//
// Assertions work in any thread. One that fails ends the process, an expectation does not.
#ifndef TESTS_CRITERION_H
#define TESTS_CRITERION_H

// The compiler spares Criterion's own macros, too, when it warns of comparisons.
#pragma GCC system_header

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct criterion_options {
	const char *description;
	void (*init)(void), (*fini)(void);
	unsigned timeout; // seconds, 0: none
};

struct criterion_suite {
	const char *name;
	struct criterion_options options;
};

struct criterion_test_params {
	size_t size; // of one parameter
	void *params;
	size_t length;
};

struct criterion_test {
	const char *suite, *name;
	void (*run)(void *param);
	struct criterion_test_params (*params)(void); // NULL: not parameterized
	struct criterion_options options; // what is not set is the suite's
};

// The linker gathers pointers to all suites and tests of the program in two sections.
#define CRITERION_REGISTER(kind, entry)                                                            \
	static const struct criterion_##kind *const entry##_registered                             \
		__attribute__((used, section("criterion_" #kind "s"))) = &entry;
#define CRITERION_TEST(suite_, name_, params_, ...)                                                \
	static const struct criterion_test suite_##_##name_##_test = {                             \
		#suite_, #name_, suite_##_##name_##_run, params_, {__VA_ARGS__}};                  \
	CRITERION_REGISTER(test, suite_##_##name_##_test)

#define TestSuite(name_, ...)                                                                      \
	static const struct criterion_suite name_##_suite = {#name_, {__VA_ARGS__}};               \
	CRITERION_REGISTER(suite, name_##_suite)

#define Test(suite_, name_, ...)                                                                   \
	static void suite_##_##name_##_impl(void);                                                 \
	static void suite_##_##name_##_run(void *param)                                            \
	{                                                                                          \
		(void)param;                                                                       \
		suite_##_##name_##_impl();                                                         \
	}                                                                                          \
	CRITERION_TEST(suite_, name_, NULL, __VA_ARGS__)                                           \
	static void suite_##_##name_##_impl(void)

#define ParameterizedTestParameters(suite_, name_)                                                 \
	static struct criterion_test_params suite_##_##name_##_params(void)
#define cr_make_param_array(type, array, n) ((struct criterion_test_params){sizeof(type), array, n})
#define ParameterizedTest(param_, suite_, name_, ...)                                              \
	static void suite_##_##name_##_impl(param_);                                               \
	static void suite_##_##name_##_run(void *param)                                            \
	{                                                                                          \
		suite_##_##name_##_impl(param);                                                    \
	}                                                                                          \
	CRITERION_TEST(suite_, name_, suite_##_##name_##_params, __VA_ARGS__)                      \
	static void suite_##_##name_##_impl(param_)

// Notes that the test has failed; ends its process if `fatal`. The format may be "".
__attribute__((format(printf, 5, 6))) void criterion_fail(
	bool fatal, const char *file, int line, const char *condition, const char *format, ...);
// Ends the test and counts it as skipped.
__attribute__((format(printf, 1, 2), noreturn)) void criterion_skip(const char *reason, ...);

#define CRITERION_CHECK(fatal, condition, text, ...)                                               \
	((condition) ? (void)0 : criterion_fail(fatal, __FILE__, __LINE__, text, "" __VA_ARGS__))
#define CRITERION_COMPARE(fatal, a, op, b, ...)                                                    \
	CRITERION_CHECK(fatal, (a)op(b), #a " " #op " " #b, __VA_ARGS__)
#define CRITERION_STR(fatal, a, op, b, ...)                                                        \
	CRITERION_CHECK(fatal, strcmp(a, b) op 0, "strings: " #a " " #op " " #b, __VA_ARGS__)
#define CRITERION_ARR(fatal, a, b, size, ...)                                                      \
	CRITERION_CHECK(fatal, memcmp(a, b, size) == 0, #size " bytes: " #a " == " #b, __VA_ARGS__)
#define CRITERION_FLOAT(fatal, a, b, epsilon, ...)                                                 \
	CRITERION_CHECK(fatal, (a) - (b) <= (epsilon) && (b) - (a) <= (epsilon), #a " == " #b,     \
		__VA_ARGS__)

#define cr_skip_test(...) criterion_skip(__VA_ARGS__)
#define cr_assert_fail(...) CRITERION_CHECK(true, false, "fail", __VA_ARGS__)
#define cr_assert(c, ...) CRITERION_CHECK(true, c, #c, __VA_ARGS__)
#define cr_expect(c, ...) CRITERION_CHECK(false, c, #c, __VA_ARGS__)
#define cr_assert_not(c, ...) CRITERION_CHECK(true, !(c), "not " #c, __VA_ARGS__)
#define cr_expect_not(c, ...) CRITERION_CHECK(false, !(c), "not " #c, __VA_ARGS__)
#define cr_assert_null(p, ...) CRITERION_COMPARE(true, p, ==, NULL, __VA_ARGS__)
#define cr_expect_null(p, ...) CRITERION_COMPARE(false, p, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(p, ...) CRITERION_COMPARE(true, p, !=, NULL, __VA_ARGS__)
#define cr_expect_not_null(p, ...) CRITERION_COMPARE(false, p, !=, NULL, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) CRITERION_COMPARE(true, a, ==, b, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) CRITERION_COMPARE(false, a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) CRITERION_COMPARE(true, a, !=, b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) CRITERION_COMPARE(false, a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) CRITERION_COMPARE(true, a, <, b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) CRITERION_COMPARE(false, a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) CRITERION_COMPARE(true, a, <=, b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) CRITERION_COMPARE(false, a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) CRITERION_COMPARE(true, a, >, b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) CRITERION_COMPARE(false, a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) CRITERION_COMPARE(true, a, >=, b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) CRITERION_COMPARE(false, a, >=, b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) CRITERION_STR(true, a, ==, b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) CRITERION_STR(false, a, ==, b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) CRITERION_STR(false, a, !=, b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...) CRITERION_STR(false, a, ==, "", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...) CRITERION_ARR(true, a, b, size, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...) CRITERION_ARR(false, a, b, size, __VA_ARGS__)
#define cr_assert_float_eq(a, b, epsilon, ...) CRITERION_FLOAT(true, a, b, epsilon, __VA_ARGS__)

#endif
