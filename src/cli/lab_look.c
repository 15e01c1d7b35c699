/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast lab status, catchment: what there is, and who is served by whom. */
#include <stdlib.h>
#include <string.h>

#include "cli/lab_action.h"
#include "cli/lab_map.h"
#include "cli/output.h"
#include "cli/table.h"

static const char *string_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static double number_at(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* ---- status ---- */

static void add_processes(struct table *table, const struct style *style, const json_t *node)
{
	const json_t *list = json_object_get(node, "processes");
	struct text names = { 0 };
	bool well = true;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		bool running = json_is_true(json_object_get(p, "running"));

		well = well && running;
		text_print(&names, "%s%s%s", i > 0 ? ", " : "", string_at(p, "name"),
			running ? "" : " (ended)");
	}
	table_cell_symbol(table, style, well ? TONE_GOOD : TONE_BAD, "%s", text_string(&names));
	text_clear(&names);
}

static void status_nodes(const json_t *status, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "Node", COLUMN_FIXED },
		{ "Kind", COLUMN_FIXED }, { "AS", COLUMN_RIGHT }, { "City", COLUMN_FIXED },
		{ "Power", COLUMN_FIXED }, { "Processes", COLUMN_WRAPS } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *nodes = json_object_get(status, "nodes");

	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *node = json_array_get(nodes, i);
		bool up = strcmp(string_at(node, "state"), "up") == 0;

		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", string_at(node, "name"));
		table_cell(table, TONE_PLAIN, "%s", string_at(node, "kind"));
		table_cell(table, TONE_PLAIN, "%.0f", number_at(node, "asn"));
		table_cell(table, TONE_PLAIN, "%s", string_at(node, "city"));
		table_cell_symbol(
			table, style, up ? TONE_GOOD : TONE_BAD, "%s", up ? "on" : "off");
		add_processes(table, style, node);
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static void status_links(const json_t *status, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "Link", COLUMN_FIXED },
		{ "To its", COLUMN_FIXED }, { "Delay", COLUMN_RIGHT },
		{ "State", COLUMN_FIXED } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *links = json_object_get(status, "links");

	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i);
		bool up = strcmp(string_at(link, "state"), "up") == 0;

		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", string_at(link, "name"));
		table_cell(table, TONE_PLAIN, "%s", string_at(link, "relation"));
		table_cell(table, TONE_PLAIN, "%.1f ms", number_at(link, "delay_ms"));
		table_cell_symbol(table, style, up ? TONE_GOOD : TONE_BAD, "%s",
			string_at(link, "state"));
	}
	table_print(table, style, 0, out);
	table_free(table);
}

enum exit_code lab_action_status(const struct arguments *arguments, struct console *console)
{
	struct error error = { 0 };
	struct text out = { 0 };
	json_t *status;

	if (lab_question(arguments, json_pack("{s:s}", "do", "status"), &status, &error) != 0)
		return output_error(console, &error);
	if (console->json)
		return output_json(console, status);
	text_print(&out, "%s: %s\nService %s, up for %.0f s%s\n\n", string_at(status, "name"),
		string_at(status, "description"), string_at(status, "address"),
		number_at(status, "age_seconds"),
		json_is_true(json_object_get(status, "user_namespace")) ? ", without root"
									: "");
	status_nodes(status, &console->style, &out);
	text_add(&out, "\n");
	status_links(status, &console->style, &out);
	json_decref(status);
	return output_text(console, &out);
}

/* ---- catchment ---- */

static void add_share(struct text *out, const json_t *client)
{
	const json_t *sites = json_object_get(client, "sites");
	double answered = number_at(client, "answered");
	const char *name;
	json_t *count;
	bool first = true;

	json_object_foreach((json_t *)(uintptr_t)sites, name, count)
	{
		text_print(out, "%s%s", first ? "" : ", ", name);
		if (json_object_size(sites) > 1)
			text_print(out, " %.0f %%", 100 * json_number_value(count) / answered);
		first = false;
	}
}

void lab_catchment_text(const json_t *report, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "Client", COLUMN_FIXED },
		{ "People", COLUMN_RIGHT }, { "Served by", COLUMN_FIXED },
		{ "Median", COLUMN_RIGHT }, { "95 %", COLUMN_RIGHT }, { "Asked", COLUMN_RIGHT },
		{ "Lost", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *clients = json_object_get(report, "clients");

	for (size_t i = 0; i < json_array_size(clients); i++) {
		const json_t *client = json_array_get(clients, i);
		bool served = number_at(client, "answered") > 0;
		struct text share = { 0 };

		add_share(&share, client);
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", string_at(client, "client"));
		table_cell(table, TONE_PLAIN, "%.1f M", number_at(client, "people"));
		table_cell_symbol(table, style, served ? TONE_GOOD : TONE_BAD, "%s",
			served ? text_string(&share) : "nobody");
		table_cell(table, TONE_PLAIN, "%.1f ms", number_at(client, "rtt_median_ms"));
		table_cell(table, TONE_PLAIN, "%.1f ms", number_at(client, "rtt_p95_ms"));
		table_cell(table, TONE_PLAIN, "%.0f", number_at(client, "sent"));
		table_cell(table, number_at(client, "lost") > 0 ? TONE_BAD : TONE_PLAIN, "%.0f",
			number_at(client, "lost"));
		text_clear(&share);
	}
	table_print(table, style, 0, out);
	table_free(table);
}

/* --map, with --before. */
static int write_map(
	const struct arguments *arguments, const json_t *catchment, struct error *error)
{
	const char *map = arguments_value(arguments, "map");
	const char *path = arguments_value(arguments, "before");
	json_error_t said;
	json_t *before = NULL;
	int result;

	if (map == NULL)
		return path == NULL ? 0 : error_set(error, ERROR_RANGE, "--before needs --map");
	if (path != NULL) {
		before = json_load_file(path, 0, &said);
		if (before == NULL)
			return error_set(error, ERROR_MALFORMED, "%s:%d: %s", path, said.line,
				said.text);
	}
	result = lab_map_write(map, before, catchment, NULL, error);
	json_decref(before);
	return result;
}

enum exit_code lab_action_catchment(const struct arguments *arguments, struct console *console)
{
	const char *seconds = arguments_value(arguments, "for");
	double for_s = seconds == NULL ? 1 : strtod(seconds, NULL);
	struct error error = { 0 };
	struct text out = { 0 };
	char world[LAB_NAME_MAX];
	json_t *catchment = NULL;
	int result = lab_choose(arguments, world, &error);

	if (result == 0 && (!(for_s >= 0.01) || for_s > 600))
		result = error_set(&error, ERROR_RANGE, "--for: between 0.01 and 600 seconds");
	if (result == 0)
		result = lab_catchment_take(
			world, 5000, (unsigned)(for_s * 1000), &catchment, &error);
	if (result == 0)
		result = write_map(arguments, catchment, &error);
	if (result != 0) {
		json_decref(catchment);
		return output_error(console, &error);
	}
	if (console->json)
		return output_json(console, catchment);
	lab_catchment_text(catchment, &console->style, &out);
	json_decref(catchment);
	return output_text(console, &out);
}
