/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed in the RPKI table: prefixes whose VRPs in use changed, customers whose providers
 * did. A VRP says something about every route inside its prefix, so only the outermost of the
 * changed prefixes count.
 *
 * Invariants of a change that was taken (not of one that still grows):
 *  1. The prefixes of a family are sorted, and none is inside another.
 *  2. The customers are sorted and unique.
 *  3. Without memory a change says too much, never too little.
 */
#include <stdlib.h>

#include "route/rpki_internal.h"

#define CHANGE_MAX (2 * (size_t)RPKI_RECORDS_MAX)

void rpki_change_clear(struct rpki_change *change)
{
	for (int f = 0; f < RPKI_FAMILIES; f++)
		free(change->prefixes[f].items);
	free(change->customers);
	*change = (struct rpki_change){ 0 };
}

void rpki_change_free(struct rpki_change *change)
{
	if (change == NULL)
		return;
	rpki_change_clear(change);
	free(change);
}

bool rpki_change_empty(const struct rpki_change *change)
{
	return !change->everything && change->prefixes[RPKI_IPV4].count == 0 &&
	       change->prefixes[RPKI_IPV6].count == 0 && change->customer_count == 0;
}

void rpki_change_add(
	struct rpki_change *change, enum rpki_family family, const struct rpki_bits *bits)
{
	struct rpki_prefix_list *list = &change->prefixes[family];
	void *array = list->items;

	if (list->count > 0 && rpki_bits_contain(&list->items[list->count - 1], bits))
		return;
	if (rpki_grow(&array, list->count, &list->room, sizeof(*list->items), CHANGE_MAX) != 0)
		change->everything = true;
	else
		((struct rpki_bits *)array)[list->count++] = *bits;
	list->items = array;
}

void rpki_change_add_customer(struct rpki_change *change, uint32_t customer)
{
	void *array = change->customers;

	if (rpki_grow(&array, change->customer_count, &change->customer_room,
		    sizeof(*change->customers), CHANGE_MAX) != 0)
		change->everything = true;
	else
		((uint32_t *)array)[change->customer_count++] = customer;
	change->customers = array;
}

void rpki_change_move(struct rpki_change *to, struct rpki_change *from)
{
	if (rpki_change_empty(to)) {
		rpki_change_clear(to);
		*to = *from;
		*from = (struct rpki_change){ 0 };
		return;
	}
	for (int f = 0; f < RPKI_FAMILIES; f++)
		for (size_t i = 0; i < from->prefixes[f].count; i++)
			rpki_change_add(to, (enum rpki_family)f, &from->prefixes[f].items[i]);
	for (size_t i = 0; i < from->customer_count; i++)
		rpki_change_add_customer(to, from->customers[i]);
	to->everything |= from->everything;
	rpki_change_clear(from);
}

static int bits_compare(const void *a, const void *b)
{
	return rpki_bits_compare(a, b);
}

static void prefixes_settle(struct rpki_prefix_list *list)
{
	size_t kept = 0;

	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), bits_compare);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || !rpki_bits_contain(&list->items[kept - 1], &list->items[i]))
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static void customers_settle(struct rpki_change *change)
{
	size_t kept = 0;

	if (change->customer_count > 1)
		qsort(change->customers, change->customer_count, sizeof(*change->customers),
			rpki_compare_u32);
	for (size_t i = 0; i < change->customer_count; i++)
		if (kept == 0 || change->customers[kept - 1] != change->customers[i])
			change->customers[kept++] = change->customers[i];
	change->customer_count = kept;
}

bool rpki_table_changed(const struct rpki_table *table)
{
	return !rpki_change_empty(&table->change);
}

struct rpki_change *rpki_table_change_take(struct rpki_table *table)
{
	struct rpki_change *change;

	if (!rpki_table_changed(table))
		return NULL;
	change = malloc(sizeof(*change));
	if (change == NULL)
		return NULL;
	*change = table->change;
	table->change = (struct rpki_change){ 0 };
	for (int f = 0; f < RPKI_FAMILIES; f++)
		prefixes_settle(&change->prefixes[f]);
	customers_settle(change);
	return change;
}

bool rpki_change_covers(const struct rpki_change *change, const struct prefix *prefix)
{
	const struct rpki_prefix_list *list = &change->prefixes[rpki_family_of(prefix)];
	struct rpki_bits bits = rpki_bits_of(prefix);
	size_t low = 0, high = list->count;

	if (change->everything)
		return true;
	/* The last that is not behind: as none is inside another, only it can contain bits. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rpki_bits_compare(&list->items[middle], &bits) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && rpki_bits_contain(&list->items[low - 1], &bits);
}

bool rpki_change_concerns(const struct rpki_change *change, uint32_t asn)
{
	return change->everything ||
	       rpki_contains_u32(change->customers, change->customer_count, asn);
}

bool rpki_change_concerns_path(
	const struct rpki_change *change, const struct bgp_attributes *attributes)
{
	struct cursor path = cursor_of(attributes->as_path, attributes->as_path_size);

	if (change->everything || change->customer_count == 0)
		return change->everything;
	while (cursor_left(&path) > 0) {
		cursor_skip(&path, 1);
		for (unsigned left = cursor_u8(&path); left > 0; left--)
			if (rpki_change_concerns(change, cursor_u32(&path)))
				return true;
	}
	return false;
}

bool rpki_change_next(
	const struct rpki_change *change, size_t *position, struct prefix *ret_prefix)
{
	static const struct rpki_bits all = { 0, 0, 0 };
	size_t at = (*position)++;

	if (change->everything) {
		*ret_prefix = rpki_prefix_of((enum rpki_family)(at & 1), &all);
		return at < RPKI_FAMILIES;
	}
	for (int f = 0; f < RPKI_FAMILIES; at -= change->prefixes[f++].count)
		if (at < change->prefixes[f].count) {
			*ret_prefix = rpki_prefix_of(
				(enum rpki_family)f, &change->prefixes[f].items[at]);
			return true;
		}
	return false;
}

size_t rpki_change_prefixes(const struct rpki_change *change)
{
	return change->everything
		       ? RPKI_FAMILIES
		       : change->prefixes[RPKI_IPV4].count + change->prefixes[RPKI_IPV6].count;
}

size_t rpki_change_customers(const struct rpki_change *change)
{
	return change->customer_count;
}
