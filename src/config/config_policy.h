/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the configuration that says which routes come in and go out: sets and policies.
 */
#ifndef NEARCAST_CONFIG_CONFIG_POLICY_H
#define NEARCAST_CONFIG_CONFIG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

#define CONFIG_SETS_MAX       1024   /* of each kind */
#define CONFIG_SET_ITEMS_MAX  200000 /* in one set */
#define CONFIG_TERM_ITEMS_MAX 1024   /* in one list of a rule */
#define CONFIG_POLICIES_MAX   1024
#define CONFIG_RULES_MAX      4096 /* in one policy */
#define CONFIG_CHOICE_MAX     64   /* policies of a neighbour, one direction */

/* Where in the input something was said, for errors found later. */
struct config_mark {
	const char *file;
	uint32_t line, column; /* 1-based; 0: a default, said nowhere */
};

struct config_large_community {
	uint32_t global, local_1, local_2;
};

struct config_communities {
	const uint32_t *standard;
	size_t standard_count;
	const struct config_large_community *large;
	size_t large_count;
	const uint64_t *extended;
	size_t extended_count;
};

/* Items of sets and of rules: a literal, or (in rules) the name of a set. */
struct config_prefix_item {
	const char *set;          /* NULL: the range */
	struct prefix prefix;     /* FAMILY_NONE without set: the word `neighbor` */
	uint8_t minimum, maximum; /* lengths, both ends included */
};

struct config_as_item {
	const char *set; /* NULL: the range */
	bool neighbor;   /* the neighbour's own AS */
	uint32_t first, last;
};

enum config_community_kind { /* numbered as enum policy_community_kind */
	CONFIG_COMMUNITY_STANDARD,
	CONFIG_COMMUNITY_LARGE,
	CONFIG_COMMUNITY_EXTENDED,
	CONFIG_COMMUNITY_EXTENDED_RAW,
};

struct config_community_item {
	const char *set; /* NULL: the range */
	uint8_t kind;    /* enum config_community_kind */
	uint8_t subtype, encodings;
	uint8_t neighbor, self; /* parts (bit 0: the first) that are the words of that name */
	uint32_t first[3], last[3];
};

struct config_range {
	uint32_t first, last;
};

/* Sets: each begins with its name and mark. */
struct config_prefix_set {
	const char *name;
	struct config_mark mark;
	const struct config_prefix_item *items;
	size_t count;
};

struct config_as_set {
	const char *name;
	struct config_mark mark;
	const struct config_as_item *items;
	size_t count;
};

struct config_path_set {
	const char *name;
	struct config_mark mark;
	const char *const *patterns;
	size_t count;
};

struct config_community_set {
	const char *name;
	struct config_mark mark;
	const struct config_community_item *items;
	size_t count;
};

#define CONFIG_SOURCE_LOCAL 6u /* behind enum config_relation, in bits of sources */

/* What a rule asks. A list holds if any of its items does; an empty one asks nothing. Bits are
 * 1 << a value, 0 asks nothing. */
struct config_terms {
	const struct config_prefix_item *prefix;
	const struct config_range *ipv4_length, *ipv6_length, *path_length, *med, *local_pref,
		*weight;
	const char *const *as_path; /* patterns, or names of sets */
	const struct config_as_item *first_as, *origin_as, *neighbor_as;
	const struct config_community_item *community;
	const struct config_prefix_item *next_hop;
	size_t prefix_count, ipv4_length_count, ipv6_length_count, path_length_count, med_count,
		local_pref_count, weight_count, as_path_count, first_as_count, origin_as_count,
		neighbor_as_count, community_count, next_hop_count;
	uint8_t family;           /* CONFIG_FAMILY_ bits */
	uint8_t rpki;             /* not-found, valid, invalid */
	uint8_t aspa;             /* unknown, valid, invalid */
	uint8_t origin;           /* igp, egp, incomplete */
	uint8_t relation, source; /* enum config_relation, CONFIG_SOURCE_LOCAL */
	bool has_path_has_set, path_has_set;
};

struct config_match {
	struct config_terms terms; /* all of them hold */
	struct config_terms not ;  /* and none of these */
};

enum config_med_kind {
	CONFIG_MED_UNSET,
	CONFIG_MED_SET,
	CONFIG_MED_ADD,
	CONFIG_MED_SUBTRACT,
	CONFIG_MED_IGP,
	CONFIG_MED_REMOVE,
};

struct config_med {
	uint32_t kind; /* enum config_med_kind */
	uint32_t number;
};

struct config_next_hop {
	bool self;
	struct address address; /* if not self */
};

/* What a rule changes. */
struct config_edits {
	bool has_local_pref, has_weight, has_origin;
	uint32_t local_pref;
	struct config_med med;
	uint16_t weight;
	uint8_t origin; /* enum bgp_origin */
	uint8_t prepend;
	const uint32_t *prepend_as;
	const struct config_next_hop *next_hop;
	size_t prepend_as_count, next_hop_count;
	struct config_communities add, set;
	const struct config_community_item *remove;
	size_t remove_count;
	bool graceful_shutdown, blackhole;
};

enum config_then {
	CONFIG_THEN_NEXT,
	CONFIG_THEN_ACCEPT,
	CONFIG_THEN_REJECT,
};

struct config_rule {
	struct config_mark mark;
	const char *name; /* NULL if it has none */
	struct config_match match;
	struct config_edits set;
	enum config_then then;
	const char *call; /* NULL: nothing */
};

struct config_policy {
	const char *name;
	struct config_mark mark;
	const struct config_rule *rules;
	size_t rule_count;
};

/* What a neighbour's routes go through. */
enum config_choice_kind {
	CHOICE_NONE, /* nothing passes */
	CHOICE_ALL,  /* everything passes */
	CHOICE_POLICIES,
};

struct config_choice {
	enum config_choice_kind kind;
	const char *const *policies; /* one after the other */
	size_t count;
};

#endif
