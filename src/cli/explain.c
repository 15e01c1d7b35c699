/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast routes PREFIX: why its routes are what they are, for people. */
#include <string.h>

#include "cli/render.h"
#include "cli/view.h"

static const struct status_row {
	const char *status, *word;
	enum tone tone;
} statuses[] = {
	{ "best", "best", TONE_GOOD },
	{ "shares", "shares", TONE_GOOD },
	{ "usable", "not", TONE_QUIET },
	{ "rejected", "rejected", TONE_WARNING },
	{ "unreachable", "unreachable", TONE_WARNING },
	{ "gone", "gone", TONE_QUIET },
};

static const struct status_row *status_of(const json_t *path)
{
	const char *status = view_string(path, "status");

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(statuses[i].status, status) == 0)
			return &statuses[i];
	return &statuses[2];
}

/* "rule 2 (own) of transit-in"; nothing if there is no policy. */
static void add_rule(const json_t *policy, struct text *out)
{
	if (!view_has(policy, "policy")) {
		text_add(out, "the end of the policy");
		return;
	}
	text_print(out, "rule %lld", view_integer(policy, "rule"));
	if (view_has(policy, "name")) {
		text_add(out, " (");
		text_add_safe(out, view_string(policy, "name"));
		text_add(out, ")");
	}
	text_add(out, " of ");
	text_add_safe(out, view_string(policy, "policy"));
}

/* Why the path stands where it stands. */
static void add_why(const json_t *path, size_t place, struct text *out)
{
	const json_t *policy = view_get(path, "policy");
	const char *status = view_string(path, "status");

	if (strcmp(status, "rejected") == 0) {
		text_add(out, "rejected by ");
		add_rule(policy, out);
	} else if (strcmp(status, "unreachable") == 0) {
		text_add(out, "there is no way to its next hop");
	} else if (strcmp(status, "gone") == 0) {
		text_add(out, "its neighbour is gone");
	} else if (!view_has(path, "why")) {
		text_add(out, "the only one that can be used");
	} else if (place == 0) {
		text_print(out, "%s", view_string(path, "why"));
	} else {
		text_print(out, "%lld has %s%s", view_integer(path, "winner") + 1,
			strncmp(view_string(path, "why"), "its ", 4) == 0 ? "won: " : "the ",
			view_string(path, "why"));
	}
	if (view_flag(path, "stale"))
		text_add(out, "; stale: its neighbour restarts");
}

static void path_row(
	struct table *table, const struct style *style, const json_t *path, size_t place)
{
	const struct status_row *status = status_of(path);
	struct text why = { 0 };
	char age[DURATION_TEXT_MAX];

	add_why(path, place, &why);
	table_row(table);
	table_cell(table, TONE_COUNT, "%zu", place + 1);
	table_cell_symbol(table, style, status->tone, "%s", status->word);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(path, "neighbor", "ours"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(path, "next_hop", "-"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(path, "as_path", "-"));
	table_cell(table, TONE_PLAIN, "%s", view_age(path, "since", age));
	table_cell(table, TONE_PLAIN, "%s", text_string(&why));
	text_clear(&why);
}

static void add_paths(const json_t *paths, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "", COLUMN_RIGHT },
		{ "", COLUMN_FIXED },
		{ "Neighbour", COLUMN_FIXED },
		{ "Next hop", COLUMN_FIXED },
		{ "AS path", COLUMN_WRAPS },
		{ "For", COLUMN_FIXED },
		{ "Why", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_t *path;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)paths, i, path) path_row(table, style, path, i);
	view_title(style, "Paths", out);
	table_print(table, style, 2, out);
	table_free(table);
}

/* ---- What each path carries. ---- */

static void add_number(const json_t *path, const char *key, const char *name, struct text *out)
{
	if (view_has(path, key))
		text_print(out, "%s%s %lld", out->length == 0 ? "" : ", ", name,
			view_integer(path, key));
}

static void add_word(const json_t *path, const char *key, const char *name, struct text *out)
{
	if (!view_has(path, key))
		return;
	text_print(out, "%s%s ", out->length == 0 ? "" : ", ", name);
	text_add_safe(out, view_string(path, key));
}

static void add_carried(const json_t *path, struct text *out)
{
	const json_t *communities = view_get(path, "communities");
	const json_t *clusters = view_get(path, "cluster_list");

	add_word(path, "origin", "origin", out);
	add_number(path, "med", "MED", out);
	add_number(path, "local_pref", "preference", out);
	add_number(path, "only_to_customer", "only to customers of AS", out);
	add_word(path, "rpki", "RPKI", out);
	add_word(path, "aspa", "ASPA", out);
	add_word(path, "originator_id", "from", out);
	if (json_array_size(clusters) > 0) {
		text_add(out, " through ");
		view_join(clusters, " ", out);
	}
	if (json_array_size(communities) > 0) {
		text_add(out, ", communities ");
		view_join(communities, " ", out);
	}
}

static void add_policy(const json_t *path, struct text *out)
{
	const json_t *policy = view_get(path, "policy");

	if (json_is_null(policy) || policy == NULL)
		return;
	text_print(out, "%s%s by ", out->length == 0 ? "" : "; ",
		strcmp(view_string(policy, "verdict"), "accept") == 0 ? "accepted"
								      : "rejected");
	add_rule(policy, out);
	if (view_flag(policy, "changed"))
		text_add(out, ", which changes it");
	if (view_flag(policy, "blackhole"))
		text_add(out, "; what goes there is discarded");
}

static void add_attributes(const json_t *paths, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "", COLUMN_RIGHT },
		{ "Carries", COLUMN_WRAPS },
		{ "Policy", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 3);
	json_t *path;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)paths, i, path)
	{
		struct text carried = { 0 }, policy = { 0 };

		add_carried(path, &carried);
		add_policy(path, &policy);
		table_row(table);
		table_cell(table, TONE_COUNT, "%zu", i + 1);
		table_cell(table, TONE_PLAIN, "%s", text_string(&carried));
		table_cell(table, TONE_PLAIN, "%s",
			policy.length == 0 ? "none" : text_string(&policy));
		text_clear(&carried);
		text_clear(&policy);
	}
	view_title(style, "Attributes", out);
	table_print(table, style, 2, out);
	table_free(table);
}

/* ---- Who hears of it. ---- */

static void listener_row(struct table *table, const struct style *style, const json_t *listener)
{
	bool told = view_flag(listener, "told");
	const char *verdict = view_string(listener, "verdict");
	struct text why = { 0 };

	if (strcmp(verdict, "policy") == 0) {
		text_add(&why, "rejected by ");
		add_rule(view_get(listener, "policy"), &why);
	} else {
		text_add(&why, view_string(listener, "why"));
		if (view_has(listener, "policy") && strcmp(verdict, "told") == 0)
			add_policy(listener, &why);
	}
	if (told && strcmp(verdict, "told") != 0)
		text_add(&why, why.length == 0 ? "withdrawn soon" : "; withdrawn soon");
	else if (view_flag(listener, "pending"))
		text_add(&why, why.length == 0 ? "on its way" : "; on its way");
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(listener, "neighbor", "?"));
	table_cell_symbol(
		table, style, told ? TONE_GOOD : TONE_QUIET, "%s", told ? "told" : "no");
	table_cell(table, TONE_PLAIN, "%s", text_string(&why));
	text_clear(&why);
}

static void add_listeners(const json_t *listeners, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Neighbour", COLUMN_FIXED },
		{ "", COLUMN_FIXED },
		{ "Why", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 3);
	json_t *listener;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)listeners, i, listener)
		listener_row(table, style, listener);
	view_title(style, "Who is told", out);
	if (table_row_count(table) == 0)
		text_add(out, "  No neighbour is up.\n");
	table_print(table, style, 2, out);
	table_free(table);
}

void render_explanation(const json_t *document, const struct style *style, struct text *out)
{
	const json_t *paths = view_get(document, "routes");

	text_add(out, tone_start(style, TONE_TITLE));
	text_add_safe(out, view_string_or(document, "prefix", "?"));
	text_add(out, tone_end(style, TONE_TITLE));
	if (strcmp(view_string(document, "prefix"), view_string(document, "asked")) != 0) {
		text_add(out, ", the longest match of ");
		text_add_safe(out, view_string(document, "asked"));
	}
	text_add(out, "\n");
	add_paths(paths, style, out);
	add_attributes(paths, style, out);
	add_listeners(view_get(document, "neighbors"), style, out);
}
