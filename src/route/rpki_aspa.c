/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASPAs: which providers each customer AS says it has, and the verification of AS paths.
 *
 * What each source said is kept as it said it; what is used is the union for each customer over
 * the sources in use (draft-ietf-sidrops-aspa-verification-28 section 5.3: U-SPAS), made anew
 * after each change.
 *
 * The path, seen from its origin: AS 1 is the origin, AS N the neighbour. It climbs from
 * customer to provider, may cross once to a peer, and comes down again.
 *
 *                   AS L ---- AS K          up-ramp: as far from AS 1 as each is a
 *                   /            \          customer of the next; down-ramp: as far
 *                AS 2            AS N-1     back from AS N as each is a customer of
 *                /                  \       the one before
 *             AS 1                  AS N
 *
 * A customer without an ASPA says nothing: the longest possible ramps take it for yes, the
 * shortest certain ones for no. Invalid is what even the longest cannot span; valid what the
 * shortest span.
 *
 * Invariants:
 *  1. Items are sorted by customer, source, family; merged items are one a customer.
 *  2. Providers of an item are sorted and unique.
 *
 * draft-ietf-sidrops-aspa-verification-28 sections 5.3 to 5.6, RFC 9234 section 4.
 */
#include <stdlib.h>
#include <string.h>

#include "route/rpki_internal.h"
#include "wire/bgp_open.h"

int rpki_compare_u32(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

bool rpki_contains_u32(const uint32_t *items, size_t count, uint32_t item)
{
	size_t first = 0, behind = count;

	while (first < behind) {
		size_t middle = first + (behind - first) / 2;

		if (items[middle] == item)
			return true;
		if (items[middle] < item)
			first = middle + 1;
		else
			behind = middle;
	}
	return false;
}

void rpki_aspas_clear(struct rpki_aspas *aspas)
{
	free(aspas->items);
	free(aspas->providers);
	*aspas = (struct rpki_aspas){ 0 };
}

static int room_make(struct rpki_aspas *aspas, size_t items, size_t providers)
{
	*aspas = (struct rpki_aspas){ 0 };
	if (items > 2 * (size_t)RPKI_CUSTOMERS_MAX * RPKI_SOURCES_MAX)
		return ERROR_FULL;
	aspas->items = malloc((items + 1) * sizeof(*aspas->items));
	aspas->providers = malloc((providers + 1) * sizeof(*aspas->providers));
	if (aspas->items == NULL || aspas->providers == NULL)
		return ERROR_MEMORY;
	return 0;
}

/* Add a copy of an item whose providers are in another pool. */
static void item_add(
	struct rpki_aspas *aspas, const struct rpki_aspa *item, const uint32_t *providers)
{
	struct rpki_aspa *copy = &aspas->items[aspas->count++];

	*copy = *item;
	copy->first = (uint32_t)aspas->provider_count;
	if (item->count > 0)
		memcpy(aspas->providers + copy->first, providers + item->first,
			item->count * sizeof(*providers));
	aspas->provider_count += item->count;
}

/* ---- What sources say. ---- */

static int item_order(
	const struct rpki_aspa *a, uint32_t customer, uint16_t bit, uint8_t family)
{
	if (a->customer != customer)
		return a->customer < customer ? -1 : 1;
	if (a->bit != bit)
		return a->bit < bit ? -1 : 1;
	return (int)a->family - (int)family;
}

/* What a customer has from a source while its records are played; NULL: nothing. */
struct held {
	const uint32_t *providers;
	uint32_t count;
	bool there;
};

/* A withdrawal of today's form names no providers and takes what is there. One of the old form
 * names those that it takes: StayRTR sends it behind the announcement that replaced them. */
static bool withdraws(const struct rpki_batch *batch, const struct rpki_aspa_record *record,
	const struct held *held)
{
	return record->count == 0 ||
	       (record->count == held->count &&
		       memcmp(batch->providers + record->first, held->providers,
			       record->count * sizeof(uint32_t)) == 0);
}

/* The records of one customer and family, in their order. An ASPA replaces the one before
 * (8210bis section 5.12). */
static int records_play(const struct rpki_batch *batch, size_t *position, struct held *held)
{
	const struct rpki_aspa_record *first = &batch->aspas[*position];

	for (; *position < batch->aspa_count; (*position)++) {
		const struct rpki_aspa_record *record = &batch->aspas[*position];

		if (record->customer != first->customer || record->family != first->family)
			break;
		if (!record->announce && !held->there)
			return ERROR_NOT_FOUND;
		if (record->announce)
			*held = (struct held){ batch->providers + record->first, record->count,
				true };
		else if (withdraws(batch, record, held))
			*held = (struct held){ 0 };
	}
	return 0;
}

/* An item whose providers are anywhere. */
static void held_add(
	struct rpki_aspas *aspas, const struct held *held, const struct rpki_aspa *item)
{
	struct rpki_aspa made = *item;

	made.first = 0;
	made.count = held->count;
	item_add(aspas, &made, held->providers);
}

static int items_merge(const struct rpki_aspas *old, const struct rpki_aspa_pass *pass,
	struct rpki_aspas *new, struct rpki_conflict *conflict)
{
	const struct rpki_batch *batch = pass->batch;
	size_t i = 0, r = 0, count = batch == NULL ? 0 : batch->aspa_count;

	while (i < old->count || r < count) {
		const struct rpki_aspa_record *record = r < count ? &batch->aspas[r] : NULL;
		const struct rpki_aspa *item = i < old->count ? &old->items[i] : NULL;
		int order = item == NULL ? 1 : -1;
		struct rpki_aspa made = { .bit = pass->bit };
		struct held held = { 0 };

		if (item != NULL && record != NULL)
			order = item_order(item, record->customer, pass->bit, record->family);
		if (order < 0) {
			if (!pass->replace || item->bit != pass->bit)
				item_add(new, item, old->providers);
			i++;
			continue;
		}
		if (order == 0 && !pass->replace)
			held = (struct held){ old->providers + item->first, item->count, true };
		i += order == 0;
		made.customer = record->customer;
		made.family = record->family;
		if (records_play(batch, &r, &held) != 0) {
			if (conflict != NULL)
				*conflict = (struct rpki_conflict){ .is_aspa = true,
					.customer = made.customer };
			return ERROR_NOT_FOUND;
		}
		if (held.there)
			held_add(new, &held, &made);
	}
	return 0;
}

int rpki_aspas_pass(const struct rpki_aspas *old, const struct rpki_aspa_pass *pass,
	struct rpki_aspas *ret_new, struct rpki_conflict *ret_conflict)
{
	size_t items = pass->batch == NULL ? 0 : pass->batch->aspa_count;
	size_t providers = pass->batch == NULL ? 0 : pass->batch->provider_count;
	int r = room_make(ret_new, old->count + items, old->provider_count + providers);

	if (r == 0)
		r = items_merge(old, pass, ret_new, ret_conflict);
	if (r != 0)
		rpki_aspas_clear(ret_new);
	return r;
}

/* ---- What is used. ---- */

static bool item_used(const struct rpki_aspa *item, uint16_t use, const uint32_t *filters,
	size_t filter_count)
{
	if (item->bit == MASK_ASSERTED)
		return true;
	return (item->bit & use) != 0 &&
	       !rpki_contains_u32(filters, filter_count, item->customer);
}

/* Sort what the sources of one customer gave, leave out doubles. */
static void item_settle(struct rpki_aspas *merged)
{
	struct rpki_aspa *item = &merged->items[merged->count - 1];
	uint32_t *list = merged->providers + item->first;
	uint32_t kept = 0;

	if (item->count > 1)
		qsort(list, item->count, sizeof(*list), rpki_compare_u32);
	for (uint32_t i = 0; i < item->count; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	merged->provider_count -= item->count - kept;
	item->count = kept;
}

int rpki_aspas_merge(const struct rpki_aspas *raw, uint16_t use, const uint32_t *filters,
	size_t filter_count, struct rpki_aspas *ret_merged)
{
	int r = room_make(ret_merged, raw->count, raw->provider_count);

	if (r != 0) {
		rpki_aspas_clear(ret_merged);
		return r;
	}
	for (size_t i = 0, end; i < raw->count; i = end) {
		size_t before = ret_merged->count;

		for (end = i;
			end < raw->count && raw->items[end].customer == raw->items[i].customer;
			end++) {
			if (!item_used(&raw->items[end], use, filters, filter_count))
				continue;
			item_add(ret_merged, &raw->items[end], raw->providers);
			if (ret_merged->count == before + 2) {
				ret_merged->items[before].count += raw->items[end].count;
				ret_merged->count--;
			}
		}
		if (ret_merged->count > before)
			item_settle(ret_merged);
	}
	return 0;
}

static bool providers_equal(const struct rpki_aspas *a, const struct rpki_aspa *x,
	const struct rpki_aspas *b, const struct rpki_aspa *y)
{
	return x->count == y->count &&
	       (x->count == 0 || memcmp(a->providers + x->first, b->providers + y->first,
					 x->count * sizeof(uint32_t)) == 0);
}

void rpki_aspas_compare(const struct rpki_aspas *before, const struct rpki_aspas *after,
	struct rpki_change *change)
{
	size_t b = 0, a = 0;

	while (b < before->count || a < after->count) {
		const struct rpki_aspa *x = b < before->count ? &before->items[b] : NULL;
		const struct rpki_aspa *y = a < after->count ? &after->items[a] : NULL;

		if (y == NULL || (x != NULL && x->customer < y->customer)) {
			rpki_change_add_customer(change, x->customer);
			b++;
		} else if (x == NULL || y->customer < x->customer) {
			rpki_change_add_customer(change, y->customer);
			a++;
		} else {
			if (!providers_equal(before, x, after, y))
				rpki_change_add_customer(change, y->customer);
			b++;
			a++;
		}
	}
}

/* ---- Paths. ---- */

enum attested {
	NO_ATTESTATION,
	PROVIDER,
	NOT_PROVIDER,
};

/* Section 5.3: the provider authorization function. */
static enum attested hop_attested(
	const struct rpki_aspas *merged, uint32_t customer, uint32_t provider)
{
	size_t first = 0, behind = merged->count;

	while (first < behind) {
		size_t middle = first + (behind - first) / 2;
		const struct rpki_aspa *item = &merged->items[middle];

		if (item->customer == customer)
			return rpki_contains_u32(
				       merged->providers + item->first, item->count, provider)
				       ? PROVIDER
				       : NOT_PROVIDER;
		if (item->customer < customer)
			first = middle + 1;
		else
			behind = middle;
	}
	return NO_ATTESTATION;
}

/* Where a ramp ends: the hop that says no, or that says nothing. */
struct ramp {
	uint32_t maximum, minimum; /* as places in the path, the neighbour is 1; 0: not yet */
	uint32_t no_customer, no_provider, silent_customer, silent_provider;
};

/* first: keep the first end that is found, else the last one. */
static void ramp_hop(struct ramp *ramp, enum attested attested, uint32_t place,
	uint32_t customer, uint32_t provider, bool first)
{
	if (attested == PROVIDER)
		return;
	if (!first || ramp->minimum == 0)
		ramp->minimum = place;
	if (attested == NO_ATTESTATION) {
		if (!first || ramp->silent_customer == 0) {
			ramp->silent_customer = customer;
			ramp->silent_provider = provider;
		}
		return;
	}
	if (!first || ramp->maximum == 0) {
		ramp->maximum = place;
		ramp->no_customer = customer;
		ramp->no_provider = provider;
	}
}

/* The path as read so far, from the neighbour towards the origin. */
struct climb {
	const struct rpki_aspas *merged;
	bool down_too;
	uint32_t length, first, last;
	bool has_set;
	struct ramp up, down;
};

static void climb_add(struct climb *climb, uint32_t asn)
{
	uint32_t nearer = climb->last;

	if (climb->length > 0 && nearer == asn)
		return;
	climb->last = asn;
	if (climb->length++ == 0) {
		climb->first = asn;
		return;
	}
	/* We go against the order of section 5.4, so of the up-ramp the last end counts. */
	ramp_hop(&climb->up, hop_attested(climb->merged, asn, nearer), climb->length, asn,
		nearer, false);
	if (climb->down_too)
		ramp_hop(&climb->down, hop_attested(climb->merged, nearer, asn),
			climb->length - 1, nearer, asn, true);
}

static void climb_path(struct climb *climb, const struct bgp_attributes *attributes)
{
	struct cursor path = cursor_of(attributes->as_path, attributes->as_path_size);

	while (cursor_left(&path) > 0) {
		uint8_t type = cursor_u8(&path), count = cursor_u8(&path);

		if (type == BGP_SEGMENT_SET)
			climb->has_set = true;
		for (; count > 0; count--) {
			uint32_t asn = cursor_u32(&path);

			if (type == BGP_SEGMENT_SEQUENCE)
				climb_add(climb, asn);
		}
	}
}

static enum aspa_state decided(struct aspa_verdict *verdict, enum aspa_state state,
	enum aspa_reason reason, uint32_t customer, uint32_t provider)
{
	verdict->state = state;
	verdict->reason = reason;
	verdict->customer = customer;
	verdict->provider = provider;
	return state;
}

/* Sections 5.5 and 5.6, last steps. */
static enum aspa_state ramps_compare(const struct climb *climb, struct aspa_verdict *verdict)
{
	const struct ramp *up = &climb->up, *down = &climb->down;
	uint32_t n = climb->length;

	/* The up-ramp that ends at place p has the n - p + 1 ASes from there to the origin. */
	verdict->maximum_up = up->maximum == 0 ? n : n - up->maximum + 1;
	verdict->minimum_up = up->minimum == 0 ? n : n - up->minimum + 1;
	if (climb->down_too) {
		verdict->maximum_down = down->maximum == 0 ? n : down->maximum;
		verdict->minimum_down = down->minimum == 0 ? n : down->minimum;
	}
	if (verdict->maximum_up + verdict->maximum_down < n)
		return decided(verdict, ASPA_INVALID, ASPA_NOT_A_PROVIDER, up->no_customer,
			up->no_provider);
	if (verdict->minimum_up + verdict->minimum_down < n) {
		/* The certain up-ramp ends at a hop that says nothing, not at one that says no.
		 */
		bool climbing = up->minimum != up->maximum;

		return decided(verdict, ASPA_UNKNOWN, ASPA_NOT_ATTESTED,
			climbing ? up->silent_customer : down->silent_customer,
			climbing ? up->silent_provider : down->silent_provider);
	}
	return decided(verdict, ASPA_VALID, ASPA_ATTESTED, 0, 0);
}

enum aspa_state rpki_table_verify_path(const struct rpki_table *table,
	const struct bgp_attributes *attributes, enum aspa_direction direction,
	uint32_t neighbor_asn, struct aspa_verdict *ret_verdict)
{
	struct climb climb = { .merged = &table->merged,
		.down_too = direction == ASPA_DOWNSTREAM };
	struct aspa_verdict scratch, *verdict = ret_verdict == NULL ? &scratch : ret_verdict;

	climb_path(&climb, attributes);
	*verdict = (struct aspa_verdict){ .length = climb.length };
	if (climb.length == 0 && !climb.has_set)
		return decided(verdict, ASPA_INVALID, ASPA_EMPTY_PATH, 0, 0);
	if (neighbor_asn != 0 && climb.first != neighbor_asn)
		return decided(verdict, ASPA_INVALID, ASPA_WRONG_NEIGHBOR, 0, 0);
	if (climb.has_set)
		return decided(verdict, ASPA_INVALID, ASPA_SET_IN_PATH, 0, 0);
	return ramps_compare(&climb, verdict);
}

bool aspa_direction_of(uint8_t our_role, enum aspa_direction *ret_direction)
{
	/* A route server verifies what its clients send as a peer would (section 6.3). */
	switch (our_role) {
	case BGP_ROLE_CUSTOMER:
		*ret_direction = ASPA_DOWNSTREAM;
		return true;
	case BGP_ROLE_PROVIDER:
	case BGP_ROLE_PEER:
	case BGP_ROLE_ROUTE_SERVER:
	case BGP_ROLE_ROUTE_SERVER_CLIENT:
		*ret_direction = ASPA_UPSTREAM;
		return true;
	default:
		return false;
	}
}

const char *aspa_state_name(enum aspa_state state)
{
	static const char *const names[ASPA_STATES] = { "unknown", "valid", "invalid" };

	return names[state];
}

const char *aspa_reason_text(enum aspa_reason reason)
{
	static const char *const texts[ASPA_REASONS] = {
		[ASPA_ATTESTED] = "every hop that counts is attested",
		[ASPA_NOT_ATTESTED] = "an AS on the path has no ASPA",
		[ASPA_NOT_A_PROVIDER] =
			"the ASPA of an AS does not name the next AS as its provider",
		[ASPA_EMPTY_PATH] = "the AS path is empty",
		[ASPA_WRONG_NEIGHBOR] = "the AS path does not begin with the neighbour's AS",
		[ASPA_SET_IN_PATH] = "the AS path has an AS_SET",
		[ASPA_NO_RELATION] = "the relation of the neighbour is not configured",
	};

	return texts[reason];
}
