/* SPDX-License-Identifier: Apache-2.0 */
/* What --help says. Pure: from the table to a text. */
#ifndef NEARCAST_CLI_USAGE_H
#define NEARCAST_CLI_USAGE_H

#include "cli/console.h"

/* All commands by group, and the global options. */
void usage_global(const struct command *const *table, const struct option *globals,
	const struct style *style, struct text *out);
/* One command in full. */
void usage_command(const struct command *command, const struct option *globals,
	const struct style *style, struct text *out);

/* Print and free it; with --json as {"usage":...}. */
enum exit_code usage_print(struct console *console, struct text *text);

#endif
