// SPDX-License-Identifier: BSD-3-Clause
// Runs the tests of the program and writes TAP.
//
//   usage: PROGRAM [--tap] [--filter SUITE/NAME]     a pattern of the shell
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_FAILED = 1, STATUS_SKIPPED = 77 };

// Named by the linker.
extern const struct criterion_test *const __start_criterion_tests[],
	*const __stop_criterion_tests[];
extern const struct criterion_suite *const __start_criterion_suites[] __attribute__((weak)),
	*const __stop_criterion_suites[] __attribute__((weak));

static _Atomic bool failed; // the test of this process

void criterion_fail(
	bool fatal, const char *file, int line, const char *condition, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "# %s:%d: %s%s%s\n", file, line, condition, text[0] != '\0' ? ": " : "",
		text);
	failed = true;
	if (!fatal)
		return;
	fflush(NULL);
	_exit(STATUS_FAILED);
}

void criterion_skip(const char *reason, ...)
{
	va_list arguments;

	printf("# skipped: ");
	va_start(arguments, reason);
	vprintf(reason, arguments);
	va_end(arguments);
	printf("\n");
	fflush(NULL);
	_exit(STATUS_SKIPPED);
}

static struct criterion_options options_of(const struct criterion_test *test)
{
	struct criterion_options options = test->options;

	for (const struct criterion_suite *const *suite = __start_criterion_suites;
		suite < __stop_criterion_suites; suite++) {
		if (strcmp((*suite)->name, test->suite) != 0)
			continue;
		if (options.init == NULL)
			options.init = (*suite)->options.init;
		if (options.fini == NULL)
			options.fini = (*suite)->options.fini;
		if (options.timeout == 0)
			options.timeout = (*suite)->options.timeout;
	}
	return options;
}

static _Noreturn void run(const struct criterion_test *test, void *param)
{
	const struct criterion_options options = options_of(test);

	alarm(options.timeout);
	if (options.init != NULL)
		options.init();
	test->run(param);
	if (options.fini != NULL)
		options.fini();
	exit(failed ? STATUS_FAILED : 0);
}

// Returns the status of the process; ThreadSanitizer's if it has found a race.
static int run_apart(const struct criterion_test *test, void *param)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run(test, param);
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

// Returns whether it has not failed.
static bool report(const struct criterion_test *test, unsigned number, int status)
{
	const bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIPPED;
	const bool ok = status == 0 || skipped;
	const char *description = test->options.description;

	if (WIFSIGNALED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	printf("%s %u - %s::%s %s%s\n", ok ? "ok" : "not ok", number, test->suite, test->name,
		description != NULL ? description : "", skipped ? " # SKIP" : "");
	fflush(stdout);
	return ok;
}

int main(int argc, char **argv)
{
	const char *filter = "*";
	unsigned n = 0, n_failed = 0;
	char name[256];

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--filter") == 0)
			filter = argv[i + 1];
	for (const struct criterion_test *const *at = __start_criterion_tests;
		at < __stop_criterion_tests; at++) {
		struct criterion_test_params params = {.length = 1};

		snprintf(name, sizeof(name), "%s/%s", (*at)->suite, (*at)->name);
		if (fnmatch(filter, name, 0) != 0)
			continue;
		if ((*at)->params != NULL)
			params = (*at)->params();
		for (size_t i = 0; i < params.length; i++) {
			void *param = (uint8_t *)params.params + i * params.size;

			n_failed += !report(*at, ++n, run_apart(*at, param));
		}
	}
	printf("1..%u\n", n);
	return n == 0 || n_failed > 0;
}
