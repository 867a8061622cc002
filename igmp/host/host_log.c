// SPDX-License-Identifier: BSD-3-Clause
// The log of a host. Its lines follow from packets that anybody may send, so that they are limited
// in rate (SEC-5).
#include <stdarg.h>
#include <stdio.h>

#include "host_private.h"

#define LOG_INTERVAL_MS 1000

void host_log(struct host *host, uint64_t now_ms, const char *format, ...)
{
	char text[160];
	va_list args;

	if (host->ops->log == NULL || now_ms < host->log_next_ms)
		return;
	host->log_next_ms = now_ms + LOG_INTERVAL_MS;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	host->ops->log(host->ctx, host, text);
}
