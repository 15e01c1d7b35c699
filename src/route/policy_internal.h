/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside a book of policies: compiled sets, terms, rules. */
#ifndef NEARCAST_ROUTE_POLICY_INTERNAL_H
#define NEARCAST_ROUTE_POLICY_INTERNAL_H

#include "base/number_pattern.h"
#include "route/policy.h"

/* ---- policy_prefix_set.c ---- */

/* The address space of one family, cut where the set's answer changes. */
struct prefix_cuts {
	const uint64_t *high, *low; /* where each piece begins, ascending; the first at 0. low
				     * is NULL if it is 0 everywhere */
	const uint32_t *lengths;    /* of each piece: which of the masks */
	uint32_t count;             /* pieces; 0: the set has nothing of this family */
	const uint32_t *index;      /* [bucket]: the first piece that begins in it or behind */
	uint32_t bucket_count;
	uint64_t base; /* of the first bucket */
	unsigned shift;
};

struct length_mask { /* bit n: prefixes of length n are in the set */
	uint64_t words[3];
};

struct prefix_set {
	struct prefix_cuts cuts[2]; /* IPv4, IPv6 */
	const struct length_mask *masks;
};

/* 0, ERROR_MEMORY, or ERROR_RANGE (a range that its prefix does not allow). */
int prefix_set_make(const struct policy_prefix_set *description, struct arena *arena,
	struct prefix_set *ret_set);
bool prefix_set_has(const struct prefix_set *set, const struct prefix *prefix);

/* ---- policy_sets.c ---- */

struct as_list {
	const struct policy_as_range *ranges; /* ascending, apart */
	size_t count;
};
int as_list_make(
	const struct policy_as_set *description, struct arena *arena, struct as_list *ret_list);
bool as_list_has(const struct as_list *list, uint32_t asn);

struct community_list {
	/* standard ones whose numbers lie side by side: ascending, apart */
	const struct policy_as_range *standard;
	const struct policy_community_range *others; /* everything else */
	size_t standard_count, other_count;
	size_t large_first, extended_first; /* in others: standard, then large, then extended */
};
int community_list_make(const struct policy_community_set *description, struct arena *arena,
	struct community_list *ret_list);
/* route: whose AS numbers `neighbor` and `self` are. */
bool community_list_has(const struct community_list *list, const struct policy_route *route,
	uint32_t community);
bool community_list_has_large(const struct community_list *list,
	const struct policy_route *route, const struct bgp_large_community *community);
bool community_list_has_extended(const struct community_list *list, uint64_t community);

/* ---- policy_path.c: what rules ask about AS paths. Confederation segments are not there, the
 * members of a set come one after the other. ---- */

bool policy_path_matches(
	const struct bgp_attributes *attributes, const struct number_pattern *pattern);
bool policy_path_has_set(const struct bgp_attributes *attributes);

/* ---- policy_term.c ---- */

/* A run: the route, and what was found out about it. */
struct policy_walk {
	const struct policy_route *route;
	const struct bgp_attributes *attributes; /* as they are now */
	struct policy_result *result;
	struct arena *arena;
	const struct policy_book *book;
	enum policy_rpki rpki;
	enum policy_aspa aspa;
	bool rpki_known, aspa_known;
};

struct compiled_term;
typedef bool term_function(const struct compiled_term *term, struct policy_walk *walk);

struct compiled_term {
	term_function *holds;
	bool negated, neighbor;
	uint8_t kind; /* enum policy_term_kind */
	uint32_t bits;
	uint32_t count; /* of sets or ranges */
	union {
		const struct policy_range *ranges;
		const struct prefix_set *const *prefix_sets;
		const struct as_list *const *as_lists;
		const struct number_pattern *const *patterns;
		const struct community_list *const *community_lists;
	};
};

term_function *policy_term_function(enum policy_term_kind kind);
const char *policy_term_name(enum policy_term_kind kind, bool negated); /* "not as-path" */
/* Terms that cost less are asked first. */
unsigned policy_term_cost(enum policy_term_kind kind);
unsigned policy_term_depends(enum policy_term_kind kind);

/* ---- policy_change.c ---- */

struct compiled_rule;
/* All changes of a rule. 0, ERROR_MEMORY, ERROR_FULL. */
int policy_change_all(const struct compiled_rule *rule, struct policy_walk *walk);

/* ---- policy_book.c ---- */

struct compiled_rule {
	const struct compiled_term *terms;
	const struct policy_change *changes; /* in the order of their kinds */
	uint32_t term_count, change_count;
	uint8_t then;  /* enum policy_then */
	uint32_t call; /* index of a policy */
	const char *name;
};

struct compiled_policy {
	const char *name;
	const struct compiled_rule *rules;
	uint32_t rule_count;
	uint32_t first;  /* number of the first rule in the book */
	uint32_t length; /* rules with all that is called; over POLICY_STEPS_MAX: too many */
};

struct policy_book {
	unsigned references;
	struct arena arena; /* holds all but the patterns */
	struct prefix_set *prefix_sets;
	struct as_list *as_lists;
	struct number_pattern **patterns;
	struct community_list *community_lists;
	struct compiled_policy *policies;
	size_t prefix_set_count, as_list_count, pattern_count, community_list_count,
		policy_count;
	uint32_t rule_count;
};

#endif
