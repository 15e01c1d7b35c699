/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a command with its options and positionals. Pure. */
#ifndef NEARCAST_CLI_ARGUMENTS_H
#define NEARCAST_CLI_ARGUMENTS_H

#include "base/error.h"
#include "cli/command.h"

#define ARGUMENTS_POSITIONALS_MAX 1024
#define ARGUMENTS_OPTIONS_MAX     512

struct argument {
	const struct option *option;
	const char *value; /* NULL for a flag */
};

/* Points into argv and the table. */
struct arguments {
	const struct command *command; /* NULL: none was named */
	const char *positionals[ARGUMENTS_POSITIONALS_MAX];
	size_t positional_count;
	struct argument options[ARGUMENTS_OPTIONS_MAX]; /* in the order of the command line */
	size_t option_count;
};

/*
 * Read argv[1..]. Options are "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE"; flags can
 * be bundled ("-fj"); "--" ends them. Global options go before or after the command. With
 * --help, what is missing is no error. 0; ERROR_MALFORMED with a hint; ERROR_FULL.
 * ret_arguments->command is valid with an error too, if it was known by then.
 */
int arguments_parse(const struct command *const *table, const struct option *globals, int argc,
	const char *const *argv, struct arguments *ret_arguments, struct error *error);

bool arguments_has(const struct arguments *arguments, const char *option);
/* The value given last, or NULL. */
const char *arguments_value(const struct arguments *arguments, const char *option);
/* NULL if there were not so many. */
const char *arguments_positional(const struct arguments *arguments, size_t index);

#endif
