/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast mrt ACTION FILE...: look into MRT files, count what they hold, turn them over. */
#include <string.h>

#include "cli/commands.h"
#include "cli/mrt_action.h"
#include "cli/output.h"

static const char *const actions[] = { "show", "stats", "convert", NULL };
static const char *const targets[] = { "table", "updates", NULL };

static mrt_action *const functions[] = { mrt_show, mrt_stats, mrt_convert };

static enum exit_code mrt_run(const struct arguments *arguments, struct console *console)
{
	const char *action = arguments_positional(arguments, 0);
	struct mrt_filter filter;
	struct error error = { 0 };

	if (mrt_filter_parse(arguments, &filter, &error) != 0)
		return output_error(console, &error);
	for (size_t i = 0; actions[i] != NULL; i++)
		if (strcmp(actions[i], action) == 0)
			return functions[i](arguments, &filter, console);
	return EXIT_CODE_USAGE;
}

static const struct option options[] = {
	MRT_FILTER_OPTIONS,
	{ "machine", 'm', NULL, "show: fields with | between, as bgpdump -m prints them",
		COMPLETE_NOTHING, NULL },
	{ "output", 'O', "FILE", "convert: write here instead of to the standard output",
		COMPLETE_FILE, NULL },
	{ "into", 0, "KIND", "convert: into a table or updates (default: the other of the two)",
		COMPLETE_WORDS, targets },
	{ "top", 0, "N", "stats: so many of the largest origins (default 10)", COMPLETE_NOTHING,
		NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "ACTION", "show, stats or convert", false, COMPLETE_WORDS, actions },
	{ "FILE...", "MRT files, plain or packed by gzip, bzip2 or xz; - is the standard input",
		false, COMPLETE_FILE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_mrt = {
	.name = "mrt",
	.group = GROUP_OTHER,
	.summary = "read and convert MRT files: tables and updates",
	.description =
		"Reads what route collectors and BGP daemons write (RFC 6396, RFC 8050): table dumps "
		"of both versions and streams of messages. What is odd in a file is counted, told at "
		"the end and passed over.\n\n"
		"show prints a line a route; with --json an object a line. stats counts prefixes, "
		"routes, peers, attribute sets, paths and lengths. convert turns a table dump into "
		"the updates that build it, packed as a BGP speaker would, and updates (on top of a "
		"table dump, if one comes first) into the table that they leave behind.\n\n"
		"No daemon is asked.",
	.options = options,
	.positionals = positionals,
	.exit_notes =
		"The exit status is 1 when a file could not be read to its end, or is not "
		"what it should be; what could be read was shown.",
	.example = "nearcast mrt show --prefix 192.0.2.0/24 --longer rib.20140530.2200.bz2\n"
		   "nearcast mrt stats --json updates.*.gz\n"
		   "nearcast mrt convert --into table --output now.mrt rib.gz updates.*.gz",
	.run = mrt_run,
};
