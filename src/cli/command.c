/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands, and what can be said about a command without running it.
 *
 * Invariants:
 *  1. Every entry has a name, a summary and a function; names are unique.
 *  2. Optional positionals come after all others.
 */
#include "cli/command.h"

#include <string.h>

#include "cli/commands.h"

#define SUGGEST_DISTANCE 2u

const struct command *const commands[] = {
	&command_run,
	&command_init,
	&command_check_config,
	&command_config,
	&command_reload,
	&command_status,
	&command_services,
	&command_neighbors,
	&command_bfd,
	&command_routes,
	&command_rpki,
	&command_flowspec,
	&command_nexthops,
	&command_policy,
	&command_events,
	&command_drain,
	&command_undrain,
	&command_neighbor,
	&command_plan,
	&command_lab,
	&command_mrt,
	&command_collect,
	&command_version,
	&command_completion,
	&command_help,
	&command_internal_process,
	&command_internal_lab_server,
	&command_internal_complete,
	&command_internal_man,
	&command_internal_docs,
	NULL,
};

const struct option global_options[] = {
	{ "json", 'j', NULL, "print JSON instead of text for people", COMPLETE_NOTHING, NULL },
	{ "runtime-dir", 0, "DIR",
		"where the daemon's sockets are (default " RUNTIME_DIRECTORY_DEFAULT
		", or $NEARCAST_RUNTIME_DIR)",
		COMPLETE_DIRECTORY, NULL },
	{ "config", 'c', "FILE", "the configuration (default " CONFIG_FILE_DEFAULT ")",
		COMPLETE_FILE, NULL },
	{ "no-color", 0, NULL, "no colours, as with $NO_COLOR", COMPLETE_NOTHING, NULL },
	{ "version", 'V', NULL, "print the version", COMPLETE_NOTHING, NULL },
	{ "help", 'h', NULL, "explain the command", COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

const struct exit_meaning exit_meanings[] = {
	{ EXIT_CODE_OK, "it worked, and all is well" },
	{ EXIT_CODE_FAILED, "it failed" },
	{ EXIT_CODE_USAGE, "the command line or the configuration is wrong" },
	{ EXIT_CODE_UNREACHABLE, "no daemon answers" },
	{ EXIT_CODE_NOT_FOUND, "there is no such service, neighbour or route" },
	{ EXIT_CODE_DEGRADED, "the answer came, and something is degraded or down" },
	{ EXIT_CODE_OK, NULL },
};

const struct command *command_find(const struct command *const *table, const char *name)
{
	for (size_t i = 0; table[i] != NULL; i++) {
		if (strcmp(table[i]->name, name) == 0)
			return table[i];
	}
	return NULL;
}

const char *command_suggest(const struct command *const *table, const char *name)
{
	const char *best = NULL;
	unsigned least = SUGGEST_DISTANCE + 1;

	for (size_t i = 0; table[i] != NULL; i++) {
		unsigned distance;

		if (table[i]->group == GROUP_HIDDEN)
			continue;
		distance = text_distance(name, table[i]->name, SUGGEST_DISTANCE);
		if (distance < least) {
			least = distance;
			best = table[i]->name;
		}
	}
	return best;
}

const char *word_suggest(const char *const *words, const char *word)
{
	const char *best = NULL;
	unsigned least = SUGGEST_DISTANCE + 1;

	for (size_t i = 0; words[i] != NULL; i++) {
		unsigned distance = text_distance(word, words[i], SUGGEST_DISTANCE);

		if (distance < least) {
			least = distance;
			best = words[i];
		}
	}
	return best;
}

const char *command_group_title(enum command_group group)
{
	static const char *const titles[GROUP_COUNT] = {
		[GROUP_RUN] = "Run and configure",
		[GROUP_LOOK] = "Look",
		[GROUP_ACT] = "Act",
		[GROUP_OTHER] = "Other",
		[GROUP_HIDDEN] = "Hidden",
	};

	return titles[group];
}

static bool repeats(const struct positional *p)
{
	size_t length = strlen(p->name);

	return length > 3 && strcmp(p->name + length - 3, "...") == 0;
}

const struct positional *command_positional(const struct command *command, size_t index)
{
	const struct positional *p = command->positionals;

	if (p == NULL)
		return NULL;
	while (index > 0 && p->name != NULL && !repeats(p)) {
		p++;
		index--;
	}
	return p->name == NULL ? NULL : p;
}

void command_synopsis(const struct command *command, struct text *out)
{
	const struct positional *p = command->positionals;

	text_print(out, "%s [OPTIONS]", command->name);
	for (; p != NULL && p->name != NULL; p++)
		text_print(out, p->optional ? " [%s]" : " %s", p->name);
}

void option_label(const struct option *option, struct text *out)
{
	if (option->letter != 0)
		text_print(out, "-%c, ", option->letter);
	else
		text_add(out, "    ");
	text_print(out, "--%s", option->name);
	if (option->value != NULL)
		text_print(out, " %s", option->value);
}
