/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands as data. One command is one file and one entry of one table; usage, --help,
 * completion, the manual page and docs/commands.md are all made from these entries.
 */
#ifndef NEARCAST_CLI_COMMAND_H
#define NEARCAST_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,       /* usage or configuration */
	EXIT_CODE_UNREACHABLE = 3, /* no daemon answers */
	EXIT_CODE_NOT_FOUND = 4,
	EXIT_CODE_DEGRADED = 5, /* the answer came, and something is not well */
};

/* What a shell may offer for a value. */
enum complete {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_WORDS, /* one of `words`; the parser refuses anything else */
	COMPLETE_COMMAND,
	COMPLETE_SERVICE,  /* asked from the daemon */
	COMPLETE_NEIGHBOR, /* the same */
};

/* Arrays of these end with a NULL name. */
struct option {
	const char *name;  /* without the dashes */
	char letter;       /* 0: none */
	const char *value; /* "FILE"; NULL: a flag */
	const char *help;  /* one sentence, lower case, no full stop */
	enum complete complete;
	const char *const *words; /* for COMPLETE_WORDS; NULL ends */
};

struct positional {
	const char *name; /* "SERVICE"; the last may end in "...": once or more often */
	const char *help;
	bool optional; /* only at the end of the list */
	enum complete complete;
	const char *const *words;
};

enum command_group {
	GROUP_RUN,  /* running and configuring the daemon */
	GROUP_LOOK, /* looking at a running daemon */
	GROUP_ACT,  /* changing what it does */
	GROUP_OTHER,
	GROUP_HIDDEN, /* for the program itself; documented nowhere */
	GROUP_COUNT,
};

struct arguments;
struct console;

struct command {
	const char *name;
	enum command_group group;
	const char *summary;          /* one line, lower case, no full stop */
	const char *description;      /* paragraphs separated by an empty line; NULL: none */
	const struct option *options; /* NULL: none */
	const struct positional *positionals; /* NULL: none */
	const char
		*exit_notes; /* what an exit status means here, if it needs saying; or NULL */
	const char *example; /* lines, each a command; NULL: none */
	enum exit_code (*run)(const struct arguments *arguments, struct console *console);
};

/* Ends with NULL. In the order in which they are shown. */
extern const struct command *const commands[];
extern const struct option global_options[];

#define RUNTIME_DIRECTORY_DEFAULT "/run/nearcast"
#define CONFIG_FILE_DEFAULT       "/etc/nearcast/nearcast.yaml"

/* NULL if there is none of that name. */
const struct command *command_find(const struct command *const *table, const char *name);
/* The nearest name that is not hidden and at most two letters away, or NULL. */
const char *command_suggest(const struct command *const *table, const char *name);
/* The nearest of a list of words that NULL ends, or NULL. */
const char *word_suggest(const char *const *words, const char *word);

const char *command_group_title(enum command_group group); /* "Look" */

/* The positional that comes at this place; NULL: there are not so many. */
const struct positional *command_positional(const struct command *command, size_t index);
/* "status [OPTIONS] [SERVICE]", into out. */
void command_synopsis(const struct command *command, struct text *out);
/* "-f, --follow" or "    --file FILE". */
void option_label(const struct option *option, struct text *out);

/* What the exit statuses mean, in order; the last has a NULL meaning. */
struct exit_meaning {
	enum exit_code code;
	const char *meaning;
};
extern const struct exit_meaning exit_meanings[];

#endif
