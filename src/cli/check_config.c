/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast check-config [FILE]: all mistakes at once, or what would be announced to whom. */
#include "cli/announcements.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/view.h"

static json_t *file_names(const struct config_files *files)
{
	json_t *list = json_array();

	for (size_t i = 0; i < files->count; i++)
		json_array_append_new(list, json_string(files->sources[i].name));
	return list;
}

static enum exit_code tell_json(
	struct console *console, const struct configuration *configuration)
{
	json_t *document = json_pack("{s:b, s:o, s:o}", "ok", true, "files",
		file_names(&configuration->files), "warnings",
		diagnostics_json(&configuration->diagnostics, CONFIG_WARNING));
	json_t *announcements = announcements_json(configuration->config);

	if (announcements != NULL)
		json_object_update(document, announcements);
	json_decref(announcements);
	return output_json(console, document);
}

static enum exit_code tell(struct console *console, const struct configuration *configuration)
{
	json_t *names = file_names(&configuration->files);
	json_t *announcements = announcements_json(configuration->config);
	struct text out = { 0 };

	if (configuration->diagnostics.count > 0) {
		config_diagnostics_print(
			&configuration->diagnostics, console->style.colour, &out);
		text_add(&out, "\n");
	}
	view_join(names, ", ", &out);
	text_add(&out, ": ");
	view_tone(&console->style, TONE_GOOD, "no mistakes", &out);
	text_add(&out, "\n");
	render_announcements(announcements, &console->style, &out);
	json_decref(names);
	json_decref(announcements);
	return output_text(console, &out);
}

static enum exit_code check_config_run(
	const struct arguments *arguments, struct console *console)
{
	struct configuration configuration = { 0 };
	enum exit_code code = configuration_load(
		arguments, console, arguments_positional(arguments, 0), &configuration);

	if (code == EXIT_CODE_OK)
		code = console->json ? tell_json(console, &configuration)
				     : tell(console, &configuration);
	configuration_clear(&configuration);
	return code;
}

static const struct option options[] = {
	OPTION_CONF_DIR,
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "FILE", "the configuration, instead of --config", true, COMPLETE_FILE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_check_config = {
	.name = "check-config",
	.group = GROUP_RUN,
	.summary = "find all mistakes; show what would be announced",
	.description = "Nothing is asked or changed: the daemon need not run.",
	.options = options,
	.positionals = positionals,
	.exit_notes = "The exit status is 2 when there is a mistake.",
	.example = "nearcast check-config site.yaml",
	.run = check_config_run,
};
