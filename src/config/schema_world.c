/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a world of the lab. */
#include "config/schema.h"
#include "config/world.h"

#define W struct config_world
#define T struct config_world_tie
#define N struct config_world_network
#define X struct config_world_exchange
#define S struct config_world_site

static const struct schema_word words_daemon[] = {
	{ "nearcast", WORLD_DAEMON_NEARCAST, "this program" },
	{ "bird", WORLD_DAEMON_BIRD, "BIRD 2" },
	{ "frr", WORLD_DAEMON_FRR, "bgpd and zebra of FRR" },
	{ "gobgp", WORLD_DAEMON_GOBGP, "GoBGP; this program puts its routes into the kernel" },
	{ "openbgpd", WORLD_DAEMON_OPENBGPD,
		"OpenBGPD; this program puts its routes into the kernel" },
	{ 0 },
};

static const struct schema_word words_program[] = {
	{ "nearcast", WORLD_PROGRAM_NEARCAST, "the lab's own server, for DNS and HTTP" },
	{ "nsd", WORLD_PROGRAM_NSD, "NSD, for DNS" },
	{ "nginx", WORLD_PROGRAM_NGINX, "nginx for HTTP, beside the lab's own server for DNS" },
	{ 0 },
};

static const struct schema_word words_relation[] = {
	{ "provider", WORLD_PROVIDER, "we buy transit from it: it tells everybody" },
	{ "peer", WORLD_PEER, "a settlement-free peer: it tells its customers" },
	{ 0 },
};

#define TIE_LINK                                                                            \
	{ .key = "delay",                                                                   \
		.kind = KIND_DURATION,                                                      \
		SCHEMA_OPTIONAL(T, delay, has_delay),                                       \
		.minimum = 0,                                                               \
		.maximum = SCHEMA_SECONDS(10),                                              \
		.flags = FIELD_ZERO,                                                        \
		.elsewhere = "latency",                                                     \
		.help = "How long a packet takes, one way; not said: by distance." },       \
		{ .key = "loss",                                                            \
			.kind = KIND_DECIMAL,                                               \
			SCHEMA_AT(T, loss),                                                 \
			.minimum = 0,                                                       \
			.maximum = 100,                                                     \
			.preset = "0",                                                      \
			.unit = "per cent",                                                 \
			.help = "How many of the packets are lost, each way." },            \
	{                                                                                   \
		.key = "rate", .kind = KIND_INTEGER, SCHEMA_AT(T, rate), .maximum = 100000, \
		.preset = "0", .unit = "Mbit/s", .elsewhere = "capacity bandwidth speed",   \
		.help = "What the link carries, each way; 0: no limit."                     \
	}

#define TIE_PREPEND                                                                   \
	{                                                                             \
		.key = "prepend", .kind = KIND_INTEGER, SCHEMA_AT(T, prepend),        \
		.maximum = CONFIG_PREPEND_MAX, .preset = "0", .unit = "times",        \
		.elsewhere = "prepends",                                              \
		.help = "How many times more its own AS number is put into the path." \
	}

static const struct schema_field tie_fields[] = {
	{ .key = "at",
		.kind = KIND_STRING,
		SCHEMA_AT(T, at),
		.elsewhere = "city where",
		.help = "In which city they meet, if one of them is in several; not said: where "
			"it is shortest." },
	TIE_PREPEND,
	TIE_LINK,
	{ 0 },
};

static const struct schema_section schema_tie = {
	.path = "networks.NAME.providers.NAME",
	.title = "a link to another network",
	.help = "A link with a BGP session over it.",
	.example = "networks:\n  big: { city: Paris }\n  small:\n    city: Madrid\n"
		   "    providers: { big: { delay: 9ms, rate: 1000 } }\n"
		   "sites:\n  par: { city: Paris, upstreams: { big: {} } }\n",
	.fields = tie_fields,
};

static const struct schema_section schema_peer_tie = {
	.path = "networks.NAME.peers.NAME",
	.title = "a link to a peer",
	.help = "A link with a BGP session over it. One of both names the other.",
	.fields = tie_fields,
};

static const struct schema_field upstream_fields[] = {
	{ .key = "relation",
		.kind = KIND_WORD,
		.words = words_relation,
		SCHEMA_AT(T, relation),
		.preset = "provider",
		.elsewhere = "type role kind",
		.help = "What it is to the site, which decides whom it tells." },
	{ .key = "at",
		.kind = KIND_STRING,
		SCHEMA_AT(T, at),
		.elsewhere = "city where",
		.help = "In which of its cities the site is connected; not said: the nearest." },
	TIE_PREPEND,
	TIE_LINK,
	{ 0 },
};

static const struct schema_section schema_upstream = {
	.path = "sites.NAME.upstreams.NAME",
	.title = "an upstream",
	.help = "A link of a site to a network or an exchange, with a BGP session over it.",
	.fields = upstream_fields,
};

static const struct schema_field member_fields[] = {
	TIE_PREPEND,
	TIE_LINK,
	{ .key = "at",
		.kind = KIND_STRING,
		SCHEMA_AT(T, at),
		.elsewhere = "city where",
		.help = "Which of the member's cities is connected; not said: the nearest." },
	{ 0 },
};

static const struct schema_section schema_member = {
	.path = "exchanges.NAME.members.NAME",
	.title = "a member",
	.help = "A network at the exchange, which peers with all others there by its route server.",
	.fields = member_fields,
};

#define COORDINATES(type)                                                         \
	{ .key = "latitude",                                                      \
		.kind = KIND_DECIMAL,                                             \
		SCHEMA_OPTIONAL(type, latitude, has_latitude),                    \
		.minimum = -90,                                                   \
		.maximum = 90,                                                    \
		.unit = "degrees",                                                \
		.elsewhere = "lat",                                               \
		.help = "Where it is, instead of a city; north is positive." },   \
	{                                                                         \
		.key = "longitude", .kind = KIND_DECIMAL,                         \
		SCHEMA_OPTIONAL(type, longitude, has_longitude), .minimum = -180, \
		.maximum = 180, .unit = "degrees", .elsewhere = "lon lng",        \
		.help = "Where it is; east is positive."                          \
	}

#define DAEMON(type)                                                       \
	{                                                                  \
		.key = "daemon", .kind = KIND_WORD, .words = words_daemon, \
		SCHEMA_AT(type, daemon), .preset = "nearcast",             \
		.elsewhere = "router software implementation",             \
		.help = "What speaks BGP there."                           \
	}

static const struct schema_field network_fields[] = {
	{ .key = "city",
		.kind = KIND_STRING,
		SCHEMA_AT(N, city),
		.elsewhere = "location place",
		.help = "Where it is: the name of a large city, or the code of its airport." },
	{ .key = "cities",
		.kind = KIND_STRING,
		SCHEMA_LIST(N, cities, city_count),
		.maximum = CONFIG_WORLD_CITIES_MAX,
		.help = "Where its routers are, if it has several; they are connected each with "
			"each." },
	{ .key = "providers",
		.kind = KIND_MAP,
		.section = &schema_tie,
		SCHEMA_LIST(N, providers, provider_count),
		.maximum = CONFIG_WORLD_TIES_MAX,
		.elsewhere = "upstreams transit transits",
		.help = "From whom it buys transit, by name." },
	{ .key = "peers",
		.kind = KIND_MAP,
		.section = &schema_peer_tie,
		SCHEMA_LIST(N, peers, peer_count),
		.maximum = CONFIG_WORLD_TIES_MAX,
		.help = "With whom it exchanges its customers' routes, by name." },
	{ .key = "people",
		.kind = KIND_DECIMAL,
		SCHEMA_AT(N, people),
		.minimum = 0,
		.maximum = 10000,
		.preset = "0",
		.unit = "million",
		.elsewhere = "users weight clients",
		.help = "How many people ask from here; 0: nobody does." },
	{ .key = "asn",
		.kind = KIND_ASN,
		SCHEMA_AT(N, asn),
		.flags = FIELD_COMPUTED,
		.preset = "a number of its own",
		.elsewhere = "as",
		.help = "Its AS number." },
	DAEMON(N),
	COORDINATES(N),
	{ 0 },
};

static const struct schema_section schema_network = {
	.path = "networks.NAME",
	.title = "a network",
	.help = "An autonomous system of this Internet.",
	.example = "networks:\n  transit: { cities: [fra, nyc], asn: 3001 }\n"
		   "  access: { city: Vienna, people: 8, providers: { transit: {} } }\n"
		   "sites:\n  fra: { city: fra, upstreams: { transit: {} } }\n",
	.fields = network_fields,
};

static const struct schema_field exchange_fields[] = {
	{ .key = "city",
		.kind = KIND_STRING,
		SCHEMA_AT(X, city),
		.flags = FIELD_REQUIRED,
		.elsewhere = "location place",
		.help = "Where it is." },
	{ .key = "members",
		.kind = KIND_MAP,
		.section = &schema_member,
		SCHEMA_LIST(X, members, member_count),
		.maximum = CONFIG_WORLD_TIES_MAX,
		.help = "The networks and sites that are connected, by name." },
	{ .key = "asn",
		.kind = KIND_ASN,
		SCHEMA_AT(X, asn),
		.flags = FIELD_COMPUTED,
		.preset = "a number of its own",
		.elsewhere = "as",
		.help = "The AS number of its route server." },
	DAEMON(X),
	{ 0 },
};

static const struct schema_section schema_exchange = {
	.path = "exchanges.NAME",
	.title = "an exchange",
	.help = "An Internet exchange: a switch, with a route server (RFC 7947).",
	.fields = exchange_fields,
};

static const struct schema_field site_fields[] = {
	{ .key = "city",
		.kind = KIND_STRING,
		SCHEMA_AT(S, city),
		.elsewhere = "location place",
		.help = "Where it is." },
	{ .key = "upstreams",
		.kind = KIND_MAP,
		.section = &schema_upstream,
		SCHEMA_LIST(S, upstreams, upstream_count),
		.maximum = CONFIG_WORLD_TIES_MAX,
		.elsewhere = "providers neighbors neighbours",
		.help = "To whom it announces, by name." },
	{ .key = "program",
		.kind = KIND_WORD,
		.words = words_program,
		SCHEMA_AT(S, program),
		.preset = "nearcast",
		.elsewhere = "service server",
		.help = "What answers there." },
	{ .key = "capacity",
		.kind = KIND_INTEGER,
		SCHEMA_AT(S, capacity),
		.maximum = 1000000000,
		.preset = "0",
		.unit = "requests/s",
		.help = "How much it can answer; 0: no limit." },
	DAEMON(S),
	COORDINATES(S),
	{ 0 },
};

static const struct schema_section schema_site = {
	.path = "sites.NAME",
	.title = "a site",
	.help = "A place where the service stands. All sites announce the same address.",
	.fields = site_fields,
};

static const struct schema_field service_fields[] = {
	{ .key = "addresses",
		.kind = KIND_ADDRESS,
		.family = FAMILY_IPV4,
		SCHEMA_LIST(W, addresses, address_count),
		.maximum = CONFIG_WORLD_ADDRESSES_MAX,
		.flags = FIELD_COMPUTED,
		.preset = "198.51.100.53",
		.elsewhere = "address",
		.help = "The addresses that every site answers on." },
	{ .key = "announce",
		.kind = KIND_PREFIX,
		SCHEMA_LIST(W, announce, announce_count),
		.maximum = CONFIG_WORLD_ADDRESSES_MAX,
		.flags = FIELD_COMPUTED,
		.preset = "the /24 of each address",
		.elsewhere = "prefix prefixes",
		.help = "The prefixes that hold them, which every site announces." },
	{ 0 },
};

static const struct schema_section service_section = {
	.path = "service",
	.title = "the group 'service'",
	.help = "What all sites serve.",
	.fields = service_fields,
};

static const struct schema_field bfd_fields[] = {
	{ .key = "enabled",
		.kind = KIND_BOOL,
		SCHEMA_AT(W, bfd),
		.preset = "false",
		.help = "Whether the sites and the networks that they are connected to watch each "
			"other." },
	{ .key = "interval",
		.kind = KIND_DURATION,
		SCHEMA_AT(W, bfd_interval),
		.minimum = SCHEMA_MS(3),
		.maximum = SCHEMA_SECONDS(60),
		.preset = "100ms",
		.help = "Between packets." },
	{ .key = "multiplier",
		.kind = KIND_INTEGER,
		SCHEMA_AT(W, bfd_multiplier),
		.minimum = 1,
		.maximum = 255,
		.preset = "3",
		.unit = "packets",
		.help = "After so many packets that did not come the path is down." },
	{ 0 },
};

static const struct schema_section bfd_section = {
	.path = "bfd",
	.title = "the group 'bfd'",
	.help = "Bidirectional forwarding detection (RFC 5880).",
	.fields = bfd_fields,
};

static const struct schema_field generate_fields[] = {
	{ .key = "networks",
		.kind = KIND_INTEGER,
		SCHEMA_AT(W, generate.networks),
		.minimum = 4,
		.maximum = CONFIG_WORLD_NODES_MAX,
		.flags = FIELD_ZERO,
		.preset = "0",
		.help = "How many networks." },
	{ .key = "sites",
		.kind = KIND_INTEGER,
		SCHEMA_AT(W, generate.sites),
		.minimum = 1,
		.maximum = 200,
		.preset = "3",
		.help = "How many sites." },
	{ .key = "seed",
		.kind = KIND_INTEGER,
		SCHEMA_AT(W, generate.seed),
		.minimum = 0,
		.maximum = INT64_MAX,
		.preset = "1",
		.help = "The same seed gives the same world, everywhere." },
	{ 0 },
};

static const struct schema_section generate_section = {
	.path = "generate",
	.title = "the group 'generate'",
	.help = "A made-up world, instead of networks and sites: a few networks that buy from "
		"nobody, some that resell, and many that people are in.",
	.fields = generate_fields,
};

static const struct schema_field world_fields[] = {
	{ .key = "description",
		.kind = KIND_STRING,
		SCHEMA_AT(W, description),
		.help = "For people." },
	{ .key = "asn",
		.kind = KIND_ASN,
		SCHEMA_AT(W, asn),
		.preset = "64500",
		.elsewhere = "as origin",
		.help = "The AS number of all sites." },
	{ .key = "service",
		.kind = KIND_SECTION,
		.section = &service_section,
		.help = "What all sites serve." },
	{ .key = "sites",
		.kind = KIND_MAP,
		.section = &schema_site,
		SCHEMA_LIST(W, sites, site_count),
		.maximum = CONFIG_WORLD_NODES_MAX,
		.help = "The sites, by name." },
	{ .key = "networks",
		.kind = KIND_MAP,
		.section = &schema_network,
		SCHEMA_LIST(W, networks, network_count),
		.maximum = CONFIG_WORLD_NODES_MAX,
		.elsewhere = "ases transits clients",
		.help = "The networks, by name." },
	{ .key = "exchanges",
		.kind = KIND_MAP,
		.section = &schema_exchange,
		SCHEMA_LIST(W, exchanges, exchange_count),
		.maximum = CONFIG_WORLD_NODES_MAX,
		.elsewhere = "ixps ixes",
		.help = "The Internet exchanges, by name." },
	{ .key = "generate",
		.kind = KIND_SECTION,
		.section = &generate_section,
		.help = "A made-up world, instead of networks and sites." },
	{ .key = "delay-by-distance",
		.kind = KIND_BOOL,
		SCHEMA_AT(W, by_distance),
		.preset = "true",
		.help = "Whether links have the delay of their length where none is said." },
	{ .key = "hold-time",
		.kind = KIND_DURATION,
		SCHEMA_AT(W, hold_time),
		.minimum = SCHEMA_SECONDS(3),
		.maximum = SCHEMA_SECONDS(65535),
		.preset = "9s",
		.help = "Of all BGP sessions." },
	{ .key = "bfd",
		.kind = KIND_SECTION,
		.section = &bfd_section,
		.help = "How failures of a path to a site are noticed in milliseconds." },
	{ 0 },
};

const struct schema_section schema_world = {
	.path = "",
	.title = "the world",
	.help = "The top level.",
	.example = "sites:\n  ams: { city: Amsterdam, upstreams: { transit: {} } }\n"
		   "networks:\n  transit: { city: Frankfurt }\n"
		   "  access: { city: Paris, people: 10, providers: { transit: {} } }\n",
	.fields = world_fields,
};
