/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast events [-f]: what happened, and what happens. */
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static enum tone tone_of_level(const char *level)
{
	if (strcmp(level, "error") == 0)
		return TONE_BAD;
	return strcmp(level, "warning") == 0 ? TONE_WARNING : TONE_PLAIN;
}

void render_event(const json_t *event, const struct style *style, struct text *out)
{
	enum tone tone = tone_of_level(view_string(event, "level"));
	const char *symbol = tone_symbol(style, tone);
	const char *evidence = view_string(event, "evidence");

	text_print(out, "%s", tone_start(style, TONE_QUIET));
	text_add_safe(out, view_string_or(event, "time", "-"));
	text_print(out, "%s %s%s%s", tone_end(style, TONE_QUIET), tone_start(style, tone),
		symbol, symbol[0] == '\0' ? " " : "");
	text_add(out, " ");
	text_add_safe(
		out, view_string_or(event, "message", view_string_or(event, "type", "?")));
	if (evidence[0] != '\0' && strstr(view_string(event, "message"), evidence) == NULL) {
		text_add(out, " (");
		text_add_safe(out, evidence);
		text_add(out, ")");
	}
	text_print(out, "%s\n", tone_end(style, tone));
}

static void print_event(const json_t *event, struct console *console, struct text *out)
{
	char *line;

	if (!console->json) {
		render_event(event, &console->style, out);
		return;
	}
	line = json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER);
	text_print(out, "%s\n", line == NULL ? "{}" : line);
	free(line);
}

/* ---- The command ---- */

static int set_number(json_t *params, const char *key, const char *text, struct error *error)
{
	if (text == NULL)
		return 0;
	if (text[0] == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return error_set(
			error, ERROR_MALFORMED, "--%s needs a number, not '%s'", key, text);
	json_object_set_new(params, key, json_integer(strtoll(text, NULL, 10)));
	return 0;
}

static json_t *event_params(const struct arguments *arguments, struct error *error)
{
	const char *since = arguments_value(arguments, "since");
	const char *last = arguments_value(arguments, "last");
	bool follow = arguments_has(arguments, "follow");
	json_t *params = json_pack("{s:b}", "follow", follow);

	/* Who follows wants what comes, and a little of what was. */
	if (last == NULL && since == NULL && follow)
		last = "10";
	if (set_number(params, "since", since, error) != 0 ||
		set_number(params, "last", last, error) != 0) {
		json_decref(params);
		return NULL;
	}
	return params;
}

static enum exit_code print_kept(
	const struct arguments *arguments, struct console *console, json_t *params)
{
	struct text out = { 0 };
	json_t *document, *event;
	size_t i;
	enum exit_code code =
		client_ask(arguments, console, CLIENT_LOOKS, "events", params, &document);

	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, document);
	json_array_foreach(json_object_get(document, "events"), i, event)
		print_event(event, console, &out);
	json_decref(document);
	return output_text(console, &out);
}

/* Until the daemon ends or the reader does. */
static enum exit_code follow_lines(struct client *client, struct console *console)
{
	struct error error = { 0 };
	json_t *line;

	while ((line = client_receive(client, &error)) != NULL) {
		const json_t *event = json_object_get(line, "event");
		struct text out = { 0 };
		enum exit_code code = EXIT_CODE_OK;

		if (json_object_get(line, "error") != NULL)
			code = client_refused(console, line);
		else if (event != NULL) {
			print_event(event, console, &out);
			code = output_text(console, &out);
		}
		json_decref(line);
		if (code != EXIT_CODE_OK)
			return code;
	}
	console_error(console, &error);
	return EXIT_CODE_UNREACHABLE;
}

static enum exit_code follow(
	const struct arguments *arguments, struct console *console, json_t *params)
{
	struct error error = { 0 };
	struct client *client =
		client_open(arguments_value(arguments, "runtime-dir"), CLIENT_LOOKS, &error);
	enum exit_code code;

	if (client == NULL || client_send(client, "events", params, &error) != 0) {
		if (client == NULL)
			json_decref(params);
		client_close(client);
		console_error(console, &error);
		return EXIT_CODE_UNREACHABLE;
	}
	client_patience(client, 0);
	code = follow_lines(client, console);
	client_close(client);
	return code;
}

static enum exit_code events_run(const struct arguments *arguments, struct console *console)
{
	struct error error = { 0 };
	json_t *params = event_params(arguments, &error);

	if (params == NULL)
		return output_error(console, &error);
	if (arguments_has(arguments, "follow"))
		return follow(arguments, console, params);
	return print_kept(arguments, console, params);
}

static const struct option options[] = {
	{ "follow", 'f', NULL, "go on with what happens from now on", COMPLETE_NOTHING, NULL },
	{ "last", 'n', "N", "only the last N of the past (default: all; 10 with --follow)",
		COMPLETE_NOTHING, NULL },
	{ "since", 0, "SEQUENCE", "only events after this sequence number", COMPLETE_NOTHING,
		NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

const struct command command_events = {
	.name = "events",
	.group = GROUP_LOOK,
	.summary = "what happened, with reasons; as it happens with -f",
	.description =
		"The daemon keeps the last 1000 events. With --follow, --json prints one event "
		"a line.",
	.options = options,
	.exit_notes = "With --follow it ends with 3 when the daemon ends.",
	.example = "nearcast events -f",
	.run = events_run,
};
