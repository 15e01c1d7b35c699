/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration for commands. */
#include "cli/configuration.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"

const char *configuration_path(const struct arguments *arguments)
{
	const char *path = arguments_value(arguments, "config");

	return path == NULL ? CONFIG_FILE_DEFAULT : path;
}

json_t *diagnostics_json(
	const struct config_diagnostics *diagnostics, enum config_severity severity)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct config_diagnostic *d = &diagnostics->items[i];

		if (d->severity != severity)
			continue;
		json_array_append_new(list,
			json_pack("{s:s, s:s?, s:i, s:i, s:s, s:s}", "severity",
				severity == CONFIG_ERROR ? "error" : "warning", "file",
				d->mark.file, "line", (int)d->mark.line, "column",
				(int)d->mark.column, "message", d->text, "hint", d->hint));
	}
	return list;
}

void configuration_mistakes(
	struct console *console, const struct config_diagnostics *diagnostics)
{
	struct text text = { 0 };

	if (console->json) {
		(void)output_json(console,
			json_pack("{s:b, s:o, s:o}", "ok", false, "errors",
				diagnostics_json(diagnostics, CONFIG_ERROR), "warnings",
				diagnostics_json(diagnostics, CONFIG_WARNING)));
		return;
	}
	config_diagnostics_print(
		diagnostics, console->style.colour && isatty(fileno(console->err)), &text);
	fputs(text_string(&text), console->err);
	text_clear(&text);
}

enum exit_code configuration_load(const struct arguments *arguments, struct console *console,
	const char *path, struct configuration *configuration)
{
	struct error error = { 0 };
	int code = config_load(path == NULL ? configuration_path(arguments) : path,
		arguments_value(arguments, "conf-dir"), &configuration->files,
		&configuration->config, &configuration->diagnostics, &error);

	if (code == 0)
		return EXIT_CODE_OK;
	if (configuration->diagnostics.count > 0)
		configuration_mistakes(console, &configuration->diagnostics);
	else
		console_error(console, &error);
	return EXIT_CODE_USAGE;
}

void configuration_clear(struct configuration *configuration)
{
	config_free(configuration->config);
	configuration->config = NULL;
	config_diagnostics_clear(&configuration->diagnostics);
	config_files_clear(&configuration->files);
}
