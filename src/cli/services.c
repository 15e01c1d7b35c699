/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast services [SERVICE]: a table of all, or everything about one. */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

bool service_is_degraded(const json_t *service)
{
	return view_flag(service, "wanted") &&
	       (!view_flag(service, "healthy") || !view_flag(service, "announced") ||
		       strcmp(view_string(service, "state"), "up") != 0);
}

/* ---- The table ---- */

/* "to 2 of 2", "no", or that nobody is there to announce it to. */
static void announced_text(const json_t *service, struct text *out)
{
	long long wanted = view_integer(service, "neighbors_wanted");
	long long announced = view_integer(service, "neighbors_announced");

	if (wanted > 0 || announced > 0)
		text_print(out, "to %lld of %lld", announced, wanted);
	else
		text_add(out, view_flag(service, "healthy") && view_flag(service, "wanted")
				      ? "no session is up"
				      : "no");
}

static enum tone announced_tone(const json_t *service)
{
	if (view_flag(service, "announced"))
		return TONE_PLAIN;
	return view_flag(service, "wanted") ? TONE_BAD : TONE_QUIET;
}

static void addresses_text(const json_t *service, struct text *out)
{
	size_t i;
	json_t *address;

	json_array_foreach(view_get(service, "addresses"), i, address)
		text_print(out, "%s%s", i == 0 ? "" : " ", view_string(address, "address"));
}

/* The reason, and behind it what was seen, unless it says so already. */
static void reason_text(const json_t *service, struct text *out)
{
	const char *reason = view_string(service, "reason");
	const char *evidence = view_string(service, "evidence");

	text_add(out, reason);
	if (evidence[0] != '\0' && strstr(reason, evidence) == NULL)
		text_print(out, "%s%s", reason[0] == '\0' ? "" : ": ", evidence);
}

static void add_row(struct table *table, const json_t *service, const struct style *style)
{
	struct text announced = { 0 }, addresses = { 0 }, reason = { 0 };
	const char *state = view_string_or(service, "state", "?");
	char age[DURATION_TEXT_MAX];

	announced_text(service, &announced);
	addresses_text(service, &addresses);
	reason_text(service, &reason);
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(service, "name", "?"));
	table_cell_symbol(table, style, tone_of_service(state), "%s", state);
	table_cell(table, TONE_PLAIN, "%s", view_age(service, "since", age));
	table_cell(table, announced_tone(service), "%s", text_string(&announced));
	table_cell(table, TONE_PLAIN, "%s", text_string(&addresses));
	table_cell(table, TONE_PLAIN, "%s", text_string(&reason));
	text_clear(&announced);
	text_clear(&addresses);
	text_clear(&reason);
}

void render_services(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Service", COLUMN_FIXED },
		{ "State", COLUMN_FIXED },
		{ "For", COLUMN_FIXED },
		{ "Announced", COLUMN_FIXED },
		{ "Addresses", COLUMN_WRAPS },
		{ "Reason", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 6);
	size_t i;
	json_t *service;

	json_array_foreach(view_get(document, "services"), i, service)
		add_row(table, service, style);
	if (table_row_count(table) == 0)
		text_add(out, "No services are configured.\n");
	table_print(table, style, 0, out);
	table_free(table);
}

/* ---- One service ---- */

static void add_facts(struct table *pairs, const json_t *service)
{
	struct text announced = { 0 }, neighbors = { 0 };
	const json_t *drain = view_get(service, "drain");

	announced_text(service, &announced);
	view_join(view_get(service, "neighbors"), ", ", &neighbors);
	if (view_has(service, "description"))
		view_pair(pairs, "Description", TONE_PLAIN, "%s",
			view_string(service, "description"));
	view_pair(pairs, "Wanted", TONE_PLAIN, "%s%s",
		view_flag(service, "wanted") ? "yes" : "no",
		view_flag(service, "maintenance") ? ": in maintenance by the configuration"
						  : "");
	view_pair(pairs, "Healthy",
		view_flag(service, "healthy") || !view_flag(service, "wanted") ? TONE_PLAIN
									       : TONE_BAD,
		"%s", view_flag(service, "healthy") ? "yes" : "no");
	view_pair(pairs, "Announced", announced_tone(service), "%s", text_string(&announced));
	view_pair(pairs, "Neighbours", TONE_PLAIN, "%s",
		neighbors.length == 0 ? "all" : text_string(&neighbors));
	if (json_is_object(drain))
		view_pair(pairs, "Drain", TONE_WARNING, "step %s, since %s: %s",
			view_string_or(drain, "step", "-"), view_string_or(drain, "since", "-"),
			view_string_or(drain, "reason", "-"));
	view_pair(pairs, "On exit", TONE_PLAIN, "%s", view_string_or(service, "on_exit", "-"));
	text_clear(&announced);
	text_clear(&neighbors);
}

static void add_damping(struct table *pairs, const json_t *service)
{
	const json_t *damping = view_get(service, "damping");
	char left[DURATION_TEXT_MAX];

	if (!view_flag(damping, "enabled")) {
		view_pair(pairs, "Flaps", TONE_PLAIN, "%lld; damping is off",
			view_integer(service, "flaps"));
		return;
	}
	view_pair(pairs, "Flaps", TONE_PLAIN,
		"%lld; penalty %.0f (held from %.0f, released below %.0f)",
		view_integer(service, "flaps"), view_number(damping, "penalty"),
		view_number(damping, "suppress"), view_number(damping, "reuse"));
	if (view_has(damping, "held_until"))
		view_pair(pairs, "Held", TONE_WARNING, "for %s more, until %s",
			view_age(damping, "held_until", left),
			view_string(damping, "held_until"));
}

static void add_addresses(struct table *pairs, const json_t *service)
{
	const char *interface = view_string_or(service, "interface", "?");
	bool managed = view_flag(service, "manage_addresses");
	size_t i;
	json_t *address;

	json_array_foreach(view_get(service, "addresses"), i, address)
	{
		bool present = view_flag(address, "present");

		view_pair(pairs, i == 0 ? "Addresses" : "", present ? TONE_PLAIN : TONE_WARNING,
			"%s %s %s%s", view_string(address, "address"),
			present ? "on" : "not on", interface,
			managed ? "" : " (managed by somebody else)");
	}
}

static void add_prefixes(const json_t *service, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Prefix", COLUMN_FIXED },
		{ "Announced", COLUMN_FIXED },
		{ "Prepend", COLUMN_RIGHT },
		{ "MED", COLUMN_RIGHT },
		{ "Local pref", COLUMN_RIGHT },
		{ "Communities", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 6);
	size_t i;
	json_t *prefix;

	json_array_foreach(view_get(service, "prefixes"), i, prefix)
	{
		struct text communities = { 0 };
		long long withdrawing = view_integer(prefix, "neighbors_withdrawing");

		view_join(view_get(prefix, "communities"), " ", &communities);
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", view_string(prefix, "prefix"));
		if (withdrawing > 0)
			table_cell(table, TONE_WARNING, "withdrawing from %lld", withdrawing);
		else
			table_cell(table, TONE_PLAIN, "to %lld of %lld",
				view_integer(prefix, "neighbors_announced"),
				view_integer(prefix, "neighbors_wanted"));
		table_cell(table, TONE_PLAIN, "%lld", view_integer(prefix, "prepend"));
		table_cell(table, TONE_PLAIN, "%lld", view_integer(prefix, "med"));
		if (view_has(prefix, "local_pref"))
			table_cell(
				table, TONE_PLAIN, "%lld", view_integer(prefix, "local_pref"));
		else
			table_cell(table, TONE_PLAIN, "-");
		table_cell(table, TONE_PLAIN, "%s%s",
			communities.length == 0 ? "-" : text_string(&communities),
			view_flag(prefix, "graceful_shutdown") ? " (graceful shutdown)" : "");
		text_clear(&communities);
	}
	if (table_row_count(table) > 0)
		view_title(style, "Prefixes", out);
	table_print(table, style, 2, out);
	table_free(table);
}

/* How deep a check stands in the groups; bounded, for the list comes from outside. */
static unsigned check_depth(const json_t *checks, const json_t *check)
{
	unsigned depth = 0;

	while (depth < 8 && json_is_integer(view_get(check, "parent"))) {
		check = json_array_get(checks, (size_t)view_integer(check, "parent"));
		depth++;
	}
	return depth;
}

static void add_check(struct table *table, const json_t *checks, const json_t *check,
	const struct style *style)
{
	const char *state = view_string_or(check, "state", "?");
	char age[DURATION_TEXT_MAX], latency[DURATION_TEXT_MAX];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%*s%s", (int)(2 * check_depth(checks, check)), "",
		view_string_or(check, "name", "?"));
	table_cell(table, TONE_PLAIN, "%s", view_string(check, "type"));
	table_cell_symbol(table, style, tone_of_check(state), "%s", state);
	table_cell(table, TONE_PLAIN, "%s", view_age(check, "since", age));
	table_cell(table, TONE_PLAIN, "%s",
		view_has(check, "latency_seconds")
			? view_seconds(view_number(check, "latency_seconds"), latency)
			: "-");
	table_cell(table, TONE_PLAIN, "%lld of %lld", view_integer(check, "failures"),
		view_integer(check, "probes"));
	table_cell(table, TONE_PLAIN, "%s", view_string(check, "evidence"));
}

static void add_checks(const json_t *service, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Check", COLUMN_FIXED },
		{ "Type", COLUMN_FIXED },
		{ "State", COLUMN_FIXED },
		{ "For", COLUMN_FIXED },
		{ "Latency", COLUMN_RIGHT },
		{ "Failed", COLUMN_RIGHT },
		{ "Seen", COLUMN_WRAPS },
	};
	const json_t *checks = view_get(service, "checks");
	struct table *table = table_new(columns, 7);
	size_t i;
	json_t *check;

	json_array_foreach(checks, i, check) add_check(table, checks, check, style);
	view_title(style, "Checks", out);
	if (table_row_count(table) == 0)
		text_add(out, "  None: the service counts as up.\n");
	table_print(table, style, 2, out);
	table_free(table);
}

void render_service(const json_t *service, const struct style *style, struct text *out)
{
	const char *state = view_string_or(service, "state", "?");
	struct table *pairs = view_pairs();
	struct text reason = { 0 };
	char age[DURATION_TEXT_MAX];

	reason_text(service, &reason);
	text_print(out, "%sService %s%s: ", tone_start(style, TONE_TITLE),
		view_string_or(service, "name", "?"), tone_end(style, TONE_TITLE));
	view_tone(style, tone_of_service(state), state, out);
	text_print(out, " for %s", view_age(service, "since", age));
	if (reason.length > 0) {
		text_add(out, ": ");
		text_add_safe(out, text_string(&reason));
	}
	text_add(out, "\n\n");
	add_facts(pairs, service);
	add_addresses(pairs, service);
	add_damping(pairs, service);
	view_pairs_end(pairs, style, out);
	add_prefixes(service, style, out);
	add_checks(service, style, out);
	text_clear(&reason);
}

/* ---- The command ---- */

static bool any_degraded(const json_t *document)
{
	size_t i;
	json_t *service;

	json_array_foreach(view_get(document, "services"), i, service)
	{
		if (service_is_degraded(service))
			return true;
	}
	return false;
}

static enum exit_code services_run(const struct arguments *arguments, struct console *console)
{
	const char *name = arguments_positional(arguments, 0);
	struct text out = { 0 };
	json_t *document;
	bool degraded;
	enum exit_code code = client_ask(arguments, console, CLIENT_LOOKS, "services",
		json_pack("{s:s*}", "name", name), &document);

	if (code != EXIT_CODE_OK)
		return code;
	degraded = any_degraded(document);
	if (console->json) {
		code = output_json(console, document);
	} else {
		if (name == NULL)
			render_services(document, &console->style, &out);
		else
			render_service(json_array_get(view_get(document, "services"), 0),
				&console->style, &out);
		json_decref(document);
		code = output_text(console, &out);
	}
	return code == EXIT_CODE_OK && degraded ? EXIT_CODE_DEGRADED : code;
}

static const struct positional positionals[] = {
	{ "SERVICE", "show everything about this one", true, COMPLETE_SERVICE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_services = {
	.name = "services",
	.group = GROUP_LOOK,
	.summary = "services, their health and who hears them",
	.description =
		"Three things are told apart: whether a service is wanted (not drained, not in "
		"maintenance), whether it is healthy (what its checks say), and whether it is "
		"announced (to how many of the neighbours that should hear it).",
	.positionals = positionals,
	.exit_notes =
		"The exit status is 5 when a service that is wanted is not up, not healthy or "
		"not announced.",
	.example = "nearcast services\nnearcast services dns",
	.run = services_run,
};
