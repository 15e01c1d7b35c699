/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast run: the daemon. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "daemon/main/main.h"

static const char *const formats[] = { "logfmt", "json", "journal", NULL };
static const char *const levels[] = { "error", "warning", "info", "debug", NULL };

/* The position of a word that the parser has checked. */
static int position(const char *const *words, const char *word)
{
	int i = 0;

	while (words[i] != NULL && strcmp(words[i], word) != 0)
		i++;
	return i;
}

static void take_log(const struct arguments *arguments, struct main_options *options)
{
	const char *format = arguments_value(arguments, "log-format");
	const char *level = arguments_value(arguments, "log-level");

	if (format != NULL) {
		options->has_log_format = true;
		options->log_format = (enum log_format)position(formats, format);
	}
	if (level != NULL) {
		options->has_log_level = true;
		options->log_level = (enum log_level)position(levels, level);
	}
}

static enum exit_code run_run(const struct arguments *arguments, struct console *console)
{
	const char *file = arguments_positional(arguments, 0);
	const char *runtime = arguments_value(arguments, "runtime-dir");
	struct main_options options = {
		.config_path = file != NULL ? file : configuration_path(arguments),
		.conf_dir = arguments_value(arguments, "conf-dir"),
		.runtime_dir = runtime != NULL ? runtime : getenv("NEARCAST_RUNTIME_DIR"),
		.state_dir = arguments_value(arguments, "state-dir"),
		.user = arguments_value(arguments, "user"),
		.foreground_single = arguments_has(arguments, "foreground-single"),
	};

	(void)console;
	take_log(arguments, &options);
	return (enum exit_code)main_run(&options);
}

static const struct option options[] = {
	OPTION_CONF_DIR,
	{ "state-dir", 0, "DIR", "what survives a restart (default " MAIN_STATE_DIR ")",
		COMPLETE_DIRECTORY, NULL },
	{ "user", 'u', "NAME", "the user to become when started as root", COMPLETE_NOTHING,
		NULL },
	{ "log-format", 0, "FORMAT", "logfmt, json or journal", COMPLETE_WORDS, formats },
	{ "log-level", 0, "LEVEL", "error, warning, info or debug", COMPLETE_WORDS, levels },
	{ "foreground-single", 0, NULL, "everything in one process, for a debugger",
		COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "FILE", "the configuration, instead of --config", true, COMPLETE_FILE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_run = {
	.name = "run",
	.group = GROUP_RUN,
	.summary = "run the daemon, in the foreground",
	.description =
		"It puts the services' addresses on the interface, checks the services, and "
		"announces the addresses over BGP for exactly as long as they are healthy. "
		"SIGTERM ends it as each service's on-exit says, SIGHUP reloads.\n\n"
		"It needs the capabilities CAP_NET_ADMIN, CAP_NET_RAW and "
		"CAP_NET_BIND_SERVICE, or root, which it gives up.",
	.options = options,
	.positionals = positionals,
	.exit_notes = "0 when it was ended by a signal, 2 when the configuration has mistakes.",
	.example = "nearcast run site.yaml",
	.run = run_run,
};
