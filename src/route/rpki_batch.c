/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: what a cache says between Cache Response and End of Data, kept until it is complete.
 *
 * Invariants:
 *  1. Records are in their order of arrival until rpki_batch_sort.
 *  2. The providers of an ASPA record are sorted and unique.
 */
#include <stdlib.h>
#include <string.h>

#include "route/rpki_internal.h"

int rpki_grow(void **array, size_t count, size_t *room, size_t size, size_t most)
{
	size_t wanted = *room == 0 ? 64 : *room * 2;
	void *larger;

	if (count < *room)
		return 0;
	if (count >= most)
		return ERROR_FULL;
	larger = realloc(*array, wanted * size);
	if (larger == NULL)
		return ERROR_MEMORY;
	*array = larger;
	*room = wanted;
	return 0;
}

struct rpki_batch *rpki_batch_new(void)
{
	return calloc(1, sizeof(struct rpki_batch));
}

void rpki_batch_free(struct rpki_batch *batch)
{
	if (batch == NULL)
		return;
	for (int f = 0; f < RPKI_FAMILIES; f++)
		free(batch->records[f]);
	free(batch->aspas);
	free(batch->providers);
	free(batch);
}

size_t rpki_batch_count(const struct rpki_batch *batch)
{
	return batch->count[RPKI_IPV4] + batch->count[RPKI_IPV6] + batch->aspa_count;
}

int rpki_batch_vrp(struct rpki_batch *batch, bool announce, const struct rpki_vrp *vrp)
{
	enum rpki_family family = rpki_family_of(&vrp->prefix);
	struct rpki_bits bits = rpki_bits_of(&vrp->prefix);
	void *array = batch->records[family];
	size_t count = batch->count[family];
	int r;

	if (vrp->max_length < vrp->prefix.length ||
		vrp->max_length > family_bits(vrp->prefix.address.family))
		return ERROR_RANGE;
	r = rpki_grow(&array, count, &batch->room[family], sizeof(struct rpki_record),
		RPKI_RECORDS_MAX);
	batch->records[family] = array;
	if (r != 0)
		return r;
	batch->records[family][count] = (struct rpki_record){ .high = bits.high,
		.low = bits.low,
		.length = bits.length,
		.asn = vrp->asn,
		.max_length = vrp->max_length,
		.announce = announce,
		.sequence = (uint32_t)count };
	batch->count[family]++;
	return 0;
}

/* Copies, sorts and leaves out doubles. Gives how many are left, or an error. */
static int providers_add(struct rpki_batch *batch, const uint32_t *providers, size_t count)
{
	size_t kept = 0;
	uint32_t *to;

	for (size_t i = 0; i < count; i++) {
		void *array = batch->providers;
		int r = rpki_grow(&array, batch->provider_count + i, &batch->provider_room,
			sizeof(uint32_t), (size_t)RPKI_RECORDS_MAX * 4);

		batch->providers = array;
		if (r != 0)
			return r;
		batch->providers[batch->provider_count + i] = providers[i];
	}
	if (count == 0)
		return 0;
	to = batch->providers + batch->provider_count;
	qsort(to, count, sizeof(*to), rpki_compare_u32);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || to[kept - 1] != to[i])
			to[kept++] = to[i];
	batch->provider_count += kept;
	return (int)kept;
}

int rpki_batch_aspa(struct rpki_batch *batch, bool announce, enum family family,
	uint32_t customer, const uint32_t *providers, size_t count)
{
	void *array = batch->aspas;
	uint32_t first = (uint32_t)batch->provider_count;
	int r;

	if (count > RPKI_PROVIDERS_MAX)
		return ERROR_FULL;
	r = rpki_grow(&array, batch->aspa_count, &batch->aspa_room,
		sizeof(struct rpki_aspa_record), RPKI_CUSTOMERS_MAX);
	batch->aspas = array;
	if (r == 0)
		r = providers_add(batch, providers, count);
	if (r < 0)
		return r;
	batch->aspas[batch->aspa_count] = (struct rpki_aspa_record){ .customer = customer,
		.sequence = (uint32_t)batch->aspa_count,
		.first = first,
		.count = (uint32_t)r,
		.family = (uint8_t)family,
		.announce = announce };
	batch->aspa_count++;
	return 0;
}

static int record_compare(const void *left, const void *right)
{
	const struct rpki_record *a = left, *b = right;

	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	if (a->max_length != b->max_length)
		return a->max_length < b->max_length ? -1 : 1;
	if (a->asn != b->asn)
		return a->asn < b->asn ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static int aspa_compare(const void *left, const void *right)
{
	const struct rpki_aspa_record *a = left, *b = right;

	if (a->customer != b->customer)
		return a->customer < b->customer ? -1 : 1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static bool records_sorted(const struct rpki_record *records, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (record_compare(&records[i - 1], &records[i]) > 0)
			return false;
	return true;
}

/* Into buckets, then each for itself: several times faster than one sort of all. */
static int records_sort(struct rpki_batch *batch, enum rpki_family family)
{
	struct rpki_record *from = batch->records[family], *to;
	size_t count = batch->count[family];
	uint32_t *ends;

	if (records_sorted(from, count))
		return 0;
	to = malloc(batch->room[family] * sizeof(*to));
	ends = calloc(RPKI_BUCKETS + 1, sizeof(*ends));
	if (to == NULL || ends == NULL) {
		free(to);
		free(ends);
		return ERROR_MEMORY;
	}
	for (size_t i = 0; i < count; i++)
		ends[rpki_bucket(family, from[i].high) + 1]++;
	for (size_t b = 1; b <= RPKI_BUCKETS; b++)
		ends[b] += ends[b - 1];
	/* ends[b] is where bucket b begins, and where it ends when it is filled. */
	for (size_t i = 0; i < count; i++)
		to[ends[rpki_bucket(family, from[i].high)]++] = from[i];
	for (size_t b = 0, start = 0; b < RPKI_BUCKETS; start = ends[b++])
		if (ends[b] - start > 1)
			qsort(to + start, ends[b] - start, sizeof(*to), record_compare);
	free(ends);
	free(from);
	batch->records[family] = to;
	return 0;
}

int rpki_batch_sort(struct rpki_batch *batch)
{
	if (batch->aspa_count > 1)
		qsort(batch->aspas, batch->aspa_count, sizeof(*batch->aspas), aspa_compare);
	for (int f = 0; f < RPKI_FAMILIES; f++)
		if (records_sort(batch, (enum rpki_family)f) != 0)
			return ERROR_MEMORY;
	return 0;
}
