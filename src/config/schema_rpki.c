/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of `rpki`: the caches that say which AS may originate what, and local exceptions. */
#include "config/config.h"
#include "config/schema.h"

#define R struct config
#define C struct config_rpki_cache

static const struct schema_field cache_fields[] = {
	{ .key = "description",
		.kind = KIND_STRING,
		SCHEMA_AT(C, description),
		.touches = TOUCHES_QUIETLY,
		.help = "A note for people." },
	{ .key = "address",
		.kind = KIND_ADDRESS,
		SCHEMA_AT(C, address),
		.flags = FIELD_REQUIRED,
		.elsewhere = "ip host server",
		.help = "The cache's address." },
	{ .key = "port",
		.kind = KIND_INTEGER,
		SCHEMA_AT(C, port),
		.preset = "323",
		.minimum = 1,
		.maximum = 65535,
		.help = "The TCP port to connect to: 323 by the standard, 3323 of Routinator, 8282 "
			"of StayRTR." },
	{ .key = "local-address",
		.kind = KIND_ADDRESS,
		SCHEMA_AT(C, local_address),
		.elsewhere = "source source-address bind",
		.help = "Our own address of the connection; not said: the kernel chooses." },
	{ .key = "preference",
		.kind = KIND_INTEGER,
		SCHEMA_AT(C, preference),
		.preset = "100",
		.minimum = 0,
		.maximum = 65535,
		.elsewhere = "priority",
		.help = "The caches with the lowest number that have fresh data are used; those with "
			"the same number together." },
	{ .key = "version",
		.kind = KIND_INTEGER,
		SCHEMA_AT(C, version),
		.preset = "2",
		.minimum = 0,
		.maximum = 2,
		.help = "The highest version of the protocol to offer; 2 brings ASPA. A cache that "
			"speaks less is understood anyway." },
	{ .key = "refresh",
		.kind = KIND_DURATION,
		SCHEMA_AT(C, refresh),
		.flags = FIELD_COMPUTED,
		.preset = "as the cache says",
		.minimum = SCHEMA_SECONDS(1),
		.maximum = SCHEMA_SECONDS(86400),
		.help = "How often to ask for what is new, when the cache does not speak up by "
			"itself." },
	{ .key = "retry",
		.kind = KIND_DURATION,
		SCHEMA_AT(C, retry),
		.flags = FIELD_COMPUTED,
		.preset = "as the cache says",
		.minimum = SCHEMA_SECONDS(1),
		.maximum = SCHEMA_SECONDS(7200),
		.help = "How long to wait, at most, before another try." },
	{ .key = "expire",
		.kind = KIND_DURATION,
		SCHEMA_AT(C, expire),
		.flags = FIELD_COMPUTED,
		.preset = "as the cache says",
		.minimum = SCHEMA_SECONDS(600),
		.maximum = SCHEMA_SECONDS(172800),
		.help = "How long data of a cache that is not heard of any more are still used." },
	{ 0 },
};

static const struct schema_section schema_rpki_cache = {
	.path = "rpki.caches.NAME",
	.title = "an RPKI cache",
	.help = "A validating cache, spoken to by the RPKI to Router protocol (RFC 8210) over plain "
		"TCP.",
	.example = "rpki:\n  caches:\n    near: { address: 192.0.2.53, port: 3323 }\n"
		   "    far: { address: 198.51.100.53, port: 3323, preference: 200 }\n",
	.fields = cache_fields,
};

static const struct schema_field rpki_fields[] = {
	{ .key = "caches",
		.kind = KIND_MAP,
		.section = &schema_rpki_cache,
		SCHEMA_LIST(R, rpki.caches, rpki.cache_count),
		.maximum = CONFIG_RPKI_CACHES_MAX,
		.elsewhere = "cache servers",
		.help = "The caches, by name." },
	{ .key = "slurm",
		.kind = KIND_PATH,
		SCHEMA_AT(R, rpki.slurm),
		.elsewhere = "exceptions",
		.help = "A file of local exceptions (RFC 8416): filters and assertions. Read again by "
			"each reload." },
	{ 0 },
};

const struct schema_section schema_rpki = {
	.path = "rpki",
	.title = "the group 'rpki'",
	.help = "What the RPKI says about the origin of routes, and (ASPA) about their paths. "
		"Without data every route is not-found, never invalid.",
	.fields = rpki_fields,
};
