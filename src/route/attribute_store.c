/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned attribute sets: a slab of objects (route/attribute_object.h) and an open-addressing
 * table of references with their hashes. A set is built in its canonical form first; hash and
 * comparison look at bytes and at no fields.
 *
 * Invariants:
 *  1. No two objects in the table have the same value; equality of sets is equality of
 *     references.
 *  2. A set is in the table from the moment it is made until its last reference goes.
 *  3. There is always a free slot, so every search ends.
 *
 * The hash covers what a neighbour chooses freely, under the random seed of the store.
 */
#include "route/attribute_store.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN    16u
#define SCRATCH_SIZE 512u /* larger sets are built in the slab */

/* The hash of a slot without a set. */
enum slot_state {
	SLOT_FREE = 0,
	SLOT_GONE = 1,
};

/* ---- The table. ---- */

static size_t slot_first(const struct attribute_store *store, uint32_t hash)
{
	return (size_t)(((uint64_t)hash * store->slot_count) >> 32);
}

static size_t slot_after(const struct attribute_store *store, size_t slot)
{
	return slot + 1 == store->slot_count ? 0 : slot + 1;
}

static size_t slot_before(const struct attribute_store *store, size_t slot)
{
	return (slot == 0 ? store->slot_count : slot) - 1;
}

static bool slot_is(const struct attribute_slot *slot, enum slot_state state)
{
	return slot->set == ATTRIBUTE_SET_NONE && slot->hash == state;
}

static void slot_fill(struct attribute_store *store, attribute_set set, uint32_t hash)
{
	size_t slot = slot_first(store, hash);

	while (store->slots[slot].set != ATTRIBUTE_SET_NONE)
		slot = slot_after(store, slot);
	store->gone -= slot_is(&store->slots[slot], SLOT_GONE);
	store->slots[slot] = (struct attribute_slot){ set, hash };
	store->count++;
}

/* Move all sets to a table of this many slots. False: no memory, nothing changed. */
static bool table_resize(struct attribute_store *store, size_t slot_count)
{
	struct attribute_slot *old = store->slots, *slots = calloc(slot_count, sizeof(*slots));
	size_t old_count = store->slot_count;

	if (slots == NULL)
		return false;
	store->slots = slots;
	store->slot_count = slot_count;
	store->count = store->gone = 0;
	for (size_t i = 0; i < old_count; i++)
		if (old[i].set != ATTRIBUTE_SET_NONE)
			slot_fill(store, old[i].set, old[i].hash);
	free(old);
	return true;
}

static size_t slots_wanted(size_t sets)
{
	return sets < SLOTS_MIN / 2 ? SLOTS_MIN : sets + sets / 3 * 2;
}

/* Room for one more: one slot of six stays free, unless memory is short. */
static bool table_room(struct attribute_store *store)
{
	size_t taken = store->count + store->gone + 1;

	if (taken <= store->slot_count - store->slot_count / 6)
		return true;
	return table_resize(store, slots_wanted(store->count + 1)) || taken < store->slot_count;
}

static uint32_t hash_of(
	const struct attribute_store *store, const struct attribute_object *object, size_t size)
{
	return (uint32_t)hash_bytes(&store->seed,
		(const uint8_t *)object + ATTRIBUTE_OBJECT_VALUE,
		size - ATTRIBUTE_OBJECT_VALUE);
}

static attribute_set table_find(const struct attribute_store *store, uint32_t hash,
	const struct attribute_object *object, size_t size)
{
	const struct attribute_slot *slots = store->slots;

	if (store->slot_count == 0)
		return ATTRIBUTE_SET_NONE;
	for (size_t i = slot_first(store, hash); !slot_is(&slots[i], SLOT_FREE);
		i = slot_after(store, i))
		if (slots[i].hash == hash && slots[i].set != ATTRIBUTE_SET_NONE &&
			attribute_object_equal(
				object, attribute_store_object(store, slots[i].set), size))
			return slots[i].set;
	return ATTRIBUTE_SET_NONE;
}

static void slot_clear(struct attribute_store *store, size_t slot)
{
	struct attribute_slot *slots = store->slots;

	slots[slot] = (struct attribute_slot){ ATTRIBUTE_SET_NONE, SLOT_GONE };
	store->gone++;
	/* What no search has to go past is free again. */
	if (!slot_is(&slots[slot_after(store, slot)], SLOT_FREE))
		return;
	for (; slot_is(&slots[slot], SLOT_GONE); slot = slot_before(store, slot)) {
		slots[slot].hash = SLOT_FREE;
		store->gone--;
	}
}

/* ---- Sets. ---- */

void attribute_store_init(struct attribute_store *store, const struct hash_seed *seed)
{
	*store = (struct attribute_store){ .seed = *seed };
	hop_table_init(&store->hops, seed);
}

void attribute_store_clear(struct attribute_store *store)
{
	struct hash_seed seed = store->seed;

	slab_clear(&store->slab);
	free(store->slots);
	hop_table_clear(&store->hops);
	attribute_store_init(store, &seed);
}

/* Keep a new set: put it into the slab if it is not there yet, and into the table. */
static attribute_set keep(struct attribute_store *store, attribute_set set, uint32_t hash,
	const struct attribute_object *object, size_t size)
{
	if (!table_room(store))
		return ATTRIBUTE_SET_NONE;
	if (set == ATTRIBUTE_SET_NONE) {
		set = slab_take(&store->slab, size);
		if (set == ATTRIBUTE_SET_NONE)
			return ATTRIBUTE_SET_NONE;
		memcpy(attribute_store_object(store, set), object, size);
	}
	slot_fill(store, set, hash);
	return set;
}

/* The set with these attributes and the next hops of this number. */
static attribute_set intern(struct attribute_store *store,
	const struct bgp_attributes *attributes, uint32_t form, uint32_t hop, bool *ret_new)
{
	_Alignas(8) uint8_t scratch[SCRATCH_SIZE];
	struct attribute_object *object = (void *)scratch;
	attribute_set large = ATTRIBUTE_SET_NONE, found;
	size_t size = attribute_object_size(attributes, form);
	uint32_t hash;

	*ret_new = false;
	if (size > SCRATCH_SIZE) {
		large = slab_take(&store->slab, size);
		if (large == ATTRIBUTE_SET_NONE)
			return ATTRIBUTE_SET_NONE;
		object = attribute_store_object(store, large);
	}
	attribute_object_build(object, attributes, form, hop);
	hash = hash_of(store, object, size);
	found = attribute_store_hold(store, table_find(store, hash, object, size));
	if (found == ATTRIBUTE_SET_NONE) {
		found = keep(store, large, hash, object, size);
		*ret_new = found != ATTRIBUTE_SET_NONE;
	}
	if (found != large)
		slab_give(&store->slab, large);
	return found;
}

attribute_set attribute_store_intern(
	struct attribute_store *store, const struct bgp_attributes *attributes)
{
	uint32_t form = attribute_form(attributes), hop = HOP_NONE;
	attribute_set set;
	bool new;

	if (attribute_form_has_hop(form)) {
		hop = hop_table_take(
			&store->hops, &attributes->next_hop, &attributes->next_hop_link_local);
		if (hop == HOP_NONE)
			return ATTRIBUTE_SET_NONE;
	}
	set = intern(store, attributes, form, hop, &new);
	/* One reference is for the set, however often it is asked for. */
	if (!new)
		hop_table_give(&store->hops, hop);
	return set;
}

void attribute_store_forget(struct attribute_store *store, attribute_set set)
{
	const struct attribute_object *object = attribute_store_object(store, set);
	size_t slot =
		slot_first(store, hash_of(store, object, attribute_object_length(object)));

	while (store->slots[slot].set != set)
		slot = slot_after(store, slot);
	slot_clear(store, slot);
	store->count--;
	hop_table_give(&store->hops, attribute_object_hop(object));
	slab_give(&store->slab, set);
	if (store->slot_count > SLOTS_MIN && store->count < store->slot_count / 8)
		(void)table_resize(store, slots_wanted(store->count));
}

size_t attribute_store_bytes(const struct attribute_store *store)
{
	return slab_bytes(&store->slab) + store->slot_count * sizeof(*store->slots);
}
