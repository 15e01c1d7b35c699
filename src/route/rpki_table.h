/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the RPKI says: validated ROA payloads (VRPs) and ASPAs of several caches, merged, with
 * the operator's local exceptions on top; origin validation (RFC 6811), path verification
 * (draft-ietf-sidrops-aspa-verification-28), and what changed, so that only the routes that are
 * concerned are validated again.
 *
 * Unknown is not down: without data every route is not-found and every path unknown, never
 * invalid.
 */
#ifndef NEARCAST_ROUTE_RPKI_TABLE_H
#define NEARCAST_ROUTE_RPKI_TABLE_H

#include "base/address.h"
#include "base/error.h"
#include "wire/bgp_attribute.h"

struct rpki_table;

/* A source is a cache, by number. Bit i of a mask stands for source i. */
#define RPKI_SOURCES_MAX    14
#define RPKI_RECORDS_MAX    4000000u /* a batch, each family; also all of a family together */
#define RPKI_PROVIDERS_MAX  16000u   /* of one customer, from one source */
#define RPKI_CUSTOMERS_MAX  500000u
#define RPKI_EXCEPTIONS_MAX 65536u /* of each kind */

struct rpki_vrp {
	struct prefix prefix;
	uint8_t max_length;
	uint32_t asn; /* 0: nobody may announce it (RFC 6483 section 4) */
};

/* NULL on no memory. */
struct rpki_table *rpki_table_new(void);
void rpki_table_free(struct rpki_table *table); /* NULL is fine */

/* ---- In: batches of records from a source, applied all at once or not at all. ---- */

struct rpki_batch;

struct rpki_batch *rpki_batch_new(void);
void rpki_batch_free(struct rpki_batch *batch); /* NULL is fine */
/* Add a record: an announcement or a withdrawal. 0, ERROR_MEMORY, ERROR_FULL, and ERROR_RANGE
 * if max_length is out of its range. */
int rpki_batch_vrp(struct rpki_batch *batch, bool announce, const struct rpki_vrp *vrp);
/* Announce or replace, or withdraw, the ASPA of a customer. family is FAMILY_NONE, or that of
 * the old form of the PDU (wire/rtr.h): three records that do not touch each other. providers
 * are copied, in any order; AS 0 among them says nothing more than that there is a list. A
 * withdrawal with providers takes only exactly these, and else nothing. */
int rpki_batch_aspa(struct rpki_batch *batch, bool announce, enum family family,
	uint32_t customer, const uint32_t *providers, size_t count);
size_t rpki_batch_count(const struct rpki_batch *batch); /* records so far */

enum rpki_apply {
	RPKI_REPLACE, /* the batch is all that the source has */
	RPKI_DELTA,   /* the batch changes what the source had */
};

/* The record that could not be applied. */
struct rpki_conflict {
	bool is_aspa;
	struct rpki_vrp vrp;
	uint32_t customer;
};

/* Apply a batch in the order of its records; the batch can be freed after it. 0, or nothing has
 * changed: ERROR_EXISTS (announced twice), ERROR_NOT_FOUND (withdrawn without being there),
 * ERROR_FULL, ERROR_MEMORY. ret_conflict is set with the first two; may be NULL. */
int rpki_table_apply(struct rpki_table *table, unsigned source, struct rpki_batch *batch,
	enum rpki_apply how, struct rpki_conflict *ret_conflict);
/* Forget all of a source. 0 or ERROR_MEMORY (then nothing changed: try again). */
int rpki_table_clear(struct rpki_table *table, unsigned source);
/* From now on use only these sources. All others are kept, not looked at. 0 or ERROR_MEMORY. */
int rpki_table_use(struct rpki_table *table, uint32_t sources);

/* Local exceptions: RFC 8416, and for ASPA draft-ietf-sidrops-aspa-slurm. */
struct rpki_filter {
	bool has_prefix, has_asn; /* at least one */
	struct prefix prefix;     /* VRPs inside it or equal */
	uint32_t asn;
};
struct rpki_aspa_assertion {
	uint32_t customer;
	const uint32_t *providers;
	size_t count;
};
struct rpki_exceptions {
	const struct rpki_filter *filters;
	const struct rpki_vrp *assertions;
	const uint32_t *aspa_filters; /* customers */
	const struct rpki_aspa_assertion *aspa_assertions;
	size_t filter_count, assertion_count, aspa_filter_count, aspa_assertion_count;
};
/* Replaces all exceptions; everything is copied. NULL: none. 0, ERROR_FULL, ERROR_MEMORY. */
int rpki_table_except(struct rpki_table *table, const struct rpki_exceptions *exceptions);

/* ---- Out: validation. ---- */

enum rpki_state {
	RPKI_NOT_FOUND,
	RPKI_VALID,
	RPKI_INVALID,
	RPKI_STATES,
};
enum rpki_reason {
	RPKI_NOT_COVERED,  /* not found */
	RPKI_MATCHED,      /* valid */
	RPKI_TOO_SPECIFIC, /* invalid: the origin is right, the prefix longer than allowed */
	RPKI_WRONG_ORIGIN, /* invalid */
	RPKI_NO_ORIGIN,    /* invalid: the path ends in an AS_SET (RFC 6811 section 2) */
	RPKI_AS0,          /* invalid: all that cover it say AS 0 (RFC 6483 section 4) */
	RPKI_REASONS,
};
struct rpki_verdict {
	enum rpki_state state;
	enum rpki_reason reason;
	struct rpki_vrp vrp; /* that decided; unless not found */
	unsigned covering;   /* VRPs looked at that cover the prefix */
};

/* The origin AS for rpki_table_validate (RFC 6811 section 2): the last AS of the path if it
 * ends in a sequence; own_asn if it is empty or ends in a confederation segment; 0 ("none") if
 * it ends in a set. */
uint32_t rpki_origin(const struct bgp_attributes *attributes, uint32_t own_asn);
/* RFC 6811 section 2. origin 0 matches nothing. ret_verdict may be NULL (faster). */
enum rpki_state rpki_table_validate(const struct rpki_table *table, const struct prefix *prefix,
	uint32_t origin, struct rpki_verdict *ret_verdict);

enum aspa_state {
	ASPA_UNKNOWN,
	ASPA_VALID,
	ASPA_INVALID,
	ASPA_STATES,
};
enum aspa_direction {
	ASPA_UPSTREAM,   /* from a customer, a lateral peer, or by or at a route server */
	ASPA_DOWNSTREAM, /* from a provider */
};
enum aspa_reason {
	ASPA_ATTESTED,       /* valid */
	ASPA_NOT_ATTESTED,   /* unknown: customer has no ASPA; the first such hop */
	ASPA_NOT_A_PROVIDER, /* invalid: customer's ASPA does not name provider */
	ASPA_EMPTY_PATH,     /* invalid */
	ASPA_WRONG_NEIGHBOR, /* invalid: the path does not begin with the neighbour's AS */
	ASPA_SET_IN_PATH,    /* invalid */
	ASPA_NO_RELATION,    /* unknown: the neighbour's relation is not configured */
	ASPA_REASONS,
};
struct aspa_verdict {
	enum aspa_state state;
	enum aspa_reason reason;
	uint32_t customer, provider; /* the hop that decided; 0 if none did */
	/* The least and the most that the ramps can be, in ASes, and the length of the path
	 * with repetitions left out: section 5.4 of the draft. */
	uint32_t length, minimum_up, maximum_up, minimum_down, maximum_down;
};

/* Which procedure: our role towards the neighbour (enum bgp_role, RFC 9234). False: none
 * applies, the relation is not known. */
bool aspa_direction_of(uint8_t our_role, enum aspa_direction *ret_direction);
/*
 * draft-ietf-sidrops-aspa-verification-28 sections 5.4 to 5.6. neighbor_asn: what the path must
 * begin with; 0: a route server's client does not check it. Confederation segments are skipped.
 * For iBGP and for routes of our own it does not apply. ret_verdict may be NULL.
 */
enum aspa_state rpki_table_verify_path(const struct rpki_table *table,
	const struct bgp_attributes *attributes, enum aspa_direction direction,
	uint32_t neighbor_asn, struct aspa_verdict *ret_verdict);

const char *rpki_state_name(enum rpki_state state);    /* "not-found" */
const char *rpki_reason_text(enum rpki_reason reason); /* a phrase for people */
const char *aspa_state_name(enum aspa_state state);    /* "unknown" */
const char *aspa_reason_text(enum aspa_reason reason);

/* ---- What changed. ---- */

/* Owned by who took it; stays good whatever happens to the table. */
struct rpki_change;

/* All that changed in what is used since the last take, or NULL if nothing did. On no memory
 * the change says that everything did, or (again no memory) NULL comes and the next take has
 * it. */
struct rpki_change *rpki_table_change_take(struct rpki_table *table);
bool rpki_table_changed(const struct rpki_table *table); /* is there something to take? */
void rpki_change_free(struct rpki_change *change);       /* NULL is fine */
/* Routes of this prefix have to be validated again. */
bool rpki_change_covers(const struct rpki_change *change, const struct prefix *prefix);
/* Paths with this AS have to be verified again. */
bool rpki_change_concerns(const struct rpki_change *change, uint32_t asn);
/* The same for any AS of the path. */
bool rpki_change_concerns_path(
	const struct rpki_change *change, const struct bgp_attributes *attributes);
/* The prefixes below which routes are concerned, in order, none inside another: IPv4 first.
 * *position is 0 to start. False at the end. */
bool rpki_change_next(
	const struct rpki_change *change, size_t *position, struct prefix *ret_prefix);
size_t rpki_change_prefixes(const struct rpki_change *change);
size_t rpki_change_customers(const struct rpki_change *change);

/* ---- Looking in. ---- */

struct rpki_counts {
	size_t vrps_ipv4, vrps_ipv6; /* in use, assertions included */
	size_t customers;            /* with an ASPA in use */
	size_t filtered, asserted;   /* VRPs taken out and put in by local exceptions */
	size_t bytes;                /* of memory */
};
void rpki_table_counts(const struct rpki_table *table, struct rpki_counts *ret_counts);
/* What a source has, used or not. */
void rpki_table_source_counts(const struct rpki_table *table, unsigned source, size_t *ret_ipv4,
	size_t *ret_ipv6, size_t *ret_aspas);
/* The VRPs in use that cover prefix, the most specific first; false from the callback stops. */
typedef bool rpki_vrp_callback(void *context, const struct rpki_vrp *vrp);
void rpki_table_covering(const struct rpki_table *table, const struct prefix *prefix,
	rpki_vrp_callback *callback, void *context);

#endif
