/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast reload: take over a changed configuration, or show what that would do. */
#include <string.h>

#include "cli/act.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/view.h"

static void add_routes(const json_t *document, const char *key, const char *title,
	enum tone tone, const struct style *style, struct text *out)
{
	size_t i;
	json_t *route;

	json_array_foreach(view_get(document, key), i, route)
	{
		if (i == 0)
			view_title(style, title, out);
		text_add(out, "  ");
		view_tone(style, tone, view_string_or(route, "prefix", "?"), out);
		text_add(out, " of service ");
		text_add_safe(out, view_string_or(route, "service", "?"));
		text_add(out, "\n");
	}
}

static void add_names(struct table *pairs, const json_t *document, const char *key,
	const char *label, const char *kind, const char *word)
{
	struct text names = { 0 };

	view_join(view_get(view_get(document, key), kind), ", ", &names);
	if (names.length > 0)
		view_pair(pairs, label, TONE_PLAIN, "%s: %s", word, text_string(&names));
	text_clear(&names);
}

static void add_sets(const json_t *document, const struct style *style, struct text *out)
{
	static const char *const kinds[] = { "added", "removed", "changed" };
	struct table *pairs = view_pairs();
	struct text restart = { 0 };

	for (size_t i = 0; i < 3; i++)
		add_names(pairs, document, "services", "Services", kinds[i], kinds[i]);
	for (size_t i = 0; i < 3; i++)
		add_names(pairs, document, "neighbors", "Neighbours", kinds[i], kinds[i]);
	add_names(pairs, document, "neighbors", "Neighbours", "reset", "sessions to be reset");
	for (size_t i = 0; i < 3; i++)
		add_names(pairs, document, "policies", "Policies", kinds[i], kinds[i]);
	view_join(view_get(document, "restart_needed"), ", ", &restart);
	if (restart.length > 0)
		view_pair(pairs, "Restart", TONE_WARNING, "needed to take over: %s",
			text_string(&restart));
	if (table_row_count(pairs) > 0)
		text_add(out, "\n");
	view_pairs_end(pairs, style, out);
	text_clear(&restart);
}

static void add_warnings(const json_t *document, const struct style *style, struct text *out)
{
	size_t i;
	json_t *warning;

	json_array_foreach(view_get(document, "warnings"), i, warning)
	{
		const char *text = json_string_value(warning);

		view_tone(style, TONE_WARNING, text == NULL ? "?" : text, out);
		text_add(out, "\n");
	}
}

void render_reload(const json_t *document, const struct style *style, struct text *out)
{
	bool dry = view_flag(document, "dry_run");

	add_warnings(document, style, out);
	if (!view_flag(document, "changed")) {
		text_add(out, "Nothing changes: the configuration says the same.\n");
		return;
	}
	text_print(out, "%s\n",
		dry ? "This is what a reload would do; nothing was changed."
		    : "The configuration is taken over.");
	add_routes(document, "withdraw", dry ? "Would be withdrawn" : "Withdrawn", TONE_BAD,
		style, out);
	add_routes(document, "announce",
		dry ? "Would be announced, once healthy" : "Announced, once healthy", TONE_GOOD,
		style, out);
	add_routes(document, "change",
		dry ? "Would change its attributes" : "Changed attributes", TONE_WARNING, style,
		out);
	add_sets(document, style, out);
}

static enum exit_code reload_run(const struct arguments *arguments, struct console *console)
{
	return act_ask(arguments, console, "reload",
		json_pack("{s:b, s:b}", "dry_run", arguments_has(arguments, "dry-run"), "force",
			arguments_has(arguments, "force")),
		render_reload);
}

static const struct option options[] = {
	{ "dry-run", 'n', NULL, "show what would be announced and withdrawn, change nothing",
		COMPLETE_NOTHING, NULL },
	{ "force", 0, NULL, "even if more is withdrawn than reload.withdraw-max allows",
		COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

const struct command command_reload = {
	.name = "reload",
	.group = GROUP_RUN,
	.summary = "take over a changed configuration",
	.description =
		"The daemon reads the files that it was started with. Sessions and services "
		"that the change does not concern stay untouched; a configuration with "
		"mistakes changes nothing.",
	.options = options,
	.exit_notes =
		"2 when the configuration has mistakes, 1 when it was refused because it would "
		"withdraw too much.",
	.example = "nearcast reload --dry-run",
	.run = reload_run,
};
