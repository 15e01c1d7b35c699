/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast rpki [validate PREFIX AS | verify PATH FROM]: the caches, or what they say. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static enum tone tone_of_cache(const json_t *cache)
{
	if (view_flag(cache, "fresh"))
		return TONE_GOOD;
	return view_flag(cache, "has_data") ? TONE_WARNING : TONE_BAD;
}

/* ---- The caches ---- */

static void add_cache(struct table *table, const json_t *cache, const struct style *style)
{
	char age[DURATION_TEXT_MAX];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(cache, "name", "?"));
	table_cell(table, TONE_PLAIN, "%s:%lld", view_string_or(cache, "address", "-"),
		view_integer(cache, "port"));
	table_cell_symbol(
		table, style, tone_of_cache(cache), "%s", view_string_or(cache, "state", "?"));
	table_cell(table, TONE_PLAIN, "%s",
		view_flag(cache, "used")       ? "yes"
		: view_flag(cache, "has_data") ? "no"
					       : "no data");
	if (view_has(cache, "serial"))
		table_cell(table, TONE_PLAIN, "%lld", view_integer(cache, "serial"));
	else
		table_cell(table, TONE_PLAIN, "-");
	table_cell(table, TONE_PLAIN, "%s",
		view_has(cache, "age_seconds")
			? view_seconds(view_number(cache, "age_seconds"), age)
			: "-");
	table_cell(table, TONE_PLAIN, "%lld", view_integer(cache, "vrps_ipv4"));
	table_cell(table, TONE_PLAIN, "%lld", view_integer(cache, "vrps_ipv6"));
	table_cell(table, TONE_PLAIN, "%lld", view_integer(cache, "aspas"));
	table_cell(table, TONE_PLAIN, "%s",
		strcmp(view_string(cache, "state"), "synced") == 0
			? ""
			: view_string(cache, "last_reason"));
}

static void add_table(const json_t *document, struct table *pairs)
{
	const json_t *counts = view_get(document, "table");
	const json_t *exceptions = view_get(document, "exceptions");

	view_pair(pairs, "In use", TONE_PLAIN, "%lld VRPs for IPv4, %lld for IPv6, %lld ASPAs",
		view_integer(counts, "vrps_ipv4"), view_integer(counts, "vrps_ipv6"),
		view_integer(counts, "aspas"));
	if (view_flag(exceptions, "file"))
		view_pair(pairs, "Exceptions", TONE_PLAIN,
			"%lld VRPs filtered out, %lld asserted",
			view_integer(counts, "filtered"), view_integer(counts, "asserted"));
	if (view_has(exceptions, "error"))
		view_pair(
			pairs, "SLURM file", TONE_BAD, "%s", view_string(exceptions, "error"));
}

static void render_caches(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Cache", COLUMN_FIXED },
		{ "Address", COLUMN_FIXED },
		{ "State", COLUMN_FIXED },
		{ "Used", COLUMN_FIXED },
		{ "Serial", COLUMN_RIGHT },
		{ "Age", COLUMN_FIXED },
		{ "IPv4", COLUMN_RIGHT },
		{ "IPv6", COLUMN_RIGHT },
		{ "ASPA", COLUMN_RIGHT },
		{ "Reason", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 10);
	struct table *pairs = view_pairs();
	size_t i;
	json_t *cache;

	json_array_foreach(view_get(document, "caches"), i, cache)
		add_cache(table, cache, style);
	if (table_row_count(table) == 0)
		text_add(out, "No caches are configured.\n");
	table_print(table, style, 0, out);
	text_add(out, "\n");
	add_table(document, pairs);
	view_pairs_end(pairs, style, out);
	table_free(table);
}

/* ---- What they say ---- */

static enum tone tone_of_verdict(const char *state)
{
	if (strcmp(state, "valid") == 0)
		return TONE_GOOD;
	return strcmp(state, "invalid") == 0 ? TONE_BAD : TONE_WARNING;
}

static void render_verdict(const json_t *verdict, const struct style *style, struct text *out)
{
	const char *state = view_string_or(verdict, "state", "?");

	view_tone(style, tone_of_verdict(state), state, out);
	text_print(out, ": %s\n", view_string_or(verdict, "reason", "?"));
}

static void render_validation(
	const json_t *validation, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "ROA prefix", COLUMN_FIXED },
		{ "Up to", COLUMN_RIGHT },
		{ "AS", COLUMN_RIGHT },
	};
	struct table *table = table_new(columns, 3);
	size_t i;
	json_t *vrp;

	text_print(out, "%s from AS%lld is ", view_string_or(validation, "prefix", "?"),
		view_integer(validation, "asn"));
	render_verdict(validation, style, out);
	json_array_foreach(view_get(validation, "covering"), i, vrp)
	{
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", view_string_or(vrp, "prefix", "?"));
		table_cell(table, TONE_PLAIN, "/%lld", view_integer(vrp, "max_length"));
		table_cell(table, TONE_PLAIN, "%lld", view_integer(vrp, "asn"));
	}
	if (table_row_count(table) > 0)
		view_title(style, "Covered by", out);
	table_print(table, style, 2, out);
	table_free(table);
}

static void render_verification(
	const json_t *verification, const struct style *style, struct text *out)
{
	text_print(out, "%s, from a %s, is ", view_string_or(verification, "path", "?"),
		view_string_or(verification, "from", "?"));
	render_verdict(verification, style, out);
	if (view_has(verification, "customer"))
		text_print(out, "  AS%lld towards AS%lld\n",
			view_integer(verification, "customer"),
			view_integer(verification, "provider"));
}

void render_rpki(const json_t *document, const struct style *style, struct text *out)
{
	const json_t *validation = view_get(document, "validation");
	const json_t *verification = view_get(document, "verification");

	if (json_is_object(validation))
		render_validation(validation, style, out);
	else if (json_is_object(verification))
		render_verification(verification, style, out);
	else
		render_caches(document, style, out);
}

/* ---- The command ---- */

static json_t *validate_params(
	const char *prefix_text, const char *as_text, struct error *error)
{
	struct prefix prefix;
	const char *digits = as_text;
	char *end;
	unsigned long long asn;

	if (prefix_text == NULL || as_text == NULL) {
		(void)error_set(error, ERROR_MALFORMED, "validate needs a PREFIX and an AS");
		return NULL;
	}
	if (prefix_parse(prefix_text, &prefix) != 0) {
		(void)error_set(error, ERROR_MALFORMED, "'%s' is no prefix", prefix_text);
		return NULL;
	}
	if ((digits[0] == 'A' || digits[0] == 'a') && (digits[1] == 'S' || digits[1] == 's'))
		digits += 2;
	asn = strtoull(digits, &end, 10);
	if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || asn > UINT32_MAX) {
		(void)error_set(error, ERROR_MALFORMED, "'%s' is no AS number", as_text);
		return NULL;
	}
	return json_pack("{s:s, s:I}", "prefix", prefix_text, "asn", (json_int_t)asn);
}

static json_t *rpki_params(const struct arguments *arguments, struct error *error)
{
	const char *verb = arguments_positional(arguments, 0);
	const char *subject = arguments_positional(arguments, 1);
	const char *second = arguments_positional(arguments, 2);

	if (verb == NULL)
		return json_object();
	if (strcmp(verb, "validate") == 0)
		return validate_params(subject, second, error);
	if (subject == NULL) {
		(void)error_set(error, ERROR_MALFORMED, "verify needs an AS PATH");
		return NULL;
	}
	return json_pack(
		"{s:s, s:s}", "path", subject, "from", second == NULL ? "provider" : second);
}

static enum exit_code rpki_run(const struct arguments *arguments, struct console *console)
{
	struct error error = { 0 };
	json_t *params = rpki_params(arguments, &error), *document;
	struct text out = { 0 };
	enum exit_code code;

	if (params == NULL)
		return output_error(console, &error);
	code = client_ask(arguments, console, CLIENT_LOOKS, "rpki", params, &document);
	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, document);
	render_rpki(document, &console->style, &out);
	json_decref(document);
	return output_text(console, &out);
}

static const char *const verbs[] = { "validate", "verify", NULL };

static const struct positional positionals[] = {
	{ "VERB", "validate (the origin of a prefix) or verify (an AS path)", true,
		COMPLETE_WORDS, verbs },
	{ "SUBJECT", "the prefix, or the path as one word: the neighbour first", true,
		COMPLETE_NOTHING, NULL },
	{ "BY", "the origin AS; for a path who sent it: provider, customer or peer", true,
		COMPLETE_NOTHING, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_rpki = {
	.name = "rpki",
	.group = GROUP_LOOK,
	.summary = "RPKI caches, and what they say about a route",
	.description =
		"Without a VERB the caches are shown. 'validate' tells what the ROAs say about "
		"a prefix and its origin (RFC 6811), 'verify' what the ASPAs say about an AS "
		"path.",
	.positionals = positionals,
	.example = "nearcast rpki\nnearcast rpki validate 192.0.2.0/24 64500\n"
		   "nearcast rpki verify '64501 64502 64503' provider",
	.run = rpki_run,
};
