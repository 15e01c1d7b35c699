/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a plan. */
#include "config/plan.h"
#include "config/schema.h"

#define P struct config_plan
#define S struct config_plan_site
#define U struct config_plan_upstream

/* What an upstream may be to us. */
static const struct schema_word words_upstream[] = {
	{ "provider", RELATION_PROVIDER, "we buy transit from it: it tells everybody" },
	{ "peer", RELATION_PEER, "a settlement-free peer: it tells its customers" },
	{ "customer", RELATION_CUSTOMER, "it buys from us: it tells its customers" },
	{ 0 },
};

#define AS_LIST(member, what, says)                                                    \
	{                                                                              \
		.key = what, .kind = KIND_ASN, SCHEMA_LIST(U, member, member##_count), \
		.maximum = CONFIG_PLAN_LIST_MAX, .help = says                          \
	}

static const struct schema_field upstream_fields[] = {
	{ .key = "asn",
		.kind = KIND_ASN,
		SCHEMA_AT(U, asn),
		.flags = FIELD_COMPUTED,
		.preset = "the name, if that is a number",
		.elsewhere = "as remote-as peer-as",
		.help = "The AS that hears the announcement." },
	{ .key = "relation",
		.kind = KIND_WORD,
		.words = words_upstream,
		SCHEMA_AT(U, relation),
		.preset = "provider",
		.elsewhere = "type role kind",
		.help = "What it is to us, which decides whom it tells." },
	{ .key = "prepend",
		.kind = KIND_INTEGER,
		SCHEMA_AT(U, prepend),
		.maximum = CONFIG_PREPEND_MAX,
		.preset = "0",
		.unit = "times",
		.elsewhere = "prepends",
		.help = "How many times more our own AS number is put into the path." },
	{ .key = "exchange",
		.kind = KIND_STRING,
		SCHEMA_AT(U, exchange),
		.elsewhere = "ixp ix",
		.help = "The exchange that the session runs over, and is lost with (`plan "
			"failures`)." },
	AS_LIST(no_export_to, "no-export-to",
		"Neighbours of the upstream that it does not tell (asked for by a community)."),
	AS_LIST(prepend_1_to, "prepend-1-to",
		"Neighbours of the upstream to whom it prepends once."),
	AS_LIST(prepend_2_to, "prepend-2-to",
		"Neighbours of the upstream to whom it prepends twice."),
	AS_LIST(prepend_3_to, "prepend-3-to",
		"Neighbours of the upstream to whom it prepends three times."),
	AS_LIST(poison, "poison",
		"ASes put into the path so that they refuse it; each makes it longer by one."),
	{ 0 },
};

static const struct schema_section schema_upstream = {
	.path = "sites.NAME.upstreams.NAME",
	.title = "an upstream",
	.help = "One BGP session of a site. Where routes are equally good, an AS takes the one of "
		"the upstream that was written first.",
	.example = "sites:\n  ams:\n    city: Amsterdam\n    upstreams:\n"
		   "      1299: {}\n"
		   "      telia-backup: { asn: 1299, prepend: 2, no-export-to: [3356] }\n"
		   "      6939: { relation: peer }\n",
	.fields = upstream_fields,
};

static const struct schema_field site_fields[] = {
	{ .key = "city",
		.kind = KIND_STRING,
		SCHEMA_AT(S, city),
		.elsewhere = "location place",
		.help = "Where it stands: the name of a large city, or the code of its airport." },
	{ .key = "upstreams",
		.kind = KIND_MAP,
		.section = &schema_upstream,
		SCHEMA_LIST(S, upstreams, upstream_count),
		.maximum = CONFIG_PLAN_UPSTREAMS_MAX,
		.elsewhere = "neighbors neighbours providers peers",
		.help = "To whom it announces, by name or AS number." },
	{ .key = "latitude",
		.kind = KIND_DECIMAL,
		SCHEMA_OPTIONAL(S, latitude, has_latitude),
		.minimum = -90,
		.maximum = 90,
		.unit = "degrees",
		.elsewhere = "lat",
		.help = "Where it stands, instead of a city; north is positive." },
	{ .key = "longitude",
		.kind = KIND_DECIMAL,
		SCHEMA_OPTIONAL(S, longitude, has_longitude),
		.minimum = -180,
		.maximum = 180,
		.unit = "degrees",
		.elsewhere = "lon lng",
		.help = "Where it stands; east is positive." },
	{ .key = "capacity",
		.kind = KIND_INTEGER,
		SCHEMA_AT(S, capacity),
		.maximum = 100000000000,
		.preset = "0",
		.unit = "users",
		.help = "How many users it can serve, in the unit of the users' file; 0 is no limit." },
	{ .key = "bandwidth",
		.kind = KIND_INTEGER,
		SCHEMA_AT(S, bandwidth),
		.maximum = 1000000000000000,
		.preset = "0",
		.unit = "bits or packets a second",
		.help = "What it can take in before it loses some of everything, in the unit of "
			"`attack`; 0 is no limit." },
	{ 0 },
};

static const struct schema_section schema_site = {
	.path = "sites.NAME",
	.title = "a site",
	.help = "A place that announces the address.",
	.example = "sites:\n  fra:\n    city: Frankfurt\n    capacity: 200000000\n"
		   "    upstreams: { 3320: {} }\n"
		   "  lab:\n    latitude: 52.31\n    longitude: 4.95\n"
		   "    upstreams: { 1103: {} }\n",
	.fields = site_fields,
};

static const struct schema_field generate_fields[] = {
	{ .key = "seed",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, generate.seed),
		.minimum = 0,
		.maximum = INT64_MAX,
		.preset = "1",
		.help = "The same seed gives the same Internet, everywhere." },
	{ .key = "ases",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, generate.ases),
		.minimum = 20,
		.maximum = CONFIG_PLAN_ASES_MAX,
		.preset = "5000",
		.unit = "ASes",
		.elsewhere = "size",
		.help = "How many networks it has." },
	{ 0 },
};

static const struct schema_section generate_section = {
	.path = "generate",
	.title = "the group 'generate'",
	.help = "A made-up Internet, used when no topology is named.",
	.fields = generate_fields,
};

static const struct schema_word words_attack_kind[] = {
	{ "spoofed", ATTACK_SPOOFED,
		"bots send to the sites themselves, under false addresses" },
	{ "reflected", ATTACK_REFLECTED,
		"bots ask reflectors, who send more to the sites: traffic comes from the "
		"reflectors' ASes" },
	{ 0 },
};

static const struct schema_word words_attack_unit[] = {
	{ "bits", ATTACK_BITS, "bits a second" },
	{ "packets", ATTACK_PACKETS, "packets a second" },
	{ 0 },
};

static const struct schema_field attack_fields[] = {
	{ .key = "from",
		.kind = KIND_STRING,
		SCHEMA_AT(P, attack.from),
		.elsewhere = "botnet file",
		.help = "A file of lines AS,bots or COUNTRY,bots, with the rate of each bot as a "
			"third field perhaps; plain or packed." },
	{ .key = "countries",
		.kind = KIND_STRING,
		SCHEMA_LIST(P, attack.countries, attack.country_count),
		.maximum = CONFIG_PLAN_SOURCES_MAX,
		.help = "Where bots are, as two letters each; they stand in its ASes as users do." },
	{ .key = "ases",
		.kind = KIND_ASN,
		SCHEMA_LIST(P, attack.ases, attack.as_count),
		.maximum = CONFIG_PLAN_SOURCES_MAX,
		.help = "ASes that bots are in, as many a user as everywhere." },
	{ .key = "bots",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, attack.bots),
		.minimum = 1,
		.maximum = 1000000000000,
		.preset = "100000",
		.help = "How many there are in the `countries` and `ases`; without either, in the "
			"whole world." },
	{ .key = "rate",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, attack.rate),
		.minimum = 1,
		.maximum = 1000000000000,
		.preset = "10000000",
		.unit = "bits or packets a second",
		.help = "What each bot sends." },
	{ .key = "unit",
		.kind = KIND_WORD,
		.words = words_attack_unit,
		SCHEMA_AT(P, attack.unit),
		.preset = "bits",
		.help = "What rates and the sites' bandwidth count." },
	{ .key = "kind",
		.kind = KIND_WORD,
		.words = words_attack_kind,
		SCHEMA_AT(P, attack.kind),
		.preset = "spoofed",
		.help = "How it reaches the sites." },
	{ .key = "amplification",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, attack.amplification),
		.minimum = 1,
		.maximum = 100000,
		.preset = "30",
		.unit = "times",
		.help = "How much more reflectors send than they are asked with." },
	{ .key = "reflectors",
		.kind = KIND_STRING,
		SCHEMA_AT(P, attack.reflectors),
		.help = "A file like `from` of how many reflectors are where; without it they stand "
			"where users do." },
	{ .key = "user-rate",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, attack.user_rate),
		.maximum = 1000000000000,
		.preset = "0",
		.unit = "bits or packets a second",
		.help = "What a user takes of a site's bandwidth, attack or not." },
	{ .key = "scrub",
		.kind = KIND_PERCENT,
		SCHEMA_AT(P, attack.scrub),
		.preset = "80%",
		.help = "What a site that sheds filters out of the attack before it counts." },
	{ .key = "scrub-loss",
		.kind = KIND_PERCENT,
		SCHEMA_AT(P, attack.scrub_loss),
		.preset = "2%",
		.help = "What its filter takes from users." },
	{ .key = "collapse",
		.kind = KIND_INTEGER,
		SCHEMA_AT(P, attack.collapse),
		.maximum = 1000000,
		.preset = "0",
		.unit = "per cent of the bandwidth",
		.help = "A site with more load than this goes down altogether, as its BGP sessions "
			"starve; 0 is never." },
	{ 0 },
};

static const struct schema_section attack_section = {
	.path = "attack",
	.title = "the group 'attack'",
	.help = "What `plan attack` lets loose on the sites.",
	.example = "sites:\n  ams: { bandwidth: 400000000000, upstreams: { 1299: {} } }\n"
		   "attack:\n  countries: [BR, VN]\n  bots: 200000\n  rate: 5000000\n"
		   "  collapse: 400\n",
	.fields = attack_fields,
};

static const struct schema_field plan_fields[] = {
	{ .key = "description",
		.kind = KIND_STRING,
		SCHEMA_AT(P, description),
		.help = "For people." },
	{ .key = "topology",
		.kind = KIND_STRING,
		SCHEMA_AT(P, topology),
		.elsewhere = "relationships as-rel",
		.help = "A file of AS relationships (CAIDA serial-1 or serial-2), plain or packed by "
			"gzip, bzip2 or xz; a relative name is relative to the plan." },
	{ .key = "users",
		.kind = KIND_STRING,
		SCHEMA_AT(P, users),
		.elsewhere = "weights population",
		.help = "A file of AS,country,users lines (or AS,users), plain or packed." },
	{ .key = "geography",
		.kind = KIND_STRING,
		SCHEMA_AT(P, geography),
		.elsewhere = "geo footprint",
		.help = "A file of cities per AS: CSV with the columns asn, lat, lon and addr_share, "
			"plain or packed." },
	{ .key = "exchanges",
		.kind = KIND_STRING,
		SCHEMA_AT(P, exchanges),
		.elsewhere = "ixps",
		.help = "A file of members of exchanges: EXCHANGE,AS lines, plain or packed; a made-up "
			"Internet has its own." },
	{ .key = "generate",
		.kind = KIND_SECTION,
		.section = &generate_section,
		.help = "The Internet to make up when no topology is named." },
	{ .key = "attack",
		.kind = KIND_SECTION,
		.section = &attack_section,
		.help = "An attack, for `plan attack`." },
	{ .key = "asn",
		.kind = KIND_ASN,
		SCHEMA_AT(P, asn),
		.elsewhere = "as origin",
		.help = "Our AS number; it takes no route of ours. It need not be in the topology." },
	{ .key = "sites",
		.kind = KIND_MAP,
		.section = &schema_site,
		SCHEMA_LIST(P, sites, site_count),
		.maximum = CONFIG_PLAN_SITES_MAX,
		.help = "The sites that announce, by name." },
	{ .key = "candidates",
		.kind = KIND_MAP,
		.section = &schema_site,
		SCHEMA_LIST(P, candidates, candidate_count),
		.maximum = CONFIG_PLAN_SITES_MAX,
		.help = "Sites that there might be, by name: `plan optimise` chooses from them, the "
			"others leave them out." },
	{ 0 },
};

const struct schema_section schema_plan = {
	.path = "",
	.title = "the plan",
	.help = "The top level.",
	.example =
		"sites:\n  ams:\n    city: Amsterdam\n    upstreams: { 1299: {}, 6939: { "
		"relation: peer } }\n  sin:\n    city: Singapore\n    upstreams: { 2914: {} }\n",
	.fields = plan_fields,
};
