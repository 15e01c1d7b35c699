/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast neighbors [NEIGHBOR]: a table of all, or everything about one. */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static bool established(const json_t *neighbor)
{
	return strcmp(view_string(neighbor, "state"), "Established") == 0;
}

/* Why it is not established: what the transport said is nearer to the cause. */
static const char *trouble(const json_t *neighbor)
{
	if (established(neighbor))
		return view_flag(neighbor, "restarting") ? "it restarts; its routes are kept"
							 : "";
	if (view_flag(neighbor, "admin_down"))
		return "shut down by the operator";
	if (view_has(neighbor, "transport_error") &&
		view_string(neighbor, "last_reason")[0] == '\0')
		return view_string(neighbor, "transport_error");
	return view_string(neighbor, "last_reason");
}

/* ---- The table ---- */

/* Of all families together; "-" when there is no session to have any. */
static void count_text(const json_t *neighbor, const char *kind, struct text *out)
{
	long long sum = 0;
	const char *family;
	json_t *counts;

	if (!established(neighbor)) {
		text_add(out, "-");
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)view_get(neighbor, "prefixes"), family, counts)
		sum += view_integer(counts, kind);
	text_print(out, "%lld", sum);
}

static void add_row(struct table *table, const json_t *neighbor, const struct style *style)
{
	struct text received = { 0 }, advertised = { 0 };
	char age[DURATION_TEXT_MAX];

	count_text(neighbor, "received", &received);
	count_text(neighbor, "advertised", &advertised);
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(neighbor, "name", "?"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(neighbor, "address", "-"));
	table_cell(table, TONE_PLAIN, "%lld", view_integer(neighbor, "asn"));
	table_cell_symbol(table, style, tone_of_session(neighbor), "%s",
		view_string_or(neighbor, "state", "?"));
	table_cell(table, TONE_PLAIN, "%s", view_age(neighbor, "state_since", age));
	table_cell(table, TONE_PLAIN, "%s", text_string(&received));
	table_cell(table, TONE_PLAIN, "%s", text_string(&advertised));
	table_cell(table, TONE_PLAIN, "%s", trouble(neighbor));
	text_clear(&received);
	text_clear(&advertised);
}

void render_neighbors(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Neighbour", COLUMN_FIXED },
		{ "Address", COLUMN_FIXED },
		{ "AS", COLUMN_RIGHT },
		{ "State", COLUMN_FIXED },
		{ "For", COLUMN_FIXED },
		{ "In", COLUMN_RIGHT },
		{ "Out", COLUMN_RIGHT },
		{ "Reason", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 8);
	size_t i;
	json_t *neighbor;

	json_array_foreach(view_get(document, "neighbors"), i, neighbor)
		add_row(table, neighbor, style);
	if (table_row_count(table) == 0)
		text_add(out, "No neighbours are configured.\n");
	table_print(table, style, 0, out);
	table_free(table);
}

/* ---- One neighbour ---- */

static void add_identity(struct table *pairs, const json_t *neighbor)
{
	if (view_has(neighbor, "description"))
		view_pair(pairs, "Description", TONE_PLAIN, "%s",
			view_string(neighbor, "description"));
	view_pair(pairs, "Address", TONE_PLAIN, "%s%s%s",
		view_string_or(neighbor, "address", "-"),
		view_has(neighbor, "interface") ? " on " : "",
		view_string(neighbor, "interface"));
	view_pair(pairs, "AS", TONE_PLAIN, "%lld; ours towards it %lld",
		view_integer(neighbor, "asn"), view_integer(neighbor, "local_asn"));
	view_pair(pairs, "Router id", TONE_PLAIN, "%s",
		view_string_or(neighbor, "remote_router_id", "not known"));
	view_pair(pairs, "Our address", TONE_PLAIN, "%s",
		view_string_or(neighbor, "local_address", "not connected"));
	view_pair(
		pairs, "Our role", TONE_PLAIN, "%s", view_string_or(neighbor, "role", "none"));
}

static void add_settings(struct table *pairs, const json_t *neighbor)
{
	struct text notes = { 0 };

	if (view_flag(neighbor, "password"))
		text_add(&notes, ", password");
	if (view_has(neighbor, "ttl_security_hops"))
		text_print(&notes, ", TTL security (hops: %lld)",
			view_integer(neighbor, "ttl_security_hops"));
	if (view_flag(neighbor, "passive"))
		text_add(&notes, ", passive");
	if (view_flag(neighbor, "import"))
		text_add(&notes, ", learns its routes");
	view_pair(pairs, "Settings", TONE_PLAIN, "%s",
		notes.length == 0 ? "none beyond the defaults" : text_string(&notes) + 2);
	if (established(neighbor))
		view_pair(pairs, "Timers", TONE_PLAIN, "hold %lld s, keepalive %lld s",
			view_integer(neighbor, "hold_time_s"),
			view_integer(neighbor, "keepalive_s"));
	text_clear(&notes);
}

static void add_past(struct table *pairs, const json_t *neighbor)
{
	const json_t *notification = view_get(neighbor, "last_notification");

	if (view_has(neighbor, "transport_error"))
		view_pair(pairs, "Transport", TONE_WARNING, "%s",
			view_string(neighbor, "transport_error"));
	if (json_is_object(notification))
		view_pair(pairs, "Notification", TONE_WARNING,
			"%s %s (code %lld, subcode %lld)",
			view_string_or(notification, "direction", "?"),
			view_string_or(notification, "name", "?"),
			view_integer(notification, "code"),
			view_integer(notification, "subcode"));
	if (view_string(neighbor, "last_reason")[0] != '\0')
		view_pair(pairs, "Last end", TONE_PLAIN, "%s",
			view_string(neighbor, "last_reason"));
}

static void add_prefixes(const json_t *neighbor, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Family", COLUMN_FIXED },
		{ "Received", COLUMN_RIGHT },
		{ "Stale", COLUMN_RIGHT },
		{ "Advertised", COLUMN_RIGHT },
		{ "To be sent", COLUMN_RIGHT },
		{ "Held back", COLUMN_RIGHT },
	};
	static const char *const kinds[] = { "received", "stale", "advertised", "pending",
		"held_back" };
	struct table *table = table_new(columns, 6);
	const char *family;
	json_t *counts;

	json_object_foreach((json_t *)(uintptr_t)view_get(neighbor, "prefixes"), family, counts)
	{
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", family);
		for (size_t i = 0; i < 5; i++)
			table_cell(table, TONE_PLAIN, "%lld", view_integer(counts, kinds[i]));
	}
	if (table_row_count(table) > 0)
		view_title(style, "Prefixes", out);
	table_print(table, style, 2, out);
	table_free(table);
}

/* A capability's value in one word: "yes", "no", a list, a number. */
static void capability_text(const json_t *value, struct text *out)
{
	if (json_is_array(value))
		view_join(value, " ", out);
	else if (json_is_boolean(value))
		text_add(out, json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		text_print(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		text_add(out, json_string_value(value));
	if (out->length == 0)
		text_add(out, "-");
}

static void add_capabilities(
	const json_t *neighbor, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Capability", COLUMN_FIXED },
		{ "Offered", COLUMN_FIXED },
		{ "Received", COLUMN_FIXED },
	};
	const json_t *received = view_get(neighbor, "received");
	struct table *table = table_new(columns, 3);
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)view_get(neighbor, "offered"), name, value)
	{
		struct text ours = { 0 }, theirs = { 0 }, words = { 0 };

		text_add(&words, name);
		for (char *at = words.bytes; at != NULL && *at != '\0'; at++)
			*at = *at == '_' ? ' ' : *at;
		capability_text(value, &ours);
		capability_text(view_get(received, name), &theirs);
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", text_string(&words));
		table_cell(table, TONE_PLAIN, "%s", text_string(&ours));
		table_cell(table, TONE_PLAIN, "%s", text_string(&theirs));
		text_clear(&ours);
		text_clear(&theirs);
		text_clear(&words);
	}
	if (table_row_count(table) > 0)
		view_title(style, "Capabilities", out);
	table_print(table, style, 2, out);
	table_free(table);
}

/* Counters whose names end in -in and -out as pairs, the rest only if something was counted. */
static void add_counters(const json_t *neighbor, const struct style *style, struct text *out)
{
	static const struct column message_columns[] = {
		{ "Messages", COLUMN_FIXED },
		{ "In", COLUMN_RIGHT },
		{ "Out", COLUMN_RIGHT },
	};
	const json_t *counters = view_get(neighbor, "counters");
	struct table *messages = table_new(message_columns, 3);
	struct table *others = view_pairs();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)counters, name, value)
	{
		size_t length = strlen(name);
		long long count = (long long)json_integer_value(value);

		if (length > 3 && strcmp(name + length - 3, "-in") == 0) {
			struct text stem = { 0 }, other = { 0 };

			text_add_bytes(&stem, name, length - 3);
			text_print(&other, "%s-out", text_string(&stem));
			table_row(messages);
			table_cell(messages, TONE_PLAIN, "%s", text_string(&stem));
			table_cell(messages, TONE_PLAIN, "%lld", count);
			table_cell(messages, TONE_PLAIN, "%lld",
				view_integer(counters, text_string(&other)));
			text_clear(&stem);
			text_clear(&other);
		} else if ((length <= 4 || strcmp(name + length - 4, "-out") != 0) &&
			   count > 0) {
			view_pair(others, name, TONE_PLAIN, "%lld", count);
		}
	}
	if (table_row_count(messages) > 0)
		text_add(out, "\n");
	table_print(messages, style, 0, out);
	if (table_row_count(others) > 0)
		view_title(style, "Counted", out);
	table_print_body(others, style, 2, out);
	table_free(messages);
	table_free(others);
}

void render_neighbor(const json_t *neighbor, const struct style *style, struct text *out)
{
	struct table *pairs = view_pairs();
	const char *why = trouble(neighbor);
	char age[DURATION_TEXT_MAX];

	text_print(out, "%sNeighbour %s%s: ", tone_start(style, TONE_TITLE),
		view_string_or(neighbor, "name", "?"), tone_end(style, TONE_TITLE));
	view_tone(
		style, tone_of_session(neighbor), view_string_or(neighbor, "state", "?"), out);
	text_print(out, " for %s", view_age(neighbor, "state_since", age));
	if (why[0] != '\0') {
		text_add(out, ": ");
		text_add_safe(out, why);
	}
	text_add(out, "\n\n");
	add_identity(pairs, neighbor);
	add_settings(pairs, neighbor);
	add_past(pairs, neighbor);
	view_pairs_end(pairs, style, out);
	add_prefixes(neighbor, style, out);
	add_capabilities(neighbor, style, out);
	add_counters(neighbor, style, out);
}

/* ---- The command ---- */

static enum exit_code neighbors_run(const struct arguments *arguments, struct console *console)
{
	const char *name = arguments_positional(arguments, 0);
	struct text out = { 0 };
	json_t *document;
	enum exit_code code = client_ask(arguments, console, CLIENT_LOOKS, "neighbors",
		json_pack("{s:s*}", "name", name), &document);

	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, document);
	if (name == NULL)
		render_neighbors(document, &console->style, &out);
	else
		render_neighbor(json_array_get(view_get(document, "neighbors"), 0),
			&console->style, &out);
	json_decref(document);
	return output_text(console, &out);
}

static const struct positional positionals[] = {
	{ "NEIGHBOR", "show everything about this one", true, COMPLETE_NEIGHBOR, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_neighbors = {
	.name = "neighbors",
	.group = GROUP_LOOK,
	.summary = "BGP neighbours and their sessions",
	.positionals = positionals,
	.example = "nearcast neighbors\nnearcast neighbors transit-a",
	.run = neighbors_run,
};
