// SPDX-License-Identifier: BSD-3-Clause
// The YAML configuration: any text gives either a configuration or an error, never both.
#include "input.h"

#include <config.h>
#include <string.h>
#include "require.h"

static void count(void *arg, const char *line)
{
	unsigned *complaints = arg;

	REQUIRE(strncmp(line, "fuzz:", 5) == 0);
	++*complaints;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct config_bounds bounds = {
		.lcores = 128, .queues = 1024, .cpus = 64, .limits = true};
	unsigned complaints = 0;
	struct config *config =
		config_load_text("fuzz", (const char *)bytes, len, &bounds, count, &complaints);

	REQUIRE((config == NULL) == (complaints > 0));
	if (config)
		config_free(config);
	return 0;
}
