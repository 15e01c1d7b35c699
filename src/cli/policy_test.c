/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast policy test: a route made of options, run through a policy of the configuration. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/view.h"
#include "config/value.h"
#include "daemon/policy_description.h"

#define COMMUNITIES_MAX 256u
#define PATH_MAX_BYTES  4096u

/* A route that somebody asks about. */
struct question {
	const struct arguments *arguments;
	const struct config *config;
	struct prefix prefix;
	struct bgp_attributes attributes;
	uint8_t path[PATH_MAX_BYTES];
	uint32_t communities[COMMUNITIES_MAX];
	uint64_t extended[COMMUNITIES_MAX];
	struct bgp_large_community large[COMMUNITIES_MAX];
	struct policy_route route;
	enum policy_rpki rpki;
	enum policy_aspa aspa;
};

/* What was found out, while the rules go by. */
struct answer {
	const struct config *config;
	struct policy_book *book;
	json_t *rules;
};

static enum policy_rpki ask_rpki(void *context, const struct policy_route *route)
{
	(void)route;
	return ((const struct question *)context)->rpki;
}

static enum policy_aspa ask_aspa(void *context, const struct policy_route *route)
{
	(void)route;
	return ((const struct question *)context)->aspa;
}

static int bad_path(struct error *error)
{
	error_hint(error,
		"AS numbers with spaces between: \"64501 64502\"; a set is {64503,64504}");
	return error_set(error, ERROR_MALFORMED, "--as-path cannot be read");
}

static int read_number(const char **at, uint32_t *ret_number)
{
	size_t length = strspn(*at, "0123456789");
	uint64_t number;

	if (!value_digits(*at, length, UINT32_MAX, &number))
		return ERROR_MALFORMED;
	*at += length;
	*ret_number = (uint32_t)number;
	return 0;
}

/* "64501 64502 {64503,64504}": a segment a run of numbers, a segment a set. */
static int read_path(struct question *q, const char *text, struct error *error)
{
	struct writer w = writer_of(q->path, sizeof(q->path));
	uint8_t *segment = NULL;
	uint8_t type = BGP_SEGMENT_SEQUENCE;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ,")) {
		uint32_t number;

		if (*text == '{' || *text == '}') {
			type = *text == '{' ? BGP_SEGMENT_SET : BGP_SEGMENT_SEQUENCE;
			segment = NULL;
			text++;
			continue;
		}
		if (read_number(&text, &number) != 0)
			return bad_path(error);
		if (segment == NULL || segment[1] == 255) {
			segment = writer_reserve(&w, 2);
			if (segment == NULL)
				return bad_path(error);
			segment[0] = type;
			segment[1] = 0;
		}
		writer_u32(&w, number);
		segment[1]++;
	}
	if (w.failed)
		return bad_path(error);
	q->attributes.as_path = q->path;
	q->attributes.as_path_size = (uint16_t)writer_length(&w);
	return 0;
}

static int read_community(struct question *q, const char *text, struct error *error)
{
	struct bgp_attributes *a = &q->attributes;
	struct community one;
	int result = community_parse(text, &one, error);

	if (result != 0)
		return result;
	if (a->community_count + a->large_community_count + a->extended_community_count ==
		COMMUNITIES_MAX)
		return error_set(
			error, ERROR_FULL, "more than %u communities", COMMUNITIES_MAX);
	switch (one.kind) {
	case COMMUNITY_STANDARD:
		q->communities[a->community_count++] = one.standard;
		a->present |= UINT64_C(1) << BGP_ATTRIBUTE_COMMUNITIES;
		break;
	case COMMUNITY_LARGE:
		q->large[a->large_community_count++] =
			(struct bgp_large_community){ one.large.global, one.large.local_1,
				one.large.local_2 };
		a->present |= UINT64_C(1) << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
		break;
	case COMMUNITY_EXTENDED:
		q->extended[a->extended_community_count++] = one.extended;
		a->present |= UINT64_C(1) << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES;
		break;
	}
	return 0;
}

static int read_communities(struct question *q, const char *text, struct error *error)
{
	char one[64];
	int result = 0;

	for (text += strspn(text, " ,"); *text != '\0' && result == 0;
		text += strspn(text, " ,")) {
		size_t length = strcspn(text, " ,");

		if (length >= sizeof(one))
			return error_set(
				error, ERROR_MALFORMED, "'%.60s' is not a community", text);
		memcpy(one, text, length);
		one[length] = '\0';
		result = read_community(q, one, error);
		text += length;
	}
	q->attributes.communities = q->communities;
	q->attributes.large_communities = q->large;
	q->attributes.extended_communities = q->extended;
	return result;
}

static int option_number(struct question *q, const char *option, unsigned code,
	uint32_t *ret_number, struct error *error)
{
	const char *text = arguments_value(q->arguments, option);
	uint64_t number;

	if (text == NULL)
		return 0;
	if (!value_digits(text, strlen(text), UINT32_MAX, &number))
		return error_set(error, ERROR_MALFORMED, "--%s needs a number, not '%.40s'",
			option, text);
	*ret_number = (uint32_t)number;
	q->attributes.present |= UINT64_C(1) << code;
	return 0;
}

static int read_attributes(struct question *q, struct error *error)
{
	const char *path = arguments_value(q->arguments, "as-path");
	const char *communities = arguments_value(q->arguments, "community");
	const char *next_hop = arguments_value(q->arguments, "next-hop");
	struct bgp_attributes *a = &q->attributes;
	int result = read_path(q, path == NULL ? "" : path, error);

	a->present |= UINT64_C(1) << BGP_ATTRIBUTE_ORIGIN | UINT64_C(1)
								    << BGP_ATTRIBUTE_AS_PATH;
	if (result == 0)
		result = read_communities(q, communities == NULL ? "" : communities, error);
	if (result == 0)
		result = option_number(q, "med", BGP_ATTRIBUTE_MED, &a->med, error);
	if (result == 0)
		result = option_number(
			q, "local-pref", BGP_ATTRIBUTE_LOCAL_PREF, &a->local_pref, error);
	if (result == 0 && next_hop != NULL && address_parse(next_hop, &a->next_hop) != 0)
		result = error_set(error, ERROR_MALFORMED, "'%.60s' is no address", next_hop);
	return result;
}

static unsigned word_number(const char *word, const char *const *words)
{
	for (unsigned i = 0; words[i] != NULL; i++)
		if (word != NULL && strcmp(words[i], word) == 0)
			return i;
	return 0;
}

/* In the order of enum policy_rpki, policy_aspa, policy_relation. */
static const char *const rpki_words[] = { "not-found", "valid", "invalid", NULL };
static const char *const aspa_words[] = { "unknown", "valid", "invalid", NULL };
static const char *const relation_words[] = { "none", "customer", "peer", "provider",
	"route-server", "internal", "local", NULL };

static int read_neighbor(struct question *q, struct error *error)
{
	const char *name = arguments_value(q->arguments, "neighbor");
	const struct config_neighbor *n =
		name == NULL ? NULL : config_neighbor_find(q->config, name);
	const char *source = arguments_value(q->arguments, "source");

	if (name != NULL && n == NULL)
		return error_set(error, ERROR_NOT_FOUND, "there is no neighbour '%s'", name);
	q->route.local_asn = q->config->asn;
	q->route.neighbor_asn = bgp_as_path_first(&q->attributes);
	if (n != NULL) {
		q->route.relation = policy_relation_of(n->relation);
		q->route.local_asn = n->local_asn;
		q->route.neighbor_asn = n->asn;
		q->route.neighbor_address = n->address;
	}
	q->route.source = q->route.relation;
	if (source != NULL)
		q->route.source = (enum policy_relation)word_number(source, relation_words);
	if (n != NULL && q->attributes.next_hop.family == FAMILY_NONE)
		q->attributes.next_hop = n->address;
	return 0;
}

static int read_question(struct question *q, struct error *error)
{
	const char *prefix = arguments_positional(q->arguments, 2);
	int result;

	if (prefix == NULL)
		return error_set(error, ERROR_MALFORMED, "test needs a POLICY and a PREFIX");
	if (prefix_parse(prefix, &q->prefix) != 0)
		return error_set(error, ERROR_MALFORMED, "'%.60s' is no prefix", prefix);
	result = read_attributes(q, error);
	if (result == 0)
		result = read_neighbor(q, error);
	q->rpki = (enum policy_rpki)word_number(
		arguments_value(q->arguments, "rpki"), rpki_words);
	q->aspa = (enum policy_aspa)word_number(
		arguments_value(q->arguments, "aspa"), aspa_words);
	q->route.prefix = &q->prefix;
	q->route.attributes = &q->attributes;
	q->route.direction =
		arguments_has(q->arguments, "export") ? POLICY_EXPORT : POLICY_IMPORT;
	q->route.igp_metric = POLICY_METRIC_UNKNOWN;
	q->route.rpki = ask_rpki;
	q->route.aspa = ask_aspa;
	q->route.context = q;
	return result;
}

static void note_rule(void *context, uint32_t rule, const char *missed)
{
	struct answer *answer = context;
	struct policy_rule_name name = policy_book_rule(answer->book, rule);
	const struct config_policy *policy = config_policy_find(answer->config, name.policy);
	struct text text = { 0 };

	if (policy != NULL && name.number <= policy->rule_count)
		policy_rule_print(&policy->rules[name.number - 1], &text);
	json_array_append_new(answer->rules,
		json_pack("{s:s, s:i, s:s, s:s, s:b, s:s*}", "policy", name.policy, "number",
			(int)name.number, "name", name.name, "rule", text_string(&text),
			"matched", missed == NULL, "missed", missed));
	text_clear(&text);
}

/* ---- What came out, for programs. ---- */

static json_t *communities_json(const struct bgp_attributes *a)
{
	char text[BGP_COMMUNITY_TEXT_MAX];
	json_t *list = json_array();

	for (unsigned i = 0; i < a->community_count; i++)
		json_array_append_new(
			list, json_string(bgp_community_format(a->communities[i], text)));
	for (unsigned i = 0; i < a->large_community_count; i++)
		json_array_append_new(list, json_string(bgp_large_community_format(
						    &a->large_communities[i], text)));
	for (unsigned i = 0; i < a->extended_community_count; i++)
		json_array_append_new(list, json_string(bgp_extended_community_format(
						    a->extended_communities[i], text)));
	return list;
}

static json_t *attributes_json(
	const struct bgp_attributes *a, const struct policy_result *result)
{
	char path[1024], address[ADDRESS_TEXT_MAX];
	json_t *object = json_pack("{s:s, s:o, s:i, s:b}", "as_path",
		bgp_as_path_format(a, path, sizeof(path)), "communities", communities_json(a),
		"weight", (int)a->weight, "blackhole", result->blackhole);

	if (bgp_attribute_present(a, BGP_ATTRIBUTE_MED))
		json_object_set_new(object, "med", json_integer(a->med));
	if (bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF))
		json_object_set_new(object, "local_pref", json_integer(a->local_pref));
	if (result->next_hop_self)
		json_object_set_new(object, "next_hop", json_string("self"));
	else if (a->next_hop.family != FAMILY_NONE)
		json_object_set_new(
			object, "next_hop", json_string(address_format(&a->next_hop, address)));
	return object;
}

static json_t *answer_json(const struct question *q, const struct answer *answer,
	const struct policy_result *result)
{
	bool accepted = result->verdict == POLICY_ACCEPT;
	json_t *document =
		json_pack("{s:s, s:b, s:O}", "verdict", accepted ? "accept" : "reject",
			"changed", accepted && result->changed, "rules", answer->rules);

	if (result->rule != POLICY_RULE_NONE) {
		struct policy_rule_name name = policy_book_rule(answer->book, result->rule);

		json_object_set_new(document, "decided",
			json_pack("{s:s, s:i, s:s}", "policy", name.policy, "number",
				(int)name.number, "name", name.name));
	}
	if (accepted)
		json_object_set_new(document, "route",
			attributes_json(result->changed ? &result->attributes : &q->attributes,
				result));
	return document;
}

/* ---- For people. ---- */

static void render_rules(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Policy", COLUMN_FIXED },
		{ "#", COLUMN_RIGHT },
		{ "Rule", COLUMN_WRAPS },
		{ "Holds", COLUMN_FIXED },
	};
	struct table *table = table_new(columns, 4);
	size_t i;
	json_t *rule;

	json_array_foreach(view_get(document, "rules"), i, rule)
	{
		bool matched = view_flag(rule, "matched");

		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", view_string_or(rule, "policy", "?"));
		table_cell(table, TONE_PLAIN, "%lld", view_integer(rule, "number"));
		table_cell(table, TONE_PLAIN, "%s",
			view_string_or(rule, "name", view_string_or(rule, "rule", "-")));
		if (matched)
			table_cell_symbol(table, style, TONE_GOOD, "yes");
		else
			table_cell(table, TONE_QUIET, "no: %s",
				view_string_or(rule, "missed", "?"));
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static void render_route(const json_t *route, const struct style *style, struct text *out)
{
	struct table *pairs = view_pairs();
	struct text communities = { 0 };

	view_join(view_get(route, "communities"), " ", &communities);
	view_pair(pairs, "AS path", TONE_PLAIN, "%s", view_string_or(route, "as_path", "-"));
	if (view_has(route, "next_hop"))
		view_pair(pairs, "Next hop", TONE_PLAIN, "%s", view_string(route, "next_hop"));
	if (view_has(route, "local_pref"))
		view_pair(pairs, "Local preference", TONE_PLAIN, "%lld",
			view_integer(route, "local_pref"));
	if (view_has(route, "med"))
		view_pair(pairs, "MED", TONE_PLAIN, "%lld", view_integer(route, "med"));
	if (view_integer(route, "weight") != 0)
		view_pair(pairs, "Weight", TONE_PLAIN, "%lld", view_integer(route, "weight"));
	if (communities.length > 0)
		view_pair(pairs, "Communities", TONE_PLAIN, "%s", text_string(&communities));
	if (view_flag(route, "blackhole"))
		view_pair(pairs, "Blackhole", TONE_WARNING, "what goes there is discarded");
	view_pairs_end(pairs, style, out);
	text_clear(&communities);
}

static void render_answer(const json_t *document, const struct style *style, struct text *out)
{
	bool accepted = strcmp(view_string(document, "verdict"), "accept") == 0;
	const json_t *decided = view_get(document, "decided");

	render_rules(document, style, out);
	text_add(out, "\n");
	view_tone(style, accepted ? TONE_GOOD : TONE_BAD, accepted ? "accepted" : "rejected",
		out);
	if (decided == NULL)
		text_print(out, ": no rule decided%s\n", accepted ? "" : " (RFC 8212)");
	else
		text_print(out, " by rule %lld of %s%s%s\n", view_integer(decided, "number"),
			view_string_or(decided, "policy", "?"),
			view_string(decided, "name")[0] == '\0' ? "" : ": ",
			view_string(decided, "name"));
	if (accepted)
		render_route(view_get(document, "route"), style, out);
}

/* ---- The command. ---- */

static enum exit_code tell(const struct question *q, struct policy_book *book,
	const struct policy *policy, struct console *console)
{
	struct answer answer = { .config = q->config, .book = book, .rules = json_array() };
	struct policy_trace trace = { .context = &answer, .rule = note_rule };
	struct policy_result result;
	struct arena arena = { 0 };
	struct text out = { 0 };
	enum exit_code code;
	json_t *document;

	if (policy_explain(policy, &q->route, &trace, &arena, &result) != 0)
		result.verdict = POLICY_REJECT;
	document = answer_json(q, &answer, &result);
	json_decref(answer.rules);
	if (console->json) {
		code = output_json(console, document);
	} else {
		render_answer(document, &console->style, &out);
		json_decref(document);
		code = output_text(console, &out);
	}
	arena_clear(&arena);
	return code == EXIT_CODE_OK && result.verdict == POLICY_REJECT ? EXIT_CODE_DEGRADED
								       : code;
}

/* The configuration with the policy asked for among those in use. */
static int run_question(const struct question *q, struct console *console,
	enum exit_code *ret_code, struct error *error)
{
	const char *name = arguments_positional(q->arguments, 1);
	struct config asked = *q->config;
	struct config_neighbor user = { .import = { CHOICE_POLICIES, &name, 1 } };
	struct policy_book *book;
	struct policy *policy;
	int result = 0;

	if (config_policy_find(q->config, name) == NULL)
		return error_set(error, ERROR_NOT_FOUND, "there is no policy '%s'", name);
	asked.neighbors = &user; /* a policy that is built in is used by somebody now */
	asked.neighbor_count = 1;
	book = policy_book_of_config(&asked, error);
	policy = book == NULL ? NULL : policy_of_choice(book, &user.import, error);
	if (policy != NULL)
		*ret_code = tell(q, book, policy, console);
	else
		result = error->code;
	policy_release(policy);
	policy_book_release(book);
	return result;
}

enum exit_code policy_test_run(const struct arguments *arguments, struct console *console)
{
	struct configuration configuration = { 0 };
	struct question *q = calloc(1, sizeof(*q));
	struct error error = { 0 };
	enum exit_code code = configuration_load(arguments, console, NULL, &configuration);

	if (code != EXIT_CODE_OK || q == NULL)
		goto out;
	q->arguments = arguments;
	q->config = configuration.config;
	if (read_question(q, &error) != 0 || run_question(q, console, &code, &error) != 0)
		code = output_error(console, &error);
out:
	free(q);
	configuration_clear(&configuration);
	return code;
}
