/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast status: is all well? What is not comes first. */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static void add_headline(const json_t *status, const struct style *style, struct text *out)
{
	size_t count = json_array_size(view_get(status, "problems"));
	const char *state = view_string_or(status, "state", "unknown");
	struct text verdict = { 0 };

	text_print(out, "%snearcast", tone_start(style, TONE_TITLE));
	if (view_has(status, "site")) {
		text_add(out, " at ");
		text_add_safe(out, view_string(status, "site"));
	}
	text_print(out, "%s: ", tone_end(style, TONE_TITLE));
	if (count > 0)
		text_print(&verdict, "%zu problem%s", count, count == 1 ? "" : "s");
	else
		text_add(&verdict, strcmp(state, "running") == 0 ? "all is well" : state);
	view_tone(style,
		count > 0                       ? TONE_BAD
		: strcmp(state, "running") == 0 ? TONE_GOOD
						: TONE_WARNING,
		text_string(&verdict), out);
	text_add(out, "\n");
	text_clear(&verdict);
}

static void add_problems(const json_t *status, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "", COLUMN_FIXED }, { "", COLUMN_WRAPS } };
	struct table *table = table_new(columns, 2);
	size_t i;
	json_t *problem;

	json_array_foreach(view_get(status, "problems"), i, problem)
	{
		const char *sentence = json_string_value(problem);

		table_row(table);
		table_cell(table, TONE_BAD, "%s", tone_symbol(style, TONE_BAD));
		table_cell(table, TONE_PLAIN, "%s", sentence == NULL ? "?" : sentence);
	}
	table_print_body(table, style, 2, out);
	if (table_row_count(table) > 0)
		text_add(out, "\n");
	table_free(table);
}

static void add_daemon(struct table *pairs, const json_t *status)
{
	char age[DURATION_TEXT_MAX];

	view_pair(pairs, "Daemon", TONE_PLAIN, "%s for %s, version %s, pid %lld",
		view_string_or(status, "state", "unknown"), view_age(status, "started", age),
		view_string_or(status, "version", "-"), view_integer(status, "pid"));
	if (view_has(status, "asn"))
		view_pair(pairs, "Speaks as", TONE_PLAIN, "AS%lld, router id %s",
			view_integer(status, "asn"), view_string_or(status, "router_id", "-"));
}

static void add_config(struct table *pairs, const json_t *status)
{
	const json_t *config = view_get(status, "config");
	const json_t *reload = view_get(config, "last_reload");
	struct text files = { 0 };
	char age[DURATION_TEXT_MAX];

	view_join(view_get(config, "files"), ", ", &files);
	view_pair(pairs, "Configuration", TONE_PLAIN, "number %lld, loaded %s ago from %s",
		view_integer(config, "generation"), view_age(config, "loaded", age),
		files.length == 0 ? "-" : text_string(&files));
	text_clear(&files);
	if (json_is_object(reload))
		view_pair(pairs, "Last reload", view_flag(reload, "ok") ? TONE_PLAIN : TONE_BAD,
			"%s %s ago: %s", view_flag(reload, "ok") ? "worked" : "failed",
			view_age(reload, "at", age), view_string_or(reload, "message", "-"));
}

static void add_services(struct table *pairs, const json_t *status)
{
	const json_t *services = view_get(status, "services");
	long long wanted = view_integer(services, "wanted");
	long long announced = view_integer(services, "announced");
	struct text states = { 0 };
	const char *name;
	json_t *count;

	json_object_foreach((json_t *)(uintptr_t)view_get(services, "states"), name, count)
		text_print(&states, "%s%lld %s", states.length == 0 ? "" : ", ",
			(long long)json_integer_value(count), name);
	view_pair(pairs, "Services", wanted > announced ? TONE_BAD : TONE_PLAIN,
		"%lld: %lld wanted, %lld healthy, %lld announced%s%s%s",
		view_integer(services, "total"), wanted, view_integer(services, "healthy"),
		announced, states.length == 0 ? "" : " (", text_string(&states),
		states.length == 0 ? "" : ")");
	text_clear(&states);
}

static void add_neighbors(struct table *pairs, const json_t *status)
{
	const json_t *neighbors = view_get(status, "neighbors");
	long long total = view_integer(neighbors, "total");
	long long established = view_integer(neighbors, "established");

	view_pair(pairs, "Neighbours", established < total ? TONE_BAD : TONE_PLAIN,
		"%lld: %lld established", total, established);
}

static void add_processes(struct table *pairs, const json_t *status)
{
	struct text running = { 0 };
	size_t i;
	json_t *process;

	json_array_foreach(view_get(status, "processes"), i, process)
	{
		const char *state = view_string_or(process, "state", "unknown");
		long long restarts = view_integer(process, "restarts");

		text_print(&running, "%s%s %s", i == 0 ? "" : ", ",
			view_string_or(process, "name", "?"), state);
		if (restarts > 0)
			text_print(&running, " (restarted %lld times, last: %s)", restarts,
				view_string_or(process, "last_end", "-"));
	}
	view_pair(pairs, "Processes", TONE_PLAIN, "%s", text_string(&running));
	text_clear(&running);
}

void render_status(const json_t *status, const struct style *style, struct text *out)
{
	struct table *pairs = view_pairs();

	add_headline(status, style, out);
	text_add(out, "\n");
	add_problems(status, style, out);
	add_services(pairs, status);
	add_neighbors(pairs, status);
	add_daemon(pairs, status);
	add_config(pairs, status);
	add_processes(pairs, status);
	if (view_flag(status, "suspected"))
		view_pair(pairs, "Suspected", TONE_WARNING,
			"every check failed at the same moment: the checker is doubted, states are "
			"held");
	view_pairs_end(pairs, style, out);
}

static enum exit_code status_run(const struct arguments *arguments, struct console *console)
{
	struct text out = { 0 };
	json_t *status;
	bool problems;
	enum exit_code code =
		client_ask(arguments, console, CLIENT_LOOKS, "status", NULL, &status);

	if (code != EXIT_CODE_OK)
		return code;
	problems = json_array_size(json_object_get(status, "problems")) > 0;
	if (console->json) {
		code = output_json(console, status);
	} else {
		render_status(status, &console->style, &out);
		json_decref(status);
		code = output_text(console, &out);
	}
	return code == EXIT_CODE_OK && problems ? EXIT_CODE_DEGRADED : code;
}

const struct command command_status = {
	.name = "status",
	.group = GROUP_LOOK,
	.summary = "is all well? on one screen",
	.exit_notes = "The exit status is 5 when there is a problem; problems come first.",
	.run = status_run,
};
