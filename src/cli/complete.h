/* SPDX-License-Identifier: Apache-2.0 */
/* What may come next on a command line: the shells' completion, answered from the table. Pure.
 */
#ifndef NEARCAST_CLI_COMPLETE_H
#define NEARCAST_CLI_COMPLETE_H

#include "cli/command.h"

struct complete_names {
	void *context;
	/* Add the names of the daemon's services or neighbours, one a line. */
	void (*add)(void *context, enum complete kind, struct text *out);
};

/*
 * words: what stands after "nearcast"; the last one is being typed and may be empty. Writes one
 * candidate a line, "WORD<tab>help"; or ":file", ":directory" where the shell knows better.
 */
void complete_words(const struct command *const *table, const struct option *globals,
	const char *const *words, size_t count, const struct complete_names *names,
	struct text *out);

#endif
