/* SPDX-License-Identifier: Apache-2.0 */
/* Where and how much main logs: the command line before the configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/main/log_name.h"
#include "daemon/main/main_process.h"
#include "os/log.h"

/* systemd says which stream its journal reads: systemd.exec(5), JOURNAL_STREAM. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static enum log_format log_format_of(const struct config *config)
{
	switch (config->log_format) {
	case LOG_LOGFMT:
		return LOG_FORMAT_LOGFMT;
	case LOG_JSON:
		return LOG_FORMAT_JSON;
	case LOG_JOURNAL:
		return LOG_FORMAT_JOURNAL;
	case LOG_AUTO:
		break;
	}
	return stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_LOGFMT;
}

static enum log_level log_level_of(const struct config *config)
{
	static const enum log_level levels[] = {
		[LOG_LEVEL_ERROR] = LOG_ERROR,
		[LOG_LEVEL_WARNING] = LOG_WARNING,
		[LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};

	return levels[config->log_level];
}

void main_log_apply(const struct main_process *main)
{
	const struct main_options *o = main->options;
	enum log_format format =
		o->has_log_format ? o->log_format : log_format_of(main->config);
	enum log_level level = o->has_log_level ? o->log_level : log_level_of(main->config);

	log_setup("main", format, level);
	log_name_export(format, level);
}
