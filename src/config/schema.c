/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The top of the schema, and how to find one's way in it.
 *
 * Invariants (tests/unit/config/schema.c):
 *  1. Keys are unique within a section and those it includes.
 *  2. Every field has a help text; every default can be read by its own kind.
 */
#include "config/schema.h"

#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "config/schema_policy.h"
#include "config/schema_words.h"

#define R struct config

static const struct schema_field listen_fields[] = {
	{ .key = "ipv4",
		.kind = KIND_ADDRESS,
		SCHEMA_AT(R, listen_ipv4),
		.family = FAMILY_IPV4,
		.help = "Listen on this IPv4 address; not said: on all." },
	{ .key = "ipv6",
		.kind = KIND_ADDRESS,
		SCHEMA_AT(R, listen_ipv6),
		.family = FAMILY_IPV6,
		.help = "Listen on this IPv6 address; not said: on all." },
	{ .key = "port",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, listen_port),
		.preset = "179",
		.minimum = 0,
		.maximum = 65535,
		.help = "The TCP port for BGP neighbours that connect to us; 0: do not listen." },
	{ 0 },
};

static const struct schema_section listen_section = {
	.path = "listen",
	.title = "the group 'listen'",
	.help = "Where to wait for BGP neighbours.",
	.fields = listen_fields,
};

static const struct schema_field panic_fields[] = {
	{ .key = "threshold",
		.kind = KIND_PERCENT,
		SCHEMA_AT(R, panic_threshold_percent),
		.preset = "100%",
		.help = "When at least this share of all checks fails within the window, the "
			"checker is suspected before the services; 0%: never." },
	{ .key = "window",
		.kind = KIND_DURATION,
		SCHEMA_AT(R, panic_window),
		.preset = "1s",
		.minimum = SCHEMA_MS(1),
		.maximum = SCHEMA_SECONDS(60),
		.help = "What counts as the same moment." },
	{ .key = "hold",
		.kind = KIND_DURATION,
		SCHEMA_AT(R, panic_hold),
		.preset = "5s",
		.minimum = 0,
		.maximum = SCHEMA_SECONDS(3600),
		.help = "How long to hold still before believing it." },
	{ 0 },
};

static const struct schema_section panic_section = {
	.path = "panic",
	.title = "the group 'panic'",
	.help = "When every check of a site fails at the same moment, the check is suspected "
		"first.",
	.example = "panic: { threshold: 80%, window: 200ms, hold: 5s }\n",
	.fields = panic_fields,
};

static const struct schema_field lease_fields[] = {
	{ .key = "time",
		.kind = KIND_DURATION,
		SCHEMA_AT(R, lease),
		.preset = "15s",
		.minimum = SCHEMA_SECONDS(1),
		.maximum = SCHEMA_SECONDS(86400),
		.help = "Announcements outlive the process that renews them by this long." },
	{ .key = "then",
		.kind = KIND_WORD,
		SCHEMA_AT(R, lease_after),
		.words = words_after,
		.preset = "withdraw",
		.help = "What happens after that time." },
	{ 0 },
};

static const struct schema_section lease_section = {
	.path = "lease",
	.title = "the group 'lease'",
	.help = "An announcement is a lease: when the brain that renewed it is gone, it ends.",
	.fields = lease_fields,
};

static const struct schema_field reload_fields[] = {
	{ .key = "withdraw-max",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, reload_withdraw_max),
		.preset = "0",
		.minimum = 0,
		.maximum = CONFIG_SERVICES_MAX,
		.unit = "services",
		.help = "A reload that would withdraw more services than this is refused without "
			"--force; 0: no limit." },
	{ 0 },
};

static const struct schema_section reload_section = {
	.path = "reload",
	.title = "the group 'reload'",
	.help = "Safety of `nearcast reload`.",
	.fields = reload_fields,
};

static const struct schema_field http_fields[] = {
	{ .key = "enabled",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, http.enabled),
		.preset = "true",
		.help = "Serve metrics, health and the API over HTTP." },
	{ .key = "address",
		.kind = KIND_ADDRESS,
		SCHEMA_AT(R, http.address),
		.preset = "127.0.0.1",
		.elsewhere = "listen bind",
		.help = "The address to listen on." },
	{ .key = "port",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, http.port),
		.preset = "9179",
		.minimum = 1,
		.maximum = 65535,
		.help = "The port to listen on." },
	{ 0 },
};

static const struct schema_section http_section = {
	.path = "http",
	.title = "the group 'http'",
	.help = "OpenMetrics, /healthz and /api/v1 over HTTP.",
	.fields = http_fields,
};

static const struct schema_field bmp_fields[] = {
	{ .key = "stations",
		.kind = KIND_ADDRESS,
		SCHEMA_LIST(R, bmp.stations, bmp.station_count),
		.maximum = CONFIG_STATIONS_MAX,
		.touches = TOUCHES_QUIETLY,
		.help = "Addresses of the stations to connect to; none: no monitoring." },
	{ .key = "port",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, bmp.port),
		.preset = "11019",
		.minimum = 1,
		.maximum = 65535,
		.touches = TOUCHES_QUIETLY,
		.help = "The TCP port that the stations listen on." },
	{ .key = "statistics",
		.kind = KIND_DURATION,
		SCHEMA_AT(R, bmp.statistics),
		.preset = "60s",
		.minimum = 0,
		.maximum = SCHEMA_SECONDS(86400),
		.touches = TOUCHES_QUIETLY,
		.help = "Time between statistics reports; 0: none." },
	{ 0 },
};

static const struct schema_section bmp_section = {
	.path = "bmp",
	.title = "the group 'bmp'",
	.help = "The BGP Monitoring Protocol (RFC 7854): stations are told of every session, of the "
		"UPDATEs as they were received, and of the routes that are held before policy.",
	.example = "bmp: { stations: [192.0.2.9], port: 11019 }\n",
	.fields = bmp_fields,
};

static const struct schema_field log_fields[] = {
	{ .key = "format",
		.kind = KIND_WORD,
		SCHEMA_AT(R, log_format),
		.words = words_log_format,
		.preset = "auto",
		.help = "How log lines look." },
	{ .key = "level",
		.kind = KIND_WORD,
		SCHEMA_AT(R, log_level),
		.words = words_log_level,
		.preset = "info",
		.help = "The least important lines that are written." },
	{ 0 },
};

static const struct schema_section log_section = {
	.path = "log",
	.title = "the group 'log'",
	.help = "The log.",
	.fields = log_fields,
};

static const struct schema_field root_fields[] = {
	{ .key = "site",
		.kind = KIND_NAME,
		SCHEMA_AT(R, site),
		.flags = FIELD_REQUIRED,
		.elsewhere = "name hostname",
		.touches = TOUCHES_QUIETLY,
		.help = "The name of this site, in logs and metrics." },
	{ .key = "asn",
		.kind = KIND_ASN,
		SCHEMA_AT(R, asn),
		.elsewhere = "as local-as my-as autonomous-system",
		.help = "Our AS number; required when there are neighbours." },
	{ .key = "router-id",
		.kind = KIND_ROUTER_ID,
		SCHEMA_AT(R, router_id),
		.elsewhere = "routerid id",
		.touches = TOUCHES_SESSION,
		.help = "BGP identifier, unique among our routers, written like an IPv4 address; "
			"required when there are neighbours." },
	{ .key = "cluster-id",
		.kind = KIND_ROUTER_ID,
		SCHEMA_AT(R, cluster_id),
		.elsewhere = "clusterid cluster",
		.touches = TOUCHES_SESSION,
		.help = "CLUSTER_ID of a route reflector (RFC 4456), written like an IPv4 address; "
			"not said: router-id. Reflectors of one cluster with the same clients may "
			"share it." },
	{ .key = "user",
		.kind = KIND_STRING,
		SCHEMA_AT(R, user),
		.touches = TOUCHES_RESTART,
		.help = "The user that the processes without privileges run as; not said: "
			"nearcast, or nobody if there is no such user." },
	{ .key = "services",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_service,
		SCHEMA_LIST(R, services, service_count),
		.maximum = CONFIG_SERVICES_MAX,
		.elsewhere = "service",
		.help = "The services of this site, by name." },
	{ .key = "neighbors",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_neighbor,
		SCHEMA_LIST(R, neighbors, neighbor_count),
		.maximum = CONFIG_NEIGHBORS_MAX,
		.elsewhere = "neighbours peers neighbor peer bgp",
		.help = "The BGP neighbours, by name." },
	{ .key = "prefix-sets",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_prefix_set,
		SCHEMA_LIST(R, prefix_sets, prefix_set_count),
		.maximum = CONFIG_SETS_MAX,
		.elsewhere = "prefix-lists prefix-list prefix-set",
		.help = "Sets of prefixes, by name." },
	{ .key = "as-sets",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_as_set,
		SCHEMA_LIST(R, as_sets, as_set_count),
		.maximum = CONFIG_SETS_MAX,
		.elsewhere = "as-set",
		.help = "Sets of AS numbers, by name." },
	{ .key = "as-path-sets",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_path_set,
		SCHEMA_LIST(R, path_sets, path_set_count),
		.maximum = CONFIG_SETS_MAX,
		.elsewhere = "as-path-lists as-path-access-lists as-path-set",
		.help = "Sets of AS paths, by name." },
	{ .key = "community-sets",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_community_set,
		SCHEMA_LIST(R, community_sets, community_set_count),
		.maximum = CONFIG_SETS_MAX,
		.elsewhere = "community-lists community-list community-set",
		.help = "Sets of communities, by name." },
	{ .key = "policies",
		.kind = KIND_MAP,
		.touches = TOUCHES_ENTRIES,
		.section = &schema_policy,
		SCHEMA_LIST(R, policies, policy_count),
		.maximum = CONFIG_POLICIES_MAX,
		.elsewhere = "policy route-maps route-map filters filter policy-statements",
		.help = "Policies for routes, by name." },
	{ .key = "decision",
		.kind = KIND_SECTION,
		.section = &schema_decision,
		.elsewhere = "bestpath best-path path-selection",
		.help = "How the best route is chosen." },
	{ .key = "kernel",
		.kind = KIND_SECTION,
		.section = &schema_kernel,
		.elsewhere = "fib",
		.help = "The kernel's routing table." },
	{ .key = "rpki",
		.kind = KIND_SECTION,
		.section = &schema_rpki,
		.elsewhere = "rtr roa",
		.help = "Origin and path validation." },
	{ .key = "flowspec",
		.kind = KIND_MAP,
		.section = &schema_flow,
		SCHEMA_LIST(R, flows, flow_count),
		.maximum = CONFIG_FLOWS_MAX,
		.elsewhere = "flow flows flow-specifications",
		.help = "Flow specifications to announce, by name." },
	{ .key = "listen",
		.kind = KIND_SECTION,
		.section = &listen_section,
		.help = "Where to wait for BGP neighbours." },
	{ .key = "panic",
		.kind = KIND_SECTION,
		.section = &panic_section,
		.help = "When all checks fail at once." },
	{ .key = "lease",
		.kind = KIND_SECTION,
		.section = &lease_section,
		.help = "How long announcements outlive the brain." },
	{ .key = "reload",
		.kind = KIND_SECTION,
		.section = &reload_section,
		.help = "Safety of a reload." },
	{ .key = "http",
		.kind = KIND_SECTION,
		.section = &http_section,
		.elsewhere = "api metrics prometheus",
		.help = "Metrics and the API." },
	{ .key = "bmp",
		.kind = KIND_SECTION,
		.section = &bmp_section,
		.elsewhere = "monitoring bmp-servers bmp-targets",
		.help = "Monitoring stations." },
	{ .key = "log",
		.kind = KIND_SECTION,
		.section = &log_section,
		.elsewhere = "logging",
		.help = "The log." },
	{ 0 },
};

const struct schema_section schema_root = {
	.path = "",
	.title = "the configuration",
	.help = "The top level.",
	.example = "site: fra1\nasn: 64500\nrouter-id: 192.0.2.11\n",
	.fields = root_fields,
};

struct schema_walk schema_walk(const struct schema_section *section)
{
	return (struct schema_walk){ .section = section, .next = section->fields };
}

const struct schema_field *schema_next(struct schema_walk *walk)
{
	while (walk->next->key == NULL) {
		if (walk->section->also == NULL)
			return NULL;
		walk->section = walk->section->also;
		walk->next = walk->section->fields;
	}
	return walk->next++;
}

const struct schema_field *schema_find(const struct schema_section *section, const char *key)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL)
		if (strcmp(field->key, key) == 0)
			return field;
	return NULL;
}

#define SECTIONS_MAX 64

struct section_list {
	const struct schema_section *items[SECTIONS_MAX];
	size_t count;
};

static void list_sections(const struct schema_section *section, struct section_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == section)
			return;
	if (list->count == SECTIONS_MAX)
		return;
	list->items[list->count++] = section;
	for (const struct schema_field *field = section->fields; field->key != NULL; field++) {
		if (field->section != NULL)
			list_sections(field->section, list);
		if (field->kind != KIND_CHECKS)
			continue;
		for (int type = 0; type < CHECK_TYPE_COUNT; type++)
			list_sections(schema_checks[type].section, list);
	}
	if (section->also != NULL)
		list_sections(section->also, list);
}

const struct schema_section *schema_section_below(
	const struct schema_section *root, size_t position)
{
	struct section_list list = { .count = 0 };

	list_sections(root, &list);
	return position < list.count ? list.items[position] : NULL;
}

const struct schema_section *schema_section_at(size_t position)
{
	return schema_section_below(&schema_root, position);
}

/* How different a word may be and still be meant: a third of it, at most three letters. */
static unsigned tolerance(const char *typed)
{
	size_t length = strlen(typed);

	if (length < 3)
		return length < 2 ? 0 : 1;
	return length / 3 > 3 ? 3 : (unsigned)(length / 3);
}

struct closest {
	const char *typed, *best;
	unsigned distance; /* of best; anything farther is not meant */
};

/* Two neighbouring letters have changed places: one slip, though it is two edits. */
static bool is_swap(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	/* b[1] is there only if b[0] is no end, which a[1] tells */
	return a[0] != '\0' && a[1] != '\0' && a[1] == b[0] && a[0] == b[1] &&
	       strcmp(a + 2, b + 2) == 0;
}

static void closest_offer(struct closest *closest, const char *candidate)
{
	unsigned distance =
		is_swap(closest->typed, candidate)
			? 1
			: text_distance(closest->typed, candidate, closest->distance);

	if (distance < closest->distance) {
		closest->distance = distance;
		closest->best = candidate;
	}
}

static bool among(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at != NULL && length > 0; at = strchr(at, ' ')) {
		at += strspn(at, " ");
		if (strncmp(at, word, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

const char *schema_closest_key(const struct schema_section *section, const char *typed)
{
	struct closest closest = { .typed = typed, .distance = tolerance(typed) + 1 };
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL) {
		closest_offer(&closest, field->key);
	}
	return closest.best;
}

const char *schema_synonym(const struct schema_section *section, const char *typed)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL)
		if (among(field->elsewhere, typed))
			return field->key;
	return NULL;
}

/* Words of other software and of everyday speech. */
static const char *const word_synonyms[][2] = {
	{ "upstream", "provider" },
	{ "transit", "provider" },
	{ "downstream", "customer" },
	{ "rs", "route-server" },
	{ "ibgp", "internal" },
	{ "warn", "warning" },
	{ "err", "error" },
	{ "http1", "1.1" },
	{ "http2", "2" },
	{ "h2", "2" },
	{ "inet", "ipv4" },
	{ "inet6", "ipv6" },
	{ "v4", "ipv4" },
	{ "v6", "ipv6" },
	{ "nothing", "none" },
	{ "any", "all" },
	{ "permit", "accept" },
	{ "allow", "accept" },
	{ "deny", "reject" },
	{ "drop", "reject" },
	{ "discard", "reject" },
	{ "continue", "next" },
	{ "unknown", "not-found" },
	{ "notfound", "not-found" },
	{ "upstreams", "provider" },
	{ "ebgp", "peer" },
	{ "static", "local" },
	{ "degraded", "degrade" },
};

const char *schema_closest_word(const struct schema_word *words, const char *typed)
{
	struct closest closest = { .typed = typed, .distance = tolerance(typed) + 1 };

	for (size_t i = 0; i < sizeof(word_synonyms) / sizeof(word_synonyms[0]); i++)
		if (strcmp(typed, word_synonyms[i][0]) == 0 &&
			schema_word_find(words, word_synonyms[i][1]) != NULL)
			return word_synonyms[i][1];
	for (; words->word != NULL; words++)
		closest_offer(&closest, words->word);
	return closest.best;
}

const char *schema_closest_check(const char *typed)
{
	struct closest closest = { .typed = typed, .distance = tolerance(typed) + 1 };

	if (strcmp(typed, "https") == 0)
		return "http";
	if (strcmp(typed, "ping") == 0)
		return "icmp";
	for (int type = 0; type < CHECK_TYPE_COUNT; type++)
		closest_offer(&closest, schema_checks[type].key);
	return closest.best;
}

static bool has_own(const struct schema_section *section, const char *key)
{
	for (const struct schema_field *field = section->fields; field->key != NULL; field++)
		if (strcmp(field->key, key) == 0)
			return true;
	return false;
}

const struct schema_section *schema_owner(const struct schema_section *root,
	const struct schema_section *section, const char *key)
{
	struct section_list list = { .count = 0 };
	size_t inside = strlen(section->path);
	const struct schema_section *found = NULL;

	list_sections(root, &list);
	for (size_t i = 0; i < list.count; i++) {
		const struct schema_section *other = list.items[i];

		if (other == section || !has_own(other, key))
			continue;
		if (strncmp(other->path, section->path, inside) == 0)
			return other;
		if (found == NULL)
			found = other;
	}
	return found;
}

const struct schema_word *schema_word_find(const struct schema_word *words, const char *word)
{
	for (; words->word != NULL; words++)
		if (strcmp(words->word, word) == 0)
			return words;
	return NULL;
}

const struct schema_word *schema_word_of(const struct schema_word *words, int64_t value)
{
	for (; words->word != NULL; words++)
		if (words->value == value)
			return words;
	return NULL;
}

static const char *const kind_names[KIND_COUNT] = {
	[KIND_BOOL] = "true or false",
	[KIND_INTEGER] = "a whole number",
	[KIND_PERCENT] = "a percentage",
	[KIND_DECIMAL] = "a number",
	[KIND_DURATION] = "a duration",
	[KIND_STRING] = "text",
	[KIND_NAME] = "a name",
	[KIND_INTERFACE] = "an interface name",
	[KIND_PATH] = "an absolute path",
	[KIND_DOMAIN] = "a domain name",
	[KIND_WORD] = "a word",
	[KIND_SET] = "a list of words",
	[KIND_ADDRESS] = "an IP address",
	[KIND_PREFIX] = "a prefix",
	[KIND_ASN] = "an AS number",
	[KIND_ROUTER_ID] = "a router id",
	[KIND_SECRET] = "a secret",
	[KIND_STATUS] = "a status code or range",
	[KIND_HEADERS] = "a map of headers",
	[KIND_COMMUNITIES] = "a list of communities",
	[KIND_SECTION] = "a group of keys",
	[KIND_MAP] = "a map of names",
	[KIND_CHECKS] = "a list of checks",
	[KIND_PREFIX_ITEM] = "a prefix with lengths",
	[KIND_AS_ITEM] = "an AS number or range",
	[KIND_AS_PATTERN] = "a pattern for AS paths",
	[KIND_COMMUNITY_ITEM] = "a community or pattern",
	[KIND_NUMBERS] = "a number or range",
	[KIND_MED] = "a MED",
	[KIND_NEXT_HOP] = "a next hop",
	[KIND_RULES] = "a list of rules",
	[KIND_CHOICE] = "none, all, or policies",
};

const char *schema_kind_name(enum schema_kind kind)
{
	return kind_names[kind];
}
