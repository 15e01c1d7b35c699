/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of sets and policies. */
#include "config/schema_policy.h"

#include "config/config.h"
#include "config/schema_words.h"

/* ---- Sets: the value of a name is the list itself. ---- */

static const struct schema_field prefix_set_fields[] = {
	{ .key = "prefixes",
		.kind = KIND_PREFIX_ITEM,
		SCHEMA_LIST(struct config_prefix_set, items, count),
		.maximum = CONFIG_SET_ITEMS_MAX,
		.flags = FIELD_LITERAL | FIELD_EMPTY,
		.touches = TOUCHES_ROUTES,
		.help = "Prefixes, each alone or with lengths: `le 28` (up to), `ge 26` (from), "
			"`ge 26 le 28`, `or-longer`." },
	{ 0 },
};

const struct schema_section schema_prefix_set = {
	.path = "prefix-sets.NAME",
	.title = "a prefix set",
	.help = "A named list of prefixes, found in one step however long it is.",
	.example = "prefix-sets:\n"
		   "  ours: [198.51.100.0/24, 2001:db8::/32 le 48]\n"
		   "  private: [10.0.0.0/8 or-longer, 192.168.0.0/16 ge 24 le 28]\n",
	.fields = prefix_set_fields,
	.whole = true,
};

static const struct schema_field as_set_fields[] = {
	{ .key = "numbers",
		.kind = KIND_AS_ITEM,
		SCHEMA_LIST(struct config_as_set, items, count),
		.maximum = CONFIG_SET_ITEMS_MAX,
		.flags = FIELD_LITERAL | FIELD_EMPTY,
		.touches = TOUCHES_ROUTES,
		.help = "AS numbers and ranges of them." },
	{ 0 },
};

const struct schema_section schema_as_set = {
	.path = "as-sets.NAME",
	.title = "an AS set",
	.help = "A named list of AS numbers; patterns for AS paths can use its name.",
	.example = "as-sets:\n  customers: [64501, 64510-64519]\n",
	.fields = as_set_fields,
	.whole = true,
};

static const struct schema_field path_set_fields[] = {
	{ .key = "patterns",
		.kind = KIND_AS_PATTERN,
		SCHEMA_LIST(struct config_path_set, patterns, count),
		.maximum = CONFIG_SET_ITEMS_MAX,
		.flags = FIELD_LITERAL | FIELD_EMPTY,
		.touches = TOUCHES_ROUTES,
		.help = "Patterns over AS numbers; the set holds a path if any of them matches." },
	{ 0 },
};

const struct schema_section schema_path_set = {
	.path = "as-path-sets.NAME",
	.title = "a set of AS paths",
	.help = "A named list of patterns for AS paths: numbers, ranges `64500-64510`, names of AS "
		"sets, `any` (or `.`), `[1 2 set]`, `[^1 2]`, groups `( )`, alternatives `|`, "
		"repetition `*`, `+`, `?`, `{2,5}`; `^` is the neighbour's end, `$` the origin's. "
		"Without `^` and `$` a pattern may match anywhere.",
	.example = "as-path-sets:\n"
		   "  through-tier-1: [\"transit-free\"]\n"
		   "  short-customer: [\"^ customers+ $\", \"^ 64501 any{1,2} $\"]\n",
	.fields = path_set_fields,
	.whole = true,
};

static const struct schema_field community_set_fields[] = {
	{ .key = "communities",
		.kind = KIND_COMMUNITY_ITEM,
		SCHEMA_LIST(struct config_community_set, items, count),
		.maximum = CONFIG_SET_ITEMS_MAX,
		.flags = FIELD_LITERAL | FIELD_EMPTY,
		.touches = TOUCHES_ROUTES,
		.help = "Communities of all three kinds; any part may be `*` or a range, and of those "
			"that are not extended `neighbor` or `self`: the AS of the neighbour, or "
			"ours towards it." },
	{ 0 },
};

const struct schema_section schema_community_set = {
	.path = "community-sets.NAME",
	.title = "a set of communities",
	.help = "A named list of communities with wildcards.",
	.example = "community-sets:\n"
		   "  ours: [\"64500:*\", \"64500:1000-1999:*\", \"rt:64500:*\", no-export]\n",
	.fields = community_set_fields,
	.whole = true,
};

/* ---- What a rule asks. ---- */

#define T struct config_terms

#define TERM_LIST(word, its_kind, member, counter)                      \
	.key = word, .kind = its_kind, SCHEMA_LIST(T, member, counter), \
	.maximum = CONFIG_TERM_ITEMS_MAX, .touches = TOUCHES_ROUTES

#define TERM_BITS(word, member, its_words)                                       \
	.key = word, .kind = KIND_SET, SCHEMA_AT(T, member), .words = its_words, \
	.touches = TOUCHES_ROUTES

static const struct schema_field term_fields[] = {
	{ TERM_LIST("prefix", KIND_PREFIX_ITEM, prefix, prefix_count),
		.elsewhere = "prefix-list prefix-set prefixes net route-filter",
		.help = "The prefix is in one of these sets, or is one of these." },
	{ TERM_BITS("family", family, words_family), .elsewhere = "afi address-family",
		.help = "The address family of the prefix." },
	{ .key = "ipv4-length",
		.kind = KIND_NUMBERS,
		SCHEMA_LIST(T, ipv4_length, ipv4_length_count),
		.minimum = 0,
		.maximum = 32,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "prefix-length",
		.help = "An IPv4 prefix of such a length." },
	{ .key = "ipv6-length",
		.kind = KIND_NUMBERS,
		SCHEMA_LIST(T, ipv6_length, ipv6_length_count),
		.minimum = 0,
		.maximum = 128,
		.touches = TOUCHES_ROUTES,
		.help = "An IPv6 prefix of such a length." },
	{ TERM_LIST("as-path", KIND_AS_PATTERN, as_path, as_path_count),
		.elsewhere = "as-path-list as-path-set as-path-filter aspath path",
		.help = "The AS path matches one of these patterns or sets of patterns." },
	{ .key = "path-length",
		.kind = KIND_NUMBERS,
		SCHEMA_LIST(T, path_length, path_length_count),
		.minimum = 0,
		.maximum = 65535,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "as-path-length",
		.help = "The AS path is this long, as the choice of the best path counts it." },
	{ .key = "path-has-set",
		.kind = KIND_BOOL,
		SCHEMA_OPTIONAL(T, path_has_set, has_path_has_set),
		.touches = TOUCHES_ROUTES,
		.help = "There is an AS_SET in the path (RFC 9774: there should be none)." },
	{ TERM_LIST("first-as", KIND_AS_ITEM, first_as, first_as_count),
		.flags = FIELD_NEIGHBOR,
		.help = "The AS nearest to us in the path; `neighbor`: the neighbour's own." },
	{ TERM_LIST("origin-as", KIND_AS_ITEM, origin_as, origin_as_count),
		.flags = FIELD_NEIGHBOR, .elsewhere = "last-as source-as",
		.help = "The AS that announced it first; `neighbor`: the neighbour's own." },
	{ TERM_LIST("neighbor-as", KIND_AS_ITEM, neighbor_as, neighbor_as_count),
		.elsewhere = "peer-as remote-as", .help = "The AS number of the neighbour." },
	{ TERM_LIST("community", KIND_COMMUNITY_ITEM, community, community_count),
		.elsewhere = "communities large-community ext-community",
		.help = "One of its communities is in one of these sets, or is one of these." },
	{ TERM_BITS("rpki", rpki, words_rpki), .elsewhere = "roa origin-validation validation",
		.help = "The state of origin validation (RFC 6811)." },
	{ TERM_BITS("aspa", aspa, words_aspa), .help = "The state of ASPA path verification." },
	{ TERM_BITS("relation", relation, words_relation_bits),
		.elsewhere = "neighbor-relation role", .help = "What the neighbour is to us." },
	{ TERM_BITS("source", source, words_source_bits),
		.elsewhere = "learned-from from protocol",
		.help = "Who said the route: what that neighbour is to us, or `local`." },
	{ TERM_LIST("next-hop", KIND_PREFIX_ITEM, next_hop, next_hop_count),
		.flags = FIELD_NEIGHBOR, .elsewhere = "nexthop",
		.help = "The next hop is in one of these; `neighbor`: the neighbour's address." },
	{ .key = "med",
		.kind = KIND_NUMBERS,
		SCHEMA_LIST(T, med, med_count),
		.minimum = 0,
		.maximum = UINT32_MAX,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "metric",
		.help = "There is a MED, and it is one of these." },
	{ .key = "local-pref",
		.kind = KIND_NUMBERS,
		SCHEMA_LIST(T, local_pref, local_pref_count),
		.minimum = 0,
		.maximum = UINT32_MAX,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "local-preference preference",
		.help = "The local preference; 100 if there is none." },
	{ .key = "weight",
		.kind = KIND_NUMBERS,
		SCHEMA_LIST(T, weight, weight_count),
		.minimum = 0,
		.maximum = 65535,
		.touches = TOUCHES_ROUTES,
		.help = "The weight that a rule has set." },
	{ TERM_BITS("origin", origin, words_origin_bits), .help = "The ORIGIN attribute." },
	{ 0 },
};

static const struct schema_section terms_section = {
	.path = "policies.NAME.match.not",
	.title = "the group 'not'",
	.help = "None of these may hold.",
	.fields = term_fields,
};

static const struct schema_field match_fields[] = {
	{ .key = "not",
		.kind = KIND_SECTION,
		.section = &terms_section,
		.offset = offsetof(struct config_match, not ),
		.help = "None of these may hold." },
	{ 0 },
};

static const struct schema_section match_section = {
	.path = "policies.NAME.match",
	.title = "the group 'match'",
	.help = "What must hold for a rule to apply: all terms; of a list any item.",
	.example = "match: { prefix: [ours, 192.0.2.0/24], not: { rpki: invalid } }\n",
	.fields = match_fields,
	.also = &terms_section,
};

/* ---- What a rule changes. ---- */

#define E struct config_edits

static const struct schema_field community_edit_fields[] = {
	{ .key = "add",
		.kind = KIND_COMMUNITIES,
		SCHEMA_AT(E, add),
		.touches = TOUCHES_ROUTES,
		.help = "Add these." },
	{ .key = "remove",
		.kind = KIND_COMMUNITY_ITEM,
		SCHEMA_LIST(E, remove, remove_count),
		.maximum = CONFIG_TERM_ITEMS_MAX,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "delete",
		.help = "Take away all that are in one of these sets or are one of these." },
	{ .key = "set",
		.kind = KIND_COMMUNITIES,
		SCHEMA_AT(E, set),
		.touches = TOUCHES_ROUTES,
		.help = "Have these and no others of any kind." },
	{ 0 },
};

static const struct schema_section community_edit_section = {
	.path = "policies.NAME.set.communities",
	.title = "the group 'communities'",
	.help = "Changes to communities of all three kinds; `remove` comes before `add`.",
	.example = "communities: { remove: [\"64500:*\"], add: [64500:100, 64500:1:2] }\n",
	.fields = community_edit_fields,
	.short_key = "add",
};

static const struct schema_field edit_fields[] = {
	{ .key = "local-pref",
		.kind = KIND_INTEGER,
		SCHEMA_OPTIONAL(E, local_pref, has_local_pref),
		.minimum = 0,
		.maximum = UINT32_MAX,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "local-preference preference localpref",
		.help = "Local preference; higher is better." },
	{ .key = "med",
		.kind = KIND_MED,
		SCHEMA_AT(E, med),
		.touches = TOUCHES_ROUTES,
		.elsewhere = "metric",
		.help = "MED: a number, `+10`, `-10`, `igp` (the metric of the next hop), or "
			"`remove`." },
	{ .key = "weight",
		.kind = KIND_INTEGER,
		SCHEMA_OPTIONAL(E, weight, has_weight),
		.minimum = 0,
		.maximum = 65535,
		.touches = TOUCHES_ROUTES,
		.help = "This router's own preference, before all others; never sent." },
	{ .key = "prepend",
		.kind = KIND_INTEGER,
		SCHEMA_AT(E, prepend),
		.minimum = 0,
		.maximum = CONFIG_PREPEND_MAX,
		.preset = "0",
		.unit = "times",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "as-path-prepend",
		.help = "How many times our own AS is put in front of the path." },
	{ .key = "prepend-as",
		.kind = KIND_ASN,
		SCHEMA_LIST(E, prepend_as, prepend_as_count),
		.maximum = CONFIG_PREPEND_MAX,
		.touches = TOUCHES_ROUTES,
		.help = "AS numbers to put in front of the path, as they shall stand there." },
	{ .key = "next-hop",
		.kind = KIND_NEXT_HOP,
		SCHEMA_LIST(E, next_hop, next_hop_count),
		.maximum = 2,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "nexthop",
		.help = "`self`, or an address for prefixes of its family." },
	{ .key = "origin",
		.kind = KIND_WORD,
		SCHEMA_OPTIONAL(E, origin, has_origin),
		.words = words_origin,
		.touches = TOUCHES_ROUTES,
		.help = "The ORIGIN attribute." },
	{ .key = "communities",
		.kind = KIND_SECTION,
		.section = &community_edit_section,
		.elsewhere = "community",
		.help = "Communities to add, remove or set; a list alone is added." },
	{ .key = "graceful-shutdown",
		.kind = KIND_BOOL,
		SCHEMA_AT(E, graceful_shutdown),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.help = "Make it the last choice: local preference 0 and the community of RFC 8326." },
	{ .key = "blackhole",
		.kind = KIND_BOOL,
		SCHEMA_AT(E, blackhole),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "discard rtbh",
		.help = "Discard what goes there (RFC 7999); adds BLACKHOLE and NO_EXPORT." },
	{ 0 },
};

static const struct schema_section edit_section = {
	.path = "policies.NAME.set",
	.title = "the group 'set'",
	.help = "What a rule changes. Later rules see the change.",
	.example = "set: { local-pref: 200, communities: [64500:100], med: +10 }\n",
	.fields = edit_fields,
};

/* ---- Rules and policies. ---- */

#define L struct config_rule

static const struct schema_field rule_fields[] = {
	{ .key = "name",
		.kind = KIND_STRING,
		SCHEMA_AT(L, name),
		.touches = TOUCHES_ROUTES,
		.elsewhere = "description comment label",
		.help = "What the rule is called where its matches are counted." },
	{ .key = "match",
		.kind = KIND_SECTION,
		.section = &match_section,
		.offset = offsetof(L, match),
		.elsewhere = "if from term when",
		.help = "Without it a rule applies to every route." },
	{ .key = "set",
		.kind = KIND_SECTION,
		.section = &edit_section,
		.offset = offsetof(L, set),
		.elsewhere = "do modify",
		.help = "What to change." },
	{ .key = "call",
		.kind = KIND_NAME,
		SCHEMA_AT(L, call),
		.touches = TOUCHES_ROUTES,
		.elsewhere = "apply goto",
		.help = "The rules of another policy stand here. If it does not decide, the next "
			"rule follows." },
	{ .key = "then",
		.kind = KIND_WORD,
		SCHEMA_AT(L, then),
		.words = words_then,
		.preset = "next",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "action verdict",
		.help = "What becomes of the route." },
	{ 0 },
};

const struct schema_section schema_rule = {
	.path = "policies.NAME.[]",
	.title = "a rule",
	.help = "A rule: `match` -> `set` -> `then` or `call`. A rule that only decides is written "
		"as its word: `- accept`.",
	.fields = rule_fields,
};

static const struct schema_field policy_fields[] = {
	{ .key = "rules",
		.kind = KIND_RULES,
		SCHEMA_LIST(struct config_policy, rules, rule_count),
		.section = &schema_rule,
		.maximum = CONFIG_RULES_MAX,
		.touches = TOUCHES_ROUTES,
		.help = "The rules, looked at in order." },
	{ 0 },
};

const struct schema_section schema_policy = {
	.path = "policies.NAME",
	.title = "a policy",
	.help = "A policy is a list of rules. What no rule decides is rejected (RFC 8212).",
	.example =
		"policies:\n"
		"  peer-in:\n"
		"    - call: bogons\n"
		"    - call: rpki-strict\n"
		"    - { name: not theirs, match: { not: { prefix: peer-prefixes } }, then: reject }\n"
		"    - { set: { local-pref: 200, communities: [64500:200] }, then: accept }\n",
	.fields = policy_fields,
	.whole = true,
};
