/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema as data: every key that a configuration may hold, once. The reader, the printer,
 * the diff, the JSON Schema and docs/configuration.md are all made from these rows.
 */
#ifndef NEARCAST_CONFIG_SCHEMA_H
#define NEARCAST_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum schema_kind {
	KIND_BOOL,        /* bool */
	KIND_INTEGER,     /* unsigned of .size bytes */
	KIND_PERCENT,     /* unsigned, 0..100 */
	KIND_DECIMAL,     /* double, to the millionth; the range is in whole units */
	KIND_DURATION,    /* struct duration; the range is in nanoseconds */
	KIND_STRING,      /* const char * */
	KIND_NAME,        /* const char *: [a-z0-9][a-z0-9-]* */
	KIND_INTERFACE,   /* const char *: a network interface's name */
	KIND_PATH,        /* const char *: absolute */
	KIND_DOMAIN,      /* const char *: a domain name */
	KIND_WORD,        /* one of .words, its value in .size bytes */
	KIND_SET,         /* a list of .words, their values or-ed into .size bytes */
	KIND_ADDRESS,     /* struct address, of .family if that is set */
	KIND_PREFIX,      /* struct prefix */
	KIND_ASN,         /* uint32_t */
	KIND_ROUTER_ID,   /* uint32_t, host order */
	KIND_SECRET,      /* struct config_secret */
	KIND_STATUS,      /* struct config_status_range */
	KIND_HEADERS,     /* a map of text, as an array of struct config_header */
	KIND_COMMUNITIES, /* a list of text, as struct config_communities */
	KIND_SECTION,     /* .section, at .offset in the same struct */
	KIND_MAP,         /* name -> .section, as an array of structs of .size bytes */
	KIND_CHECKS,      /* a list of { type: section }, as an array of struct config_check */
	KIND_PREFIX_ITEM, /* struct config_prefix_item */
	KIND_AS_ITEM,     /* struct config_as_item */
	KIND_AS_PATTERN, /* const char *: a pattern of base/number_pattern.h, or a set's name */
	KIND_COMMUNITY_ITEM, /* struct config_community_item */
	KIND_NUMBERS,        /* struct config_range */
	KIND_MED,            /* struct config_med */
	KIND_NEXT_HOP,       /* struct config_next_hop */
	KIND_RULES,          /* a list of .section, as an array of struct config_rule */
	KIND_CHOICE,         /* none, all, or names of policies: struct config_choice */
	KIND_COUNT,
};

enum schema_shape {
	SHAPE_ONE,
	SHAPE_LIST,     /* .offset holds a pointer to items of .size; .extra the size_t count */
	SHAPE_OPTIONAL, /* .extra is the offset of the bool that says whether it is set */
};

enum schema_flag {
	FIELD_REQUIRED = 1u,
	FIELD_ZERO = 2u,     /* 0 is allowed, whatever the range */
	FIELD_COMPUTED = 4u, /* not said is zero or NULL, which config/complete.c then fills in;
			      * .preset says in words how */
	FIELD_EMPTY = 8u,    /* an empty text or list is allowed */
	FIELD_BYTES = 16u,   /* control characters are allowed in the text */
	FIELD_LITERAL = 32u, /* an item cannot be the name of a set */
	FIELD_NEIGHBOR = 64u, /* an item can be the word `neighbor` */
};

/* What a changed value concerns: see config/diff.h. */
enum schema_touch {
	TOUCHES_GLOBAL,
	TOUCHES_CHECKS,
	TOUCHES_ADDRESSES,
	TOUCHES_ANNOUNCEMENT,
	TOUCHES_ATTRIBUTES,
	TOUCHES_TIMING,
	TOUCHES_SESSION, /* the BGP session must be set up anew */
	TOUCHES_ROUTES,  /* the session stays, what is sent over it is looked at again */
	TOUCHES_ENTRIES, /* a map: its entries are compared one by one */
	TOUCHES_RESTART, /* only a restart takes it over */
	TOUCHES_QUIETLY, /* takes effect without anybody noticing */
};

struct schema_word {
	const char *word; /* NULL ends the table */
	int64_t value;
	const char *help;
};

struct schema_section;

struct schema_field {
	const char *key; /* kebab-case; NULL ends the table */
	enum schema_kind kind;
	enum schema_shape shape;
	unsigned flags; /* enum schema_flag */
	enum schema_touch touches;
	size_t offset, size, extra;
	int64_t minimum, maximum; /* KIND_INTEGER, KIND_DURATION. Lists, maps: most items */
	enum family family;       /* KIND_ADDRESS */
	const struct schema_word *words;
	const struct schema_section *section;
	const char *unit;   /* "hops"; NULL if none or said by the kind */
	const char *preset; /* the default as it would be written; NULL: not set */
	const char *help;   /* one sentence */
	const char
		*elsewhere; /* names of this in other software, space-separated: hints only */
};

struct schema_section {
	const char *path;  /* "services.NAME.damping"; the root's is "" */
	const char *title; /* "a service": to say "unknown key in ..." */
	const char *help;
	const char *example; /* YAML, a working excerpt; NULL if none */
	const struct schema_field *fields;
	const struct schema_section *also; /* its fields too; NULL if none */
	const char *short_key; /* `group: value` stands for `group: { short_key: value }` */
	bool whole;            /* of a map: an entry's value is that of the first field */
};

/* One kind of check: `- dns: { ... }`. */
struct schema_check {
	const char *key;
	const struct schema_section *section;
};

extern const struct schema_section schema_root;
extern const struct schema_section schema_service;
extern const struct schema_section schema_neighbor;
extern const struct schema_section schema_decision; /* offsets are from struct config */
extern const struct schema_section schema_rpki;     /* offsets are from struct config */
extern const struct schema_section schema_kernel; /* offsets are from struct config */
extern const struct schema_section schema_flow;
extern const struct schema_section schema_plan; /* of a plan: offsets from struct config_plan */
extern const struct schema_section schema_world; /* of a world: from struct config_world */
/* Indexed by enum config_check_type; offsets are from struct config_check. */
extern const struct schema_check schema_checks[];
extern const struct schema_section schema_group; /* of all and any */

/* Goes over all fields of a section, then of those that it includes; NULL at the end. */
struct schema_walk {
	const struct schema_section *section;
	const struct schema_field *next;
};
struct schema_walk schema_walk(const struct schema_section *section);
const struct schema_field *schema_next(struct schema_walk *walk);

const struct schema_field *schema_find(const struct schema_section *section, const char *key);

/* Every section of the configuration once, parents first: at(0), at(1), ... until NULL. */
const struct schema_section *schema_section_at(size_t position);
/* The same of any root. */
const struct schema_section *schema_section_below(
	const struct schema_section *root, size_t position);

/* The closest key, word or check to what was typed, or NULL: for "did you mean". */
const char *schema_closest_key(const struct schema_section *section, const char *typed);
const char *schema_closest_word(const struct schema_word *words, const char *typed);
const char *schema_closest_check(const char *typed);
/* The key that other software calls so, or NULL. */
const char *schema_synonym(const struct schema_section *section, const char *typed);
/* A section below root (other than this one, rather one inside it) that has such a key, or
 * NULL: for "this belongs under ...". */
const struct schema_section *schema_owner(const struct schema_section *root,
	const struct schema_section *section, const char *key);

const struct schema_word *schema_word_find(const struct schema_word *words, const char *word);
const struct schema_word *schema_word_of(const struct schema_word *words, int64_t value);
/* "a duration": how a value of this kind is called in an error. */
const char *schema_kind_name(enum schema_kind kind);

/* For the tables only. */
#define SCHEMA_AT(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define SCHEMA_LIST(type, member, counter)                     \
	.shape = SHAPE_LIST, .offset = offsetof(type, member), \
	.size = sizeof(*((type *)0)->member), .extra = offsetof(type, counter)
#define SCHEMA_OPTIONAL(type, member, has)                         \
	.shape = SHAPE_OPTIONAL, .offset = offsetof(type, member), \
	.size = sizeof(((type *)0)->member), .extra = offsetof(type, has)
#define SCHEMA_MS(ms)           ((int64_t)(ms)*1000000)
#define SCHEMA_SECONDS(seconds) ((int64_t)(seconds)*1000000000)

/* The rows of struct config_attributes at a member of type. */
#define SCHEMA_ATTRIBUTES(type, member, what)                                                           \
	{ .key = "prepend",                                                                             \
		.kind = KIND_INTEGER,                                                                   \
		SCHEMA_AT(type, member.prepend),                                                        \
		.minimum = 0,                                                                           \
		.maximum = CONFIG_PREPEND_MAX,                                                          \
		.preset = "0",                                                                          \
		.unit = "times",                                                                        \
		.touches = what,                                                                        \
		.help = "How many times more our own AS number is put into the AS path, which "         \
			"makes the route less attractive." },                                           \
		{ .key = "med",                                                                         \
			.kind = KIND_INTEGER,                                                           \
			SCHEMA_OPTIONAL(type, member.med, member.has_med),                              \
			.minimum = 0,                                                                   \
			.maximum = UINT32_MAX,                                                          \
			.touches = what,                                                                \
			.help = "Multi-exit discriminator; lower is preferred by a neighbour with "     \
				"several links to us. Without it 0 is sent, never nothing." },          \
		{ .key = "local-pref",                                                                  \
			.kind = KIND_INTEGER,                                                           \
			SCHEMA_OPTIONAL(type, member.local_pref, member.has_local_pref),                \
			.minimum = 0,                                                                   \
			.maximum = UINT32_MAX,                                                          \
			.touches = what,                                                                \
			.elsewhere = "local-preference preference",                                     \
			.help = "Local preference; sent to internal (iBGP) neighbours only. Higher is " \
				"preferred." },                                                         \
	{                                                                                               \
		.key = "communities", .kind = KIND_COMMUNITIES,                                         \
		SCHEMA_AT(type, member.communities), .touches = what,                                   \
		.elsewhere = "community",                                                               \
		.help = "Communities to attach: standard (64500:10 or a name such as "                  \
			"no-export), large (64500:1:2), extended (rt:64500:10)."                        \
	}

#endif
