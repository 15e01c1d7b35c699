/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion: walks over the words as arguments.c does, but forgives, and says what fits where
 * the walk ends.
 */
#include "cli/complete.h"

#include <string.h>

struct walk {
	const struct command *const *table;
	const struct option *globals;
	const struct complete_names *names;
	const struct command *command;
	const struct option *wanting; /* the option whose value comes next */
	size_t positional;            /* how many were seen */
	bool options_ended;
	struct text *out;
};

static void offer(struct walk *walk, const char *typed, const char *word, const char *help)
{
	if (strncmp(word, typed, strlen(typed)) == 0)
		text_print(walk->out, "%s\t%s\n", word, help);
}

static void offer_names(struct walk *walk, const char *typed, enum complete kind)
{
	struct text names = { 0 };
	char *line, *rest;

	if (walk->names == NULL)
		return;
	walk->names->add(walk->names->context, kind, &names);
	rest = names.bytes;
	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] != '\0')
			offer(walk, typed, line, "");
	}
	text_clear(&names);
}

static void offer_commands(struct walk *walk, const char *typed)
{
	for (size_t i = 0; walk->table[i] != NULL; i++) {
		if (walk->table[i]->group != GROUP_HIDDEN)
			offer(walk, typed, walk->table[i]->name, walk->table[i]->summary);
	}
}

static void offer_value(
	struct walk *walk, const char *typed, enum complete kind, const char *const *words)
{
	for (; kind == COMPLETE_WORDS && words != NULL && *words != NULL; words++)
		offer(walk, typed, *words, "");
	if (kind == COMPLETE_FILE)
		text_add(walk->out, ":file\n");
	if (kind == COMPLETE_DIRECTORY)
		text_add(walk->out, ":directory\n");
	if (kind == COMPLETE_COMMAND)
		offer_commands(walk, typed);
	if (kind == COMPLETE_SERVICE || kind == COMPLETE_NEIGHBOR)
		offer_names(walk, typed, kind);
}

static void offer_options(struct walk *walk, const char *typed, const struct option *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		struct text word = { 0 };

		text_print(&word, "--%s", options->name);
		offer(walk, typed, text_string(&word), options->help);
		text_clear(&word);
	}
}

static const struct option *find_option(const struct option *options, const char *word)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (word[1] == '-' && strcmp(options->name, word + 2) == 0)
			return options;
		if (word[1] != '-' && options->letter != 0 && word[1] == options->letter &&
			word[2] == '\0')
			return options;
	}
	return NULL;
}

static void pass(struct walk *walk, const char *word)
{
	const struct option *option = NULL;

	if (strcmp(word, "=") == 0) /* bash breaks words there */
		return;
	if (walk->wanting != NULL) {
		walk->wanting = NULL;
		return;
	}
	if (!walk->options_ended && word[0] == '-') {
		if (walk->command != NULL)
			option = find_option(walk->command->options, word);
		if (option == NULL)
			option = find_option(walk->globals, word);
		walk->wanting = option != NULL && option->value != NULL ? option : NULL;
		walk->options_ended = strcmp(word, "--") == 0;
		return;
	}
	if (walk->command == NULL)
		walk->command = command_find(walk->table, word);
	else
		walk->positional++;
}

static void offer_next(struct walk *walk, const char *typed)
{
	const struct positional *p;

	if (strcmp(typed, "=") == 0)
		typed = "";
	if (walk->wanting != NULL) {
		offer_value(walk, typed, walk->wanting->complete, walk->wanting->words);
		return;
	}
	if (!walk->options_ended && typed[0] == '-') {
		if (walk->command != NULL)
			offer_options(walk, typed, walk->command->options);
		offer_options(walk, typed, walk->globals);
		return;
	}
	if (walk->command == NULL) {
		offer_commands(walk, typed);
		return;
	}
	p = command_positional(walk->command, walk->positional);
	if (p != NULL)
		offer_value(walk, typed, p->complete, p->words);
}

void complete_words(const struct command *const *table, const struct option *globals,
	const char *const *words, size_t count, const struct complete_names *names,
	struct text *out)
{
	struct walk walk = { .table = table, .globals = globals, .names = names, .out = out };

	for (size_t i = 0; i + 1 < count; i++)
		pass(&walk, words[i]);
	offer_next(&walk, count == 0 ? "" : words[count - 1]);
}
