/* SPDX-License-Identifier: Apache-2.0 */
/* The log's settings as a variable of the environment. */
#include "daemon/main/log_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "NEARCAST_LOG"

static const char *const formats[] = {
	[LOG_FORMAT_LOGFMT] = "logfmt",
	[LOG_FORMAT_JSON] = "json",
	[LOG_FORMAT_JOURNAL] = "journal",
};

static const char *const levels[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static int find(const char *const *names, size_t count, const char *name, int fallback)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return fallback;
}

void log_name_setup(const char *process)
{
	const char *value = getenv(VARIABLE);
	char format[16] = "", level[16] = "";

	if (value != NULL)
		(void)sscanf(value, "%15s %15s", format, level);
	log_setup(process,
		(enum log_format)find(formats, sizeof(formats) / sizeof(formats[0]), format,
			LOG_FORMAT_LOGFMT),
		(enum log_level)find(
			levels, sizeof(levels) / sizeof(levels[0]), level, LOG_INFO));
}

void log_name_export(enum log_format format, enum log_level level)
{
	char value[40];

	snprintf(value, sizeof(value), "%s %s", formats[format], levels[level]);
	(void)setenv(VARIABLE, value, 1);
}
