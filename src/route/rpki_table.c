/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RPKI table: what all sources have, merged; local exceptions; origin validation.
 *
 *     batch of a source --+
 *     use these sources --+--> one pass over all --> new arrays, and what flipped --> change
 *     local exceptions  --+
 *
 * Invariants:
 *  1. A function that fails has changed nothing: new arrays replace the old ones when all of
 *     them are there.
 *  2. What is in use is what an assertion has, or a source in use has and no filter matches.
 *  3. table->change has every prefix and customer for which (2) changed since it was taken.
 *
 * RFC 6811 section 2; RFC 6483 section 4; RFC 8210 section 10; RFC 8416 sections 3 and 4.
 */
#include <stdlib.h>
#include <string.h>

#include "route/rpki_internal.h"

struct rpki_table *rpki_table_new(void)
{
	struct rpki_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->vrps[RPKI_IPV6].family = RPKI_IPV6;
	return table;
}

static void filters_clear(struct rpki_filters *filters)
{
	for (int f = 0; f < RPKI_FAMILIES; f++)
		free(filters->items[f]);
	free(filters->asns);
	*filters = (struct rpki_filters){ 0 };
}

void rpki_table_free(struct rpki_table *table)
{
	if (table == NULL)
		return;
	for (int f = 0; f < RPKI_FAMILIES; f++)
		rpki_vrps_clear(&table->vrps[f]);
	rpki_aspas_clear(&table->raw);
	rpki_aspas_clear(&table->merged);
	filters_clear(&table->filters);
	free(table->aspa_filters);
	rpki_change_clear(&table->change);
	free(table);
}

/* ---- Changing all of it. ---- */

/* What will be true after the change. */
struct plan {
	const struct rpki_batch *batch; /* sorted; NULL: no records */
	uint16_t bit;
	bool replace;
	const struct rpki_filters *filters;
	const uint32_t *aspa_filters;
	size_t aspa_filter_count;
	uint16_t use;
};

static struct plan plan_of(const struct rpki_table *table)
{
	return (struct plan){ .filters = &table->filters,
		.aspa_filters = table->aspa_filters,
		.aspa_filter_count = table->aspa_filter_count,
		.use = table->use };
}

/* Everything that a change makes, until it takes the place of the old. */
struct making {
	struct rpki_vrps vrps[RPKI_FAMILIES];
	struct rpki_aspas raw, merged;
	struct rpki_change change;
};

static void making_clear(struct making *making)
{
	for (int f = 0; f < RPKI_FAMILIES; f++)
		rpki_vrps_clear(&making->vrps[f]);
	rpki_aspas_clear(&making->raw);
	rpki_aspas_clear(&making->merged);
	rpki_change_clear(&making->change);
}

static int make(const struct rpki_table *table, const struct plan *plan, struct making *making,
	struct rpki_conflict *conflict)
{
	struct rpki_aspa_pass aspa_pass = { plan->batch, plan->bit, plan->replace };
	int r = 0;

	for (int f = 0; f < RPKI_FAMILIES && r == 0; f++) {
		struct rpki_pass pass = { .bit = plan->bit,
			.replace = plan->replace,
			.filters = plan->filters,
			.use_before = table->use,
			.use_after = plan->use };

		if (plan->batch != NULL) {
			pass.records = plan->batch->records[f];
			pass.record_count = plan->batch->count[f];
		}
		r = rpki_vrps_pass(
			&table->vrps[f], &pass, &making->vrps[f], &making->change, conflict);
	}
	if (r == 0)
		r = rpki_aspas_pass(&table->raw, &aspa_pass, &making->raw, conflict);
	if (r == 0)
		r = rpki_aspas_merge(&making->raw, plan->use, plan->aspa_filters,
			plan->aspa_filter_count, &making->merged);
	if (r == 0)
		rpki_aspas_compare(&table->merged, &making->merged, &making->change);
	return r;
}

static int carry_out(
	struct rpki_table *table, const struct plan *plan, struct rpki_conflict *conflict)
{
	struct making making = { 0 };
	int r = make(table, plan, &making, conflict);

	if (r != 0) {
		making_clear(&making);
		return r;
	}
	for (int f = 0; f < RPKI_FAMILIES; f++) {
		rpki_vrps_clear(&table->vrps[f]);
		table->vrps[f] = making.vrps[f];
	}
	rpki_aspas_clear(&table->raw);
	rpki_aspas_clear(&table->merged);
	table->raw = making.raw;
	table->merged = making.merged;
	table->use = plan->use;
	rpki_change_move(&table->change, &making.change);
	return 0;
}

int rpki_table_apply(struct rpki_table *table, unsigned source, struct rpki_batch *batch,
	enum rpki_apply how, struct rpki_conflict *ret_conflict)
{
	struct plan plan = plan_of(table);

	if (source >= RPKI_SOURCES_MAX)
		return ERROR_FULL;
	if (how == RPKI_DELTA && rpki_batch_count(batch) == 0)
		return 0;
	if (rpki_batch_sort(batch) != 0)
		return ERROR_MEMORY;
	plan.batch = batch;
	plan.bit = mask_of(source);
	plan.replace = how == RPKI_REPLACE;
	return carry_out(table, &plan, ret_conflict);
}

int rpki_table_clear(struct rpki_table *table, unsigned source)
{
	struct plan plan = plan_of(table);

	if (source >= RPKI_SOURCES_MAX)
		return 0;
	plan.bit = mask_of(source);
	plan.replace = true;
	return carry_out(table, &plan, NULL);
}

int rpki_table_use(struct rpki_table *table, uint32_t sources)
{
	struct plan plan = plan_of(table);

	plan.use = (uint16_t)((sources & ((1u << RPKI_SOURCES_MAX) - 1)) << 1);
	return plan.use == table->use ? 0 : carry_out(table, &plan, NULL);
}

/* ---- Local exceptions. ---- */

static int filter_compare(const void *left, const void *right)
{
	const struct rpki_filter_item *a = left, *b = right;

	return rpki_bits_compare(&a->bits, &b->bits);
}

static int filters_make(const struct rpki_exceptions *exceptions, struct rpki_filters *filters)
{
	size_t count = exceptions->filter_count;

	for (int f = 0; f < RPKI_FAMILIES; f++)
		filters->items[f] = calloc(count + 1, sizeof(*filters->items[f]));
	filters->asns = calloc(count + 1, sizeof(*filters->asns));
	if (filters->items[0] == NULL || filters->items[1] == NULL || filters->asns == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const struct rpki_filter *filter = &exceptions->filters[i];
		enum rpki_family family;

		if (!filter->has_prefix) {
			if (filter->has_asn)
				filters->asns[filters->asn_count++] = filter->asn;
			continue;
		}
		family = rpki_family_of(&filter->prefix);
		filters->items[family][filters->count[family]++] =
			(struct rpki_filter_item){ rpki_bits_of(&filter->prefix), filter->asn,
				filter->has_asn };
	}
	for (int f = 0; f < RPKI_FAMILIES; f++)
		qsort(filters->items[f], filters->count[f], sizeof(*filters->items[f]),
			filter_compare);
	qsort(filters->asns, filters->asn_count, sizeof(*filters->asns), rpki_compare_u32);
	return 0;
}

static bool vrp_repeats(const struct rpki_record *a, const struct rpki_record *b)
{
	return a->high == b->high && a->low == b->low && a->length == b->length &&
	       a->max_length == b->max_length && a->asn == b->asn;
}

/* An operator may assert the same thing twice; a cache may not. */
static void assertions_unique(struct rpki_batch *batch)
{
	for (int f = 0; f < RPKI_FAMILIES; f++) {
		struct rpki_record *records = batch->records[f];
		size_t kept = 0;

		for (size_t i = 0; i < batch->count[f]; i++)
			if (kept == 0 || !vrp_repeats(&records[kept - 1], &records[i]))
				records[kept++] = records[i];
		batch->count[f] = kept;
	}
}

static int assertions_make(const struct rpki_exceptions *exceptions, struct rpki_batch *batch)
{
	int r = 0;

	for (size_t i = 0; i < exceptions->assertion_count && r == 0; i++)
		r = rpki_batch_vrp(batch, true, &exceptions->assertions[i]);
	for (size_t i = 0; i < exceptions->aspa_assertion_count && r == 0; i++) {
		const struct rpki_aspa_assertion *a = &exceptions->aspa_assertions[i];

		r = rpki_batch_aspa(
			batch, true, FAMILY_NONE, a->customer, a->providers, a->count);
	}
	if (r == 0)
		r = rpki_batch_sort(batch);
	if (r == 0)
		assertions_unique(batch);
	return r;
}

static int exceptions_make(const struct rpki_exceptions *exceptions, struct rpki_batch *batch,
	struct rpki_filters *filters, uint32_t **ret_aspa_filters)
{
	size_t count = exceptions->aspa_filter_count;
	int r;

	if (exceptions->filter_count > RPKI_EXCEPTIONS_MAX ||
		exceptions->assertion_count > RPKI_EXCEPTIONS_MAX ||
		exceptions->aspa_assertion_count > RPKI_EXCEPTIONS_MAX ||
		count > RPKI_EXCEPTIONS_MAX)
		return ERROR_FULL;
	*ret_aspa_filters = calloc(count + 1, sizeof(**ret_aspa_filters));
	if (*ret_aspa_filters == NULL)
		return ERROR_MEMORY;
	if (count > 0)
		memcpy(*ret_aspa_filters, exceptions->aspa_filters,
			count * sizeof(**ret_aspa_filters));
	qsort(*ret_aspa_filters, count, sizeof(**ret_aspa_filters), rpki_compare_u32);
	r = filters_make(exceptions, filters);
	return r == 0 ? assertions_make(exceptions, batch) : r;
}

int rpki_table_except(struct rpki_table *table, const struct rpki_exceptions *exceptions)
{
	static const struct rpki_exceptions none = { 0 };
	struct rpki_batch *batch = rpki_batch_new();
	struct rpki_filters filters = { 0 };
	struct plan plan = plan_of(table);
	uint32_t *aspa_filters = NULL;
	int r = ERROR_MEMORY;

	if (exceptions == NULL)
		exceptions = &none;
	if (batch != NULL)
		r = exceptions_make(exceptions, batch, &filters, &aspa_filters);
	if (r == 0) {
		plan.batch = batch;
		plan.bit = MASK_ASSERTED;
		plan.replace = true;
		plan.filters = &filters;
		plan.aspa_filters = aspa_filters;
		plan.aspa_filter_count = exceptions->aspa_filter_count;
		r = carry_out(table, &plan, NULL);
	}
	rpki_batch_free(batch);
	if (r != 0) {
		filters_clear(&filters);
		free(aspa_filters);
		return r;
	}
	filters_clear(&table->filters);
	free(table->aspa_filters);
	table->filters = filters;
	table->aspa_filters = aspa_filters;
	table->aspa_filter_count = exceptions->aspa_filter_count;
	return 0;
}

/* ---- Origin validation. ---- */

uint32_t rpki_origin(const struct bgp_attributes *attributes, uint32_t own_asn)
{
	struct cursor path = cursor_of(attributes->as_path, attributes->as_path_size);
	uint32_t origin = own_asn;

	while (cursor_left(&path) > 0) {
		uint8_t type = cursor_u8(&path), count = cursor_u8(&path);
		uint32_t last = 0;

		for (; count > 0; count--)
			last = cursor_u32(&path);
		origin = own_asn;
		if (type == BGP_SEGMENT_SEQUENCE)
			origin = last;
		else if (type == BGP_SEGMENT_SET)
			origin = 0;
	}
	return origin;
}

static struct rpki_vrp vrp_at(const struct rpki_vrps *vrps, size_t i)
{
	struct rpki_bits bits = rpki_vrps_bits(vrps, i);

	return (struct rpki_vrp){ rpki_prefix_of((enum rpki_family)vrps->family, &bits),
		vrps->rest[i].max_length, vrps->rest[i].asn };
}

/* A covering VRP that does not match: which is the better reason to tell. */
static enum rpki_reason mismatch(const struct rpki_rest *rest, uint32_t origin)
{
	if (rest->asn == 0)
		return RPKI_AS0;
	if (origin == 0)
		return RPKI_NO_ORIGIN;
	return rest->asn == origin ? RPKI_TOO_SPECIFIC : RPKI_WRONG_ORIGIN;
}

static bool reason_better(enum rpki_reason reason, enum rpki_reason than)
{
	static const uint8_t rank[RPKI_REASONS] = {
		[RPKI_NOT_COVERED] = 0,
		[RPKI_AS0] = 1,
		[RPKI_WRONG_ORIGIN] = 2,
		[RPKI_NO_ORIGIN] = 2,
		[RPKI_TOO_SPECIFIC] = 3,
		[RPKI_MATCHED] = 4,
	};

	return rank[reason] > rank[than];
}

enum rpki_state rpki_table_validate(const struct rpki_table *table, const struct prefix *prefix,
	uint32_t origin, struct rpki_verdict *ret_verdict)
{
	const struct rpki_vrps *vrps = &table->vrps[rpki_family_of(prefix)];
	struct rpki_bits bits = rpki_bits_of(prefix);
	enum rpki_reason reason = RPKI_NOT_COVERED;
	unsigned covering = 0;
	size_t decisive = 0;
	uint32_t at = rpki_vrps_find(vrps, &bits);

	while (at != 0 && reason != RPKI_MATCHED) {
		struct rpki_bits around = rpki_vrps_bits(vrps, at - 1);
		uint32_t parent = vrps->rest[at - 1].parent;

		if (!rpki_bits_contain(&around, &bits)) {
			at = parent;
			continue;
		}
		/* All entries of this prefix stand side by side, and at is the last of them. */
		for (size_t i = at; i-- > parent;) {
			const struct rpki_rest *rest = &vrps->rest[i];
			enum rpki_reason mine;

			if (rest->length != around.length || vrps->high[i] != around.high ||
				(vrps->low != NULL && vrps->low[i] != around.low))
				break;
			if (!mask_active(rest->mask, table->use))
				continue;
			covering++;
			mine = rest->asn == origin && origin != 0 &&
					       bits.length <= rest->max_length
				       ? RPKI_MATCHED
				       : mismatch(rest, origin);
			if (reason_better(mine, reason)) {
				reason = mine;
				decisive = i;
			}
			if (reason == RPKI_MATCHED)
				break;
		}
		at = parent;
	}
	if (ret_verdict != NULL) {
		*ret_verdict = (struct rpki_verdict){ .reason = reason, .covering = covering };
		if (reason != RPKI_NOT_COVERED)
			ret_verdict->vrp = vrp_at(vrps, decisive);
		ret_verdict->state = reason == RPKI_NOT_COVERED ? RPKI_NOT_FOUND
				     : reason == RPKI_MATCHED   ? RPKI_VALID
								: RPKI_INVALID;
	}
	if (reason == RPKI_NOT_COVERED)
		return RPKI_NOT_FOUND;
	return reason == RPKI_MATCHED ? RPKI_VALID : RPKI_INVALID;
}

void rpki_table_covering(const struct rpki_table *table, const struct prefix *prefix,
	rpki_vrp_callback *callback, void *context)
{
	const struct rpki_vrps *vrps = &table->vrps[rpki_family_of(prefix)];
	struct rpki_bits bits = rpki_bits_of(prefix);

	for (uint32_t at = rpki_vrps_find(vrps, &bits); at != 0;
		at = vrps->rest[at - 1].parent) {
		struct rpki_bits around = rpki_vrps_bits(vrps, at - 1);
		uint32_t parent = vrps->rest[at - 1].parent;

		if (!rpki_bits_contain(&around, &bits))
			continue;
		for (size_t i = at; i-- > parent;) {
			struct rpki_bits mine = rpki_vrps_bits(vrps, i);
			struct rpki_vrp vrp = vrp_at(vrps, i);

			if (rpki_bits_compare(&mine, &around) != 0)
				break;
			if (mask_active(vrps->rest[i].mask, table->use) &&
				!callback(context, &vrp))
				return;
		}
	}
}

/* ---- Looking in. ---- */

void rpki_table_counts(const struct rpki_table *table, struct rpki_counts *ret_counts)
{
	size_t active[RPKI_FAMILIES] = { 0 };

	*ret_counts = (struct rpki_counts){ .customers = table->merged.count };
	for (int f = 0; f < RPKI_FAMILIES; f++) {
		const struct rpki_vrps *vrps = &table->vrps[f];

		for (size_t i = 0; i < vrps->count; i++) {
			uint16_t mask = vrps->rest[i].mask;

			active[f] += mask_active(mask, table->use);
			ret_counts->asserted += (mask & MASK_ASSERTED) != 0;
			ret_counts->filtered += (mask & MASK_FILTERED) != 0 &&
						(mask & table->use) != 0 &&
						(mask & MASK_ASSERTED) == 0;
		}
		ret_counts->bytes += rpki_vrps_bytes(vrps);
	}
	ret_counts->vrps_ipv4 = active[RPKI_IPV4];
	ret_counts->vrps_ipv6 = active[RPKI_IPV6];
	ret_counts->bytes +=
		(table->raw.count + table->merged.count) * sizeof(struct rpki_aspa) +
		(table->raw.provider_count + table->merged.provider_count) * sizeof(uint32_t);
}

void rpki_table_source_counts(const struct rpki_table *table, unsigned source, size_t *ret_ipv4,
	size_t *ret_ipv6, size_t *ret_aspas)
{
	uint16_t bit = source < RPKI_SOURCES_MAX ? mask_of(source) : 0;
	size_t counts[RPKI_FAMILIES] = { 0 };

	for (int f = 0; f < RPKI_FAMILIES; f++)
		for (size_t i = 0; i < table->vrps[f].count; i++)
			counts[f] += (table->vrps[f].rest[i].mask & bit) != 0;
	*ret_ipv4 = counts[RPKI_IPV4];
	*ret_ipv6 = counts[RPKI_IPV6];
	*ret_aspas = 0;
	for (size_t i = 0; i < table->raw.count; i++)
		*ret_aspas += table->raw.items[i].bit == bit;
}

const char *rpki_state_name(enum rpki_state state)
{
	static const char *const names[RPKI_STATES] = { "not-found", "valid", "invalid" };

	return names[state];
}

const char *rpki_reason_text(enum rpki_reason reason)
{
	static const char *const texts[RPKI_REASONS] = {
		[RPKI_NOT_COVERED] = "no ROA covers the prefix",
		[RPKI_MATCHED] = "a ROA allows this origin and length",
		[RPKI_TOO_SPECIFIC] = "the ROA of this origin does not allow so long a prefix",
		[RPKI_WRONG_ORIGIN] = "ROAs cover the prefix, for other origins",
		[RPKI_NO_ORIGIN] = "ROAs cover the prefix, and the AS path ends in an AS_SET",
		[RPKI_AS0] = "a ROA says that nobody may announce the prefix (AS 0)",
	};

	return texts[reason];
}
