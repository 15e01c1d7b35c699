/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: which routes come in and go out, and how they are dressed, as rules that the
 * operator wrote. A plain description becomes, once, a book of compiled policies; a policy is
 * then a pure function of a route.
 *
 * The rules of a policy are looked at in order. A rule whose terms all hold makes its changes,
 * and then accepts, rejects, or goes on; `call` puts the rules of another policy in its place.
 * Later rules see what earlier ones changed. A route that no rule decided is rejected (RFC
 * 8212).
 *
 * A book and its policies never change and hold no state: several neighbours may use one
 * policy. Counters are the caller's, one a rule of the book.
 */
#ifndef NEARCAST_ROUTE_POLICY_H
#define NEARCAST_ROUTE_POLICY_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/bgp_attribute.h"

/* ---- In: a route. ---- */

enum policy_direction {
	POLICY_IMPORT,
	POLICY_EXPORT,
};

/* What a neighbour is to us, or where a route came from. */
enum policy_relation {
	POLICY_RELATION_NONE, /* a neighbour whose relation nobody said */
	POLICY_RELATION_CUSTOMER,
	POLICY_RELATION_PEER,
	POLICY_RELATION_PROVIDER,
	POLICY_RELATION_ROUTE_SERVER,
	POLICY_RELATION_INTERNAL, /* iBGP */
	POLICY_RELATION_LOCAL,    /* a route of our own; of a source only */
	POLICY_RELATIONS,
};

/* Numbered as enum rpki_state and enum aspa_state of the RPKI table. */
enum policy_rpki {
	POLICY_RPKI_NOT_FOUND,
	POLICY_RPKI_VALID,
	POLICY_RPKI_INVALID,
};
enum policy_aspa {
	POLICY_ASPA_UNKNOWN,
	POLICY_ASPA_VALID,
	POLICY_ASPA_INVALID,
};

#define POLICY_METRIC_UNKNOWN UINT32_MAX

struct policy_route;

/* Asked at most once a run, and only if a rule that is looked at wants to know. */
typedef enum policy_rpki policy_rpki_function(void *context, const struct policy_route *route);
typedef enum policy_aspa policy_aspa_function(void *context, const struct policy_route *route);

struct policy_route {
	const struct prefix *prefix; /* may be NULL if the policy does not depend on it */
	const struct bgp_attributes *attributes;
	enum policy_direction direction;
	enum policy_relation relation; /* of the neighbour */
	enum policy_relation source;   /* who said the route; importing: as relation */
	uint32_t local_asn;            /* ours towards the neighbour: what prepending adds */
	uint32_t neighbor_asn;
	struct address neighbor_address; /* FAMILY_NONE: not known */
	uint32_t igp_metric;             /* to the next hop, or POLICY_METRIC_UNKNOWN */
	policy_rpki_function *rpki;      /* NULL: everything is not-found */
	policy_aspa_function *aspa;      /* NULL: everything is unknown */
	void *context;                   /* for both */
};

/* ---- Out: what becomes of it. ---- */

enum policy_verdict {
	POLICY_REJECT,
	POLICY_ACCEPT,
};

#define POLICY_RULE_NONE UINT32_MAX /* the end of the policy was reached */

struct policy_result {
	enum policy_verdict verdict;
	uint32_t rule; /* number in the book of the rule that decided, or POLICY_RULE_NONE */
	/* The attributes are not what came in. False: keep the set that you have; `attributes`
	 * is not filled in then. Weight is one of them; of a rejected route nothing is said. */
	bool changed;
	bool next_hop_self; /* use our own address; attributes.next_hop is the old one */
	bool blackhole;     /* discard what goes there (RFC 7999) */
	struct bgp_attributes attributes; /* arrays in the arena, or those that came in */
};

struct policy;
struct policy_book;

/* Run a policy. rule_counters: policy_book_rules of the policy's book; every rule that matched
 * gets one more; NULL: nobody counts. arena: for what changes. 0, or ERROR_MEMORY, or
 * ERROR_FULL (the path would pass 64 KiB, or more than 65535 communities): treat it as
 * rejected. */
int policy_run(const struct policy *policy, uint64_t *rule_counters,
	const struct policy_route *route, struct arena *arena,
	struct policy_result *ret_result);

/* What the outcome may depend on besides the attributes, the neighbour and the source: bits. */
enum policy_dependence {
	POLICY_DEPENDS_PREFIX = 1u,
	POLICY_DEPENDS_FAMILY = 2u, /* of the prefix */
	POLICY_DEPENDS_RPKI = 4u,   /* so on the prefix too */
	POLICY_DEPENDS_ASPA = 8u,
	POLICY_DEPENDS_IGP = 16u, /* the metric of the next hop */
};
unsigned policy_depends(const struct policy *policy);
/* False: the outcome is the same for all prefixes of one attribute set. */
static inline bool policy_depends_on_prefix(const struct policy *policy)
{
	return (policy_depends(policy) & (POLICY_DEPENDS_PREFIX | POLICY_DEPENDS_FAMILY |
						 POLICY_DEPENDS_RPKI)) != 0;
}

/* Told of every rule that is looked at, in order: for people who ask why. */
struct policy_trace {
	void *context;
	/* missed: the first term that did not hold ("as-path"); NULL: the rule matched. */
	void (*rule)(void *context, uint32_t rule, const char *missed);
};
int policy_explain(const struct policy *policy, const struct policy_route *route,
	const struct policy_trace *trace, struct arena *arena,
	struct policy_result *ret_result);

/* ---- The description, plain data; only read while a book is made. ---- */

struct policy_prefix_range {
	struct prefix prefix;
	uint8_t minimum, maximum; /* lengths; prefix.length <= minimum <= maximum */
};
struct policy_as_range {
	uint32_t first, last;
};

enum policy_community_kind {
	POLICY_COMMUNITY_STANDARD,     /* 2 parts of 16 bits */
	POLICY_COMMUNITY_LARGE,        /* 3 parts of 32 bits */
	POLICY_COMMUNITY_EXTENDED,     /* 2 parts, of transitive types with this subtype */
	POLICY_COMMUNITY_EXTENDED_RAW, /* parts 0 and 1: the high and low halves, exactly */
};
enum policy_community_encoding {  /* bit (1 << this) of an extended one: RFC 4360, RFC 5668 */
	POLICY_EXTENDED_AS2 = 0,  /* 16 and 32 bits */
	POLICY_EXTENDED_IPV4 = 1, /* 32 and 16 bits */
	POLICY_EXTENDED_AS4 = 2,
};
struct policy_community_range {
	uint8_t kind;      /* enum policy_community_kind */
	uint8_t subtype;   /* extended: 2 is a route target */
	uint8_t encodings; /* extended: which ones may match */
	/* Parts (bit 0: the first) that are the neighbour's AS, or our own towards it, whatever
	 * first and last say; not of extended ones. A number over 16 bits is no part of a
	 * standard one. */
	uint8_t neighbor, self;
	uint32_t first[3], last[3];
};

struct policy_prefix_set {
	const char *name;
	const struct policy_prefix_range *ranges;
	size_t count;
};
struct policy_as_set {
	const char *name; /* how patterns call it */
	const struct policy_as_range *ranges;
	size_t count;
};
struct policy_path_set {
	const char *name;
	const char *const *patterns; /* base/number_pattern.h; any of them */
	size_t count;
};
struct policy_community_set {
	const char *name;
	const struct policy_community_range *ranges;
	size_t count;
};

enum policy_term_kind {
	POLICY_TERM_PREFIX,      /* prefix sets */
	POLICY_TERM_FAMILY,      /* bits: 1 IPv4, 2 IPv6 */
	POLICY_TERM_IPV4_LENGTH, /* ranges; never holds for IPv6 */
	POLICY_TERM_IPV6_LENGTH,
	POLICY_TERM_AS_PATH,      /* path sets */
	POLICY_TERM_PATH_LENGTH,  /* ranges; RFC 4271 section 9.1.2.2 a */
	POLICY_TERM_PATH_HAS_SET, /* there is an AS_SET (RFC 9774) */
	POLICY_TERM_FIRST_AS,     /* AS sets, neighbor: the leftmost AS */
	POLICY_TERM_ORIGIN_AS, /* AS sets, neighbor: the rightmost AS; never holds for a set */
	POLICY_TERM_NEIGHBOR_AS, /* AS sets */
	POLICY_TERM_COMMUNITY,   /* community sets: at least one matches one */
	POLICY_TERM_RPKI,        /* bits by enum policy_rpki */
	POLICY_TERM_ASPA,        /* bits by enum policy_aspa */
	POLICY_TERM_RELATION,    /* bits by enum policy_relation */
	POLICY_TERM_SOURCE,      /* bits by enum policy_relation */
	POLICY_TERM_NEXT_HOP,    /* prefix sets (host routes), neighbor: its address */
	POLICY_TERM_MED,         /* ranges; never holds without one */
	POLICY_TERM_LOCAL_PREF,  /* ranges; 100 without one */
	POLICY_TERM_WEIGHT,      /* ranges */
	POLICY_TERM_ORIGIN,      /* bits by enum bgp_origin */
	POLICY_TERM_KINDS,
};

struct policy_range {
	uint32_t first, last;
};

/* Holds if any of what it lists holds. */
struct policy_term {
	enum policy_term_kind kind;
	bool negated;         /* holds if none of it does */
	bool neighbor;        /* the neighbour's own AS or address counts too */
	const uint32_t *sets; /* indexes into the description's sets of the kind */
	size_t set_count;
	const struct policy_range *ranges;
	size_t range_count;
	uint32_t bits;
};

enum policy_change_kind { /* made in this order, whatever the order in the rule */
	POLICY_SET_LOCAL_PREF,
	POLICY_SET_MED,
	POLICY_ADD_MED, /* saturates, as does the next; no MED counts as 0 */
	POLICY_SUBTRACT_MED,
	POLICY_SET_MED_IGP, /* nothing if the metric is not known */
	POLICY_REMOVE_MED,
	POLICY_SET_WEIGHT,
	POLICY_SET_ORIGIN,
	POLICY_PREPEND,    /* number times our own AS */
	POLICY_PREPEND_AS, /* the numbers, so that the first stands leftmost */
	POLICY_NEXT_HOP_SELF,
	POLICY_NEXT_HOP_ADDRESS,   /* only for prefixes of the same family */
	POLICY_REMOVE_COMMUNITIES, /* those that match a set */
	POLICY_CLEAR_COMMUNITIES,  /* of all kinds */
	POLICY_ADD_COMMUNITIES,
	POLICY_GRACEFUL_SHUTDOWN, /* RFC 8326: the community, and LOCAL_PREF 0 */
	POLICY_BLACKHOLE,         /* RFC 7999: the community, NO_EXPORT, and result.blackhole */
	POLICY_CHANGE_KINDS,
};

struct policy_change {
	enum policy_change_kind kind;
	uint32_t number; /* preference, metric, times, weight, origin */
	struct address next_hop;
	const uint32_t *numbers; /* AS numbers; or indexes of community sets to remove */
	size_t number_count;
	const uint32_t *communities;
	const uint64_t *extended_communities;
	const struct bgp_large_community *large_communities;
	size_t community_count, extended_community_count, large_community_count;
};

enum policy_then {
	POLICY_THEN_NEXT, /* the next rule */
	POLICY_THEN_ACCEPT,
	POLICY_THEN_REJECT,
	POLICY_THEN_CALL, /* the rules of `call`, then the next rule */
};

struct policy_rule {
	const char *name; /* NULL or "" if the operator gave none */
	const struct policy_term *terms;
	size_t term_count; /* 0: matches always */
	const struct policy_change *changes;
	size_t change_count;
	enum policy_then then;
	uint32_t call; /* index of a policy */
};

struct policy_rules {
	const char *name;
	const struct policy_rule *rules;
	size_t rule_count;
};

struct policy_description {
	const struct policy_prefix_set *prefix_sets;
	const struct policy_as_set *as_sets;
	const struct policy_path_set *path_sets;
	const struct policy_community_set *community_sets;
	const struct policy_rules *policies;
	size_t prefix_set_count, as_set_count, path_set_count, community_set_count,
		policy_count;
};

/* ---- Books. ---- */

#define POLICY_STEPS_MAX 65536u /* rules of one policy with all that it calls */

/* Everything is copied. With one reference. NULL: no memory, a pattern that does not compile,
 * an index that is not there, policies that call each other in a circle; error says. */
struct policy_book *policy_book_new(
	const struct policy_description *description, struct error *error);
struct policy_book *policy_book_hold(struct policy_book *book);
void policy_book_release(struct policy_book *book); /* NULL is fine */

/* Rules of all policies together: how many counters a book needs. Numbers are the same for
 * equal descriptions. */
uint32_t policy_book_rules(const struct policy_book *book);
struct policy_rule_name {
	const char *policy;
	uint32_t number;  /* in the policy, from 1 */
	const char *name; /* "" if it has none; lives as long as the book */
};
/* rule is below policy_book_rules. */
struct policy_rule_name policy_book_rule(const struct policy_book *book, uint32_t rule);
/* Bytes of all memory that the book holds. */
size_t policy_book_bytes(const struct policy_book *book);

/* One policy out of several, one after the other as if they were one; `all` accepts what is
 * left at the end (with no names: everything). Holds the book; with one reference. NULL: no
 * memory, a name that is not there, more than POLICY_STEPS_MAX rules; error says. */
enum policy_end {
	POLICY_END_REJECT,
	POLICY_END_ACCEPT,
};
struct policy *policy_new(struct policy_book *book, const char *const *names, size_t count,
	enum policy_end end, struct error *error);
struct policy *policy_hold(struct policy *policy);
void policy_release(struct policy *policy); /* NULL is fine */
struct policy_book *policy_book_of(const struct policy *policy);

#endif
