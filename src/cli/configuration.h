/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that a command is about: found, read, checked, its mistakes told. */
#ifndef NEARCAST_CLI_CONFIGURATION_H
#define NEARCAST_CLI_CONFIGURATION_H

#include <jansson.h>

#include "cli/console.h"
#include "config/reader.h"
#include "daemon/main/config_files.h"

/* Zero-initialise; configuration_clear frees. */
struct configuration {
	struct config_files files;
	struct config *config;
	struct config_diagnostics diagnostics;
};

/* --config, or else the default. */
const char *configuration_path(const struct arguments *arguments);

#define OPTION_CONF_DIR                                                                                  \
	{                                                                                                \
		"conf-dir", 0, "DIR",                                                                    \
			"more files, *.yaml (default: conf.d beside the configuration; empty for none)", \
			COMPLETE_DIRECTORY, NULL                                                         \
	}

/* Reads path (NULL: configuration_path) and --conf-dir, or conf.d beside it. Mistakes and what
 * else fails are printed: to err for people, to out with --json; warnings are left in
 * diagnostics. */
enum exit_code configuration_load(const struct arguments *arguments, struct console *console,
	const char *path, struct configuration *configuration);
/* Print all mistakes: to err for people, to out with --json. */
void configuration_mistakes(
	struct console *console, const struct config_diagnostics *diagnostics);
void configuration_clear(struct configuration *configuration);

/* [{"severity", "file", "line", "column", "message", "hint"}] of one severity. */
json_t *diagnostics_json(
	const struct config_diagnostics *diagnostics, enum config_severity severity);

#endif
