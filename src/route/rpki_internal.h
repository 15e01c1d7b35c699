/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the RPKI table, for its own files only: rpki_table.c, rpki_vrps.c, rpki_aspa.c,
 * rpki_batch.c, rpki_change.c. */
#ifndef NEARCAST_ROUTE_RPKI_INTERNAL_H
#define NEARCAST_ROUTE_RPKI_INTERNAL_H

#include "route/rpki_table.h"

enum rpki_family {
	RPKI_IPV4,
	RPKI_IPV6,
	RPKI_FAMILIES,
};

/* Which sources have a record: bit 0 is the local assertions, bit i + 1 source i. */
#define MASK_ASSERTED 0x0001u
#define MASK_FILTERED 0x8000u
static inline uint16_t mask_of(unsigned source)
{
	return (uint16_t)(2u << source);
}

/* An address as two numbers, so that both families are compared the same way; IPv4 in the top
 * 32 bits of high. Bits after length are zero. */
struct rpki_bits {
	uint64_t high, low;
	uint8_t length;
};

static inline enum rpki_family rpki_family_of(const struct prefix *prefix)
{
	return prefix->address.family == FAMILY_IPV4 ? RPKI_IPV4 : RPKI_IPV6;
}
struct rpki_bits rpki_bits_of(const struct prefix *prefix);
struct prefix rpki_prefix_of(enum rpki_family family, const struct rpki_bits *bits);

/* By address, then the shorter first. */
static inline int rpki_bits_compare(const struct rpki_bits *a, const struct rpki_bits *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (int)a->length - (int)b->length;
}

static inline bool rpki_bits_contain(
	const struct rpki_bits *outer, const struct rpki_bits *inner)
{
	if (outer->length > inner->length)
		return false;
	if (outer->length == 0)
		return true;
	if (outer->length <= 64)
		return (outer->high ^ inner->high) >> (64 - outer->length) == 0;
	return outer->high == inner->high &&
	       (outer->low ^ inner->low) >> (128 - outer->length) == 0;
}

/* Sixteen bits that never fall as the address rises, and spread what is in use: the first 16 of
 * IPv4; bits 3 to 18 of IPv6, as all that is given out is in 2000::/3. */
#define RPKI_BUCKETS 65536u
static inline uint32_t rpki_bucket(enum rpki_family family, uint64_t high)
{
	if (family == RPKI_IPV4)
		return (uint32_t)(high >> 48);
	if (high >> 61 == 1)
		return (uint32_t)(high >> 45) & 0xffffu;
	return high >> 61 == 0 ? 0 : RPKI_BUCKETS - 1;
}

/* ---- rpki_batch.c ---- */

struct rpki_record {
	uint64_t high, low;
	uint32_t asn;
	uint32_t sequence;
	uint8_t length, max_length;
	bool announce;
};

struct rpki_aspa_record {
	uint32_t customer;
	uint32_t sequence;
	uint32_t first, count; /* in providers: sorted, unique */
	uint8_t family;        /* enum family */
	bool announce;
};

struct rpki_batch {
	struct rpki_record *records[RPKI_FAMILIES];
	size_t count[RPKI_FAMILIES], room[RPKI_FAMILIES];
	struct rpki_aspa_record *aspas;
	size_t aspa_count, aspa_room;
	uint32_t *providers;
	size_t provider_count, provider_room;
};

/* By prefix, maximum length, AS; then in the order of arrival. ERROR_MEMORY. */
int rpki_batch_sort(struct rpki_batch *batch);
/* Make room for one more of size bytes. 0, ERROR_MEMORY, ERROR_FULL. */
int rpki_grow(void **array, size_t count, size_t *room, size_t size, size_t most);

/* ---- rpki_change.c ---- */

/* Prefixes in any order, outermost only where they came in order. */
struct rpki_prefix_list {
	struct rpki_bits *items;
	size_t count, room;
};

struct rpki_change {
	struct rpki_prefix_list prefixes[RPKI_FAMILIES];
	uint32_t *customers;
	size_t customer_count, customer_room;
	bool everything; /* memory was short: the lists are not complete */
};

void rpki_change_add(
	struct rpki_change *change, enum rpki_family family, const struct rpki_bits *bits);
void rpki_change_add_customer(struct rpki_change *change, uint32_t customer);
void rpki_change_clear(struct rpki_change *change);
bool rpki_change_empty(const struct rpki_change *change);
/* Move all of from to the end of to. */
void rpki_change_move(struct rpki_change *to, struct rpki_change *from);

/* ---- rpki_vrps.c: the VRPs of one family. ---- */

struct rpki_rest {
	uint32_t asn;
	uint32_t
		parent; /* 1 + the last entry of the next shorter prefix around this; 0: none */
	uint8_t length, max_length;
	uint16_t mask;
};

struct rpki_vrps {
	uint8_t family; /* enum rpki_family */
	size_t count;
	uint64_t *high;
	uint64_t *low; /* NULL: all zero, as long as nothing is longer than /64 */
	struct rpki_rest *rest;
	uint32_t *buckets; /* RPKI_BUCKETS + 1 of first entries; NULL: too few to need them */
};

/* Filters, sorted for a walk in the order of the entries. */
struct rpki_filter_item {
	struct rpki_bits bits;
	uint32_t asn;
	bool has_asn;
};
struct rpki_filters {
	struct rpki_filter_item *items[RPKI_FAMILIES]; /* sorted by bits */
	size_t count[RPKI_FAMILIES];
	uint32_t *asns; /* sorted; of filters without a prefix */
	size_t asn_count;
};

/* What a pass over the entries does. */
struct rpki_pass {
	const struct rpki_record *records; /* sorted; may be none */
	size_t record_count;
	uint16_t bit;                       /* whose records these are; 0: nobody's */
	bool replace;                       /* what has no record loses the bit */
	const struct rpki_filters *filters; /* in force after the pass */
	uint16_t use_before, use_after;     /* masks of sources in use */
};

static inline bool mask_active(uint16_t mask, uint16_t use)
{
	return (mask & MASK_ASSERTED) != 0 ||
	       ((mask & MASK_FILTERED) == 0 && (mask & use) != 0);
}

/* Build *ret_new from old and the pass; old stays. What flips between used and not goes to
 * change. Errors as rpki_table_apply; then *ret_new holds nothing. */
int rpki_vrps_pass(const struct rpki_vrps *old, const struct rpki_pass *pass,
	struct rpki_vrps *ret_new, struct rpki_change *change,
	struct rpki_conflict *ret_conflict);
void rpki_vrps_clear(struct rpki_vrps *vrps);
size_t rpki_vrps_bytes(const struct rpki_vrps *vrps);
/* 1 + the entry that may cover bits and is the last such; 0: none. Go on with rpki_vrps_up. */
uint32_t rpki_vrps_find(const struct rpki_vrps *vrps, const struct rpki_bits *bits);

static inline struct rpki_bits rpki_vrps_bits(const struct rpki_vrps *vrps, size_t i)
{
	return (struct rpki_bits){ vrps->high[i], vrps->low == NULL ? 0 : vrps->low[i],
		vrps->rest[i].length };
}

/* ---- rpki_aspa.c ---- */

/* One ASPA as a source said it, or one customer's providers as used. */
struct rpki_aspa {
	uint32_t customer;
	uint32_t first, count; /* in providers: sorted, unique */
	uint8_t family;        /* enum family */
	uint16_t bit;          /* whose; only one */
};

struct rpki_aspas {
	struct rpki_aspa *items; /* by customer, bit, family */
	size_t count;
	uint32_t *providers;
	size_t provider_count;
};

struct rpki_aspa_pass {
	const struct rpki_batch *batch; /* sorted; NULL: no records */
	uint16_t bit;
	bool replace;
};

int rpki_aspas_pass(const struct rpki_aspas *old, const struct rpki_aspa_pass *pass,
	struct rpki_aspas *ret_new, struct rpki_conflict *ret_conflict);
/* The union for each customer of what the sources in use have. filters: sorted customers.
 * ERROR_MEMORY. */
int rpki_aspas_merge(const struct rpki_aspas *raw, uint16_t use, const uint32_t *filters,
	size_t filter_count, struct rpki_aspas *ret_merged);
/* Customers whose providers differ. */
void rpki_aspas_compare(const struct rpki_aspas *before, const struct rpki_aspas *after,
	struct rpki_change *change);
void rpki_aspas_clear(struct rpki_aspas *aspas);

int rpki_compare_u32(const void *a, const void *b);
/* In a sorted array. */
bool rpki_contains_u32(const uint32_t *items, size_t count, uint32_t item);

/* ---- rpki_table.c ---- */

struct rpki_table {
	struct rpki_vrps vrps[RPKI_FAMILIES];
	struct rpki_aspas raw, merged; /* merged: one item a customer */
	struct rpki_filters filters;
	uint32_t *aspa_filters; /* sorted */
	size_t aspa_filter_count;
	uint16_t use; /* bits of sources */
	struct rpki_change change;
};

#endif
