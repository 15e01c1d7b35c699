/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast lab ACTION: a small Internet on this machine. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/lab_action.h"
#include "cli/output.h"

static const struct {
	const char *name;
	lab_action *run;
	size_t fewest, most; /* arguments after the action */
} table[] = {
	{ "up", lab_action_up, 0, 1 },
	{ "down", lab_action_down, 0, 1 },
	{ "list", lab_action_list, 0, 0 },
	{ "status", lab_action_status, 0, 0 },
	{ "exec", lab_action_exec, 1, ARGUMENTS_POSITIONALS_MAX },
	{ "break", lab_action_break, 1, 1 },
	{ "mend", lab_action_mend, 1, 1 },
	{ "drain", lab_action_drain, 1, 1 },
	{ "undrain", lab_action_undrain, 1, 1 },
	{ "prepend", lab_action_prepend, 2, 2 },
	{ "catchment", lab_action_catchment, 0, 0 },
	{ "check", lab_action_check, 1, 1 },
	{ "run", lab_action_run, 1, 1 },
	{ "export", lab_action_export, 1, 1 },
};

#define ACTIONS (sizeof(table) / sizeof(table[0]))

static enum exit_code lab_command_run(
	const struct arguments *arguments, struct console *console)
{
	const char *action = arguments_positional(arguments, 0);
	size_t count = arguments->positional_count - 1;
	struct error error = { 0 };

	for (size_t i = 0; i < ACTIONS; i++) {
		if (strcmp(table[i].name, action) != 0)
			continue;
		if (count >= table[i].fewest && count <= table[i].most)
			return table[i].run(arguments, console);
		error_hint(&error, "see `nearcast lab --help`");
		if (table[i].fewest == table[i].most)
			error_set(&error, ERROR_RANGE, "lab %s takes %zu argument%s", action,
				table[i].most, table[i].most == 1 ? "" : "s");
		else
			error_set(&error, ERROR_RANGE, "lab %s takes %s", action,
				count < table[i].fewest ? "more arguments" : "fewer arguments");
		return output_error(console, &error);
	}
	return EXIT_CODE_USAGE;
}

static const char *const actions[] = { "up", "down", "list", "status", "exec", "break", "mend",
	"drain", "undrain", "prepend", "catchment", "check", "run", "export", NULL };

static const struct option options[] = {
	{ "name", 'N', "NAME",
		"the world that is meant (default: the only one that is up; for up: the file's name)",
		COMPLETE_NOTHING, NULL },
	{ "silent", 0, NULL,
		"break: packets are lost without a sign, instead of a loss of carrier",
		COMPLETE_NOTHING, NULL },
	{ "for", 0, "SECONDS", "catchment: how long to measure (default 1)", COMPLETE_NOTHING,
		NULL },
	{ "map", 'm', "FILE",
		"catchment: draw a map too; a name that ends in .png is drawn as PNG",
		COMPLETE_FILE, NULL },
	{ "before", 0, "FILE",
		"catchment: what --json said earlier; the map then shows both, and what changed",
		COMPLETE_FILE, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "ACTION",
		"up, down, list, status, exec, break, mend, drain, undrain, prepend, catchment, "
		"check, run or export",
		false, COMPLETE_WORDS, actions },
	{ "ARGUMENT...",
		"up, check: a world's file or demo, dns-root, hundred, ixp, two-sites; exec: a node and "
		"a command behind --; break, mend: a link, a node, or SITE/service; drain, "
		"undrain: a site; prepend: a site and how often; run: a scenario; export: dot, geojson or rfc8345",
		true, COMPLETE_FILE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_lab = {
	.name = "lab",
	.group = GROUP_OTHER,
	.summary = "a small Internet on this machine, to rehearse on",
	.description =
		"Builds a world out of network namespaces: networks with cities and relations, links "
		"with delays, sites with a real service, people who ask; this daemon (or BIRD, FRR, "
		"GoBGP, OpenBGPD) speaks BGP in every node. Nothing of it is seen outside, and all of it "
		"goes when it is taken down, or when its first process is killed.\n\n"
		"up builds a world and returns when everybody is served. check only reads its file. "
		"catchment shows who is answered by which site, and how fast. break cuts a link, "
		"takes the power from a node, or kills a site's service; mend repairs it. drain takes "
		"a site out of service in its orderly way. exec runs a command in a node.\n\n"
		"Without root, user namespaces are used where they are allowed.",
	.options = options,
	.positionals = positionals,
	.exit_notes = NULL,
	.example = "nearcast lab up demo\n"
		   "nearcast lab catchment\n"
		   "nearcast lab break ams/service\n"
		   "nearcast lab exec berlin -- ip route\n"
		   "nearcast lab down\n",
	.run = lab_command_run,
};
