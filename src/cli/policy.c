/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast policy [POLICY]: rules and how often they matched. `policy test` asks what a policy
 * would do with a route. */
#include "cli/policy.h"

#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static void render_rules(const json_t *policy, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "#", COLUMN_RIGHT },
		{ "Matches", COLUMN_RIGHT },
		{ "Rule", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 3);
	size_t i;
	json_t *rule;

	json_array_foreach(view_get(policy, "rules"), i, rule)
	{
		long long matches = view_integer(rule, "matches");

		table_row(table);
		table_cell(table, TONE_PLAIN, "%lld", view_integer(rule, "number"));
		table_cell(table, matches == 0 ? TONE_QUIET : TONE_PLAIN, "%lld", matches);
		table_cell(table, TONE_PLAIN, "%s", view_string_or(rule, "rule", "-"));
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static void render_users(
	const json_t *document, const char *policy, const char *direction, struct text *out)
{
	const char *before = "";
	size_t i, j;
	json_t *neighbor, *name;

	json_array_foreach(view_get(document, "neighbors"), i, neighbor)
	{
		bool uses = false;

		json_array_foreach(view_get(neighbor, direction), j, name) uses =
			uses ||
			(json_is_string(name) && strcmp(json_string_value(name), policy) == 0);
		if (!uses)
			continue;
		text_print(out, "%s", before[0] == '\0' ? direction : before);
		text_add(out, before[0] == '\0' ? ": " : "");
		text_add_safe(out, view_string_or(neighbor, "name", "?"));
		before = ", ";
	}
	text_add(out, before[0] == '\0' ? "" : "\n");
}

void render_policies(const json_t *document, const struct style *style, struct text *out)
{
	const json_t *policies = view_get(document, "policies");
	size_t i;
	json_t *policy;

	if (json_array_size(policies) == 0)
		text_add(out, "There are no policies.\n");
	json_array_foreach(policies, i, policy)
	{
		const char *name = view_string_or(policy, "name", "?");

		view_title(style, name, out);
		render_users(document, name, "import", out);
		render_users(document, name, "export", out);
		render_rules(policy, style, out);
	}
}

static enum exit_code policy_show(const struct arguments *arguments, struct console *console)
{
	json_t *document;
	struct text out = { 0 };
	enum exit_code code = client_ask(arguments, console, CLIENT_LOOKS, "policies",
		json_pack("{s:s*}", "name", arguments_positional(arguments, 0)), &document);

	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, document);
	render_policies(document, &console->style, &out);
	json_decref(document);
	return output_text(console, &out);
}

static enum exit_code policy_run_command(
	const struct arguments *arguments, struct console *console)
{
	const char *first = arguments_positional(arguments, 0);
	struct error error = { 0 };

	if (first != NULL && strcmp(first, "test") == 0)
		return policy_test_run(arguments, console);
	if (arguments_positional(arguments, 1) == NULL)
		return policy_show(arguments, console);
	error_set(&error, ERROR_MALFORMED, "one POLICY, or: test POLICY PREFIX");
	return output_error(console, &error);
}

static const char *const rpki_words[] = { "not-found", "valid", "invalid", NULL };
static const char *const aspa_words[] = { "unknown", "valid", "invalid", NULL };
static const char *const relation_words[] = { "none", "customer", "peer", "provider",
	"route-server", "internal", "local", NULL };

static const struct option options[] = {
	OPTION_CONF_DIR,
	{ "neighbor", 'n', "NEIGHBOR", "test: this neighbour's AS number, relation and address",
		COMPLETE_NEIGHBOR, NULL },
	{ "export", 'x', NULL, "test: the route goes to the neighbour, not from it",
		COMPLETE_NOTHING, NULL },
	{ "as-path", 'p', "PATH", "test: \"64501 64502 {64503,64504}\", nearest first",
		COMPLETE_NOTHING, NULL },
	{ "community", 'c', "LIST", "test: communities of all kinds, with spaces between",
		COMPLETE_NOTHING, NULL },
	{ "source", 's', "RELATION", "test: who said the route (default: the neighbour)",
		COMPLETE_WORDS, relation_words },
	{ "rpki", 'r', "STATE", "test: origin validation (default: not-found)", COMPLETE_WORDS,
		rpki_words },
	{ "aspa", 'a', "STATE", "test: ASPA verification (default: unknown)", COMPLETE_WORDS,
		aspa_words },
	{ "med", 'm', "N", "test: the MED of the route", COMPLETE_NOTHING, NULL },
	{ "local-pref", 'l', "N", "test: the local preference of the route", COMPLETE_NOTHING,
		NULL },
	{ "next-hop", 0, "ADDRESS", "test: the next hop of the route", COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "POLICY", "only this policy; or the word test", true, COMPLETE_NOTHING, NULL },
	{ "TESTED", "test: the policy to run", true, COMPLETE_NOTHING, NULL },
	{ "PREFIX", "test: the prefix of the route", true, COMPLETE_NOTHING, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_policy = {
	.name = "policy",
	.group = GROUP_LOOK,
	.summary = "rules for routes, how often each matched, what one would do",
	.description =
		"Without the word test, the policies in use are shown with the matches of every "
		"rule since the daemon took them over.\n\n"
		"With it, the configuration is read, the daemon need not run: every rule that the "
		"route meets is shown, and which one decides.",
	.options = options,
	.positionals = positionals,
	.exit_notes = "The exit status of a test is 5 when the route is rejected.",
	.example = "nearcast policy\n"
		   "nearcast policy test peer-in 192.0.2.0/24 --neighbor ix-1 "
		   "--as-path \"64501 64502\" --community 64501:100",
	.run = policy_run_command,
};
