/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adj-RIB-out: what one neighbour holds from us, what it should hold, and the UPDATEs between.
 *
 * An entry is clean (sent is what is wanted) or dirty (in a list, with `wanted`). Nothing is
 * queued as bytes: output is made from the dirty list when the socket has room, so a change
 * that is overtaken by a newer one before it was sent is never sent at all.
 *
 * Invariants:
 *  1. pending[f] is the length of dirty[f]; sent[f] counts entries with sent != NULL.
 *  2. A clean entry has sent != NULL; what is neither sent nor dirty does not exist.
 *  3. Each entry holds one reference to sent and, while dirty, one to wanted.
 *
 * Order of output: RFC 7313 begin markers, withdrawals, routes packed by attribute set,
 * end-of-RIB (RFC 4724) and end markers when a family has nothing left.
 */
#include <stdlib.h>

#include "route/speaker_internal.h"

#define PACK_MAX 1024u /* prefixes tried for one message */
#define SCAN_MAX 4096u /* dirty entries looked at for one message */

void adj_out_init(struct adj_out *adj_out)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		list_init(&adj_out->dirty[f]);
}

static struct adj_out_entry *entry_find(
	const struct neighbor *neighbor, const struct prefix *prefix, uint64_t hash)
{
	for (struct hash_node *node = hash_first(&neighbor->adj_out.table, hash); node != NULL;
		node = hash_next(node)) {
		struct adj_out_entry *entry = container_of(node, struct adj_out_entry, node);

		if (prefix_equal(&entry->prefix, prefix))
			return entry;
	}
	return NULL;
}

static struct adj_out_entry *entry_new(
	struct neighbor *neighbor, const struct prefix *prefix, uint64_t hash)
{
	struct adj_out_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL || hash_insert(&neighbor->adj_out.table, &entry->node, hash) != 0) {
		free(entry);
		return NULL;
	}
	entry->prefix = *prefix;
	list_init(&entry->dirty);
	return entry;
}

static bool entry_dirty(const struct adj_out_entry *entry)
{
	return !list_empty(&entry->dirty);
}

/* Takes over the reference to wanted. */
static void dirty_set(
	struct neighbor *neighbor, struct adj_out_entry *entry, struct attribute_set *wanted)
{
	enum bgp_family family = prefix_family(&entry->prefix);

	if (entry_dirty(entry)) {
		attribute_set_release(neighbor->speaker, entry->wanted);
	} else {
		list_append(&neighbor->adj_out.dirty[family], &entry->dirty);
		neighbor->adj_out.pending[family]++;
	}
	entry->wanted = wanted;
}

/* Leaves entry->wanted to the caller. */
static void dirty_clear(struct neighbor *neighbor, struct adj_out_entry *entry)
{
	if (!entry_dirty(entry))
		return;
	list_remove(&entry->dirty);
	neighbor->adj_out.pending[prefix_family(&entry->prefix)]--;
	entry->again = false;
}

static void entry_free(struct neighbor *neighbor, struct adj_out_entry *entry)
{
	struct adj_out *adj_out = &neighbor->adj_out;

	if (entry_dirty(entry))
		attribute_set_release(neighbor->speaker, entry->wanted);
	dirty_clear(neighbor, entry);
	if (entry->sent != NULL)
		adj_out->sent[prefix_family(&entry->prefix)]--;
	attribute_set_release(neighbor->speaker, entry->sent);
	hash_remove(&adj_out->table, &entry->node);
	free(entry);
}

/* What the neighbour should hold; NULL: nothing. */
static struct attribute_set *wanted_set(struct neighbor *neighbor, const struct prefix *prefix)
{
	struct speaker *speaker = neighbor->speaker;
	const struct local_entry *local = local_rib_find(speaker, prefix);
	struct bgp_attributes attributes;
	struct attribute_set *set = NULL;

	if (local == NULL || speaker->stopped || !export_wanted(neighbor, &local->route))
		return NULL;
	if (export_attributes(neighbor, &local->route, &attributes) == 0)
		set = attribute_set_intern(speaker, &attributes);
	arena_reset(&speaker->scratch);
	return set;
}

static void entry_update(struct neighbor *neighbor, const struct prefix *prefix, bool again)
{
	uint64_t hash = prefix_hash(neighbor->speaker, prefix);
	struct adj_out_entry *entry = entry_find(neighbor, prefix, hash);
	struct attribute_set *wanted = wanted_set(neighbor, prefix);

	if (entry == NULL) {
		if (wanted == NULL)
			return;
		entry = entry_new(neighbor, prefix, hash);
		if (entry == NULL) {
			attribute_set_release(neighbor->speaker, wanted);
			return;
		}
	}
	entry->again |= again && wanted != NULL;
	if (wanted != entry->sent || entry->again) {
		dirty_set(neighbor, entry, wanted);
		return;
	}
	/* What is wanted is what the neighbour holds already. */
	attribute_set_release(neighbor->speaker, wanted);
	if (entry_dirty(entry))
		attribute_set_release(neighbor->speaker, entry->wanted);
	dirty_clear(neighbor, entry);
	if (entry->sent == NULL)
		entry_free(neighbor, entry);
}

void adj_out_update(struct neighbor *neighbor, const struct prefix *prefix, struct instant now)
{
	(void)now;
	if (neighbor->live == NULL)
		return;
	entry_update(neighbor, prefix, false);
	if (adj_out_pending(neighbor))
		connection_wake(neighbor->live);
}

void adj_out_all(
	struct neighbor *neighbor, enum bgp_family family, bool again, struct instant now)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	(void)now;
	if (neighbor->live == NULL)
		return;
	while ((node = hash_iterate(&neighbor->speaker->local, &iterator)) != NULL) {
		struct local_entry *local = container_of(node, struct local_entry, node);

		if (prefix_family(&local->prefix) == family)
			entry_update(neighbor, &local->prefix, again);
	}
	if (adj_out_pending(neighbor))
		connection_wake(neighbor->live);
}

void adj_out_clear(struct neighbor *neighbor)
{
	struct adj_out *adj_out = &neighbor->adj_out;
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&adj_out->table, &iterator)) != NULL)
		entry_free(neighbor, container_of(node, struct adj_out_entry, node));
	hash_table_clear(&adj_out->table);
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		adj_out->end_of_rib_due[f] = adj_out->end_of_rib_sent[f] = false;
		adj_out->refresh_begin_due[f] = adj_out->refresh_end_due[f] = false;
	}
}

static bool end_of_rib_ready(const struct neighbor *neighbor, int family)
{
	return neighbor->adj_out.end_of_rib_due[family] && !neighbor->speaker->end_of_rib_held;
}

bool adj_out_pending(const struct neighbor *neighbor)
{
	const struct adj_out *adj_out = &neighbor->adj_out;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (adj_out->pending[f] > 0 || end_of_rib_ready(neighbor, f) ||
			adj_out->refresh_begin_due[f] || adj_out->refresh_end_due[f])
			return true;
	return false;
}

/* ---- Output. ---- */

/* Up to PACK_MAX dirty entries of the family that share `wanted`. */
struct pack {
	struct bgp_route_key keys[PACK_MAX];
	struct adj_out_entry *entries[PACK_MAX];
	size_t count;
};

static void pack_collect(struct neighbor *neighbor, enum bgp_family family,
	const struct attribute_set *wanted, struct pack *pack)
{
	unsigned looked_at = 0;

	pack->count = 0;
	list_for_each(node, &neighbor->adj_out.dirty[family]) {
		struct adj_out_entry *entry = container_of(node, struct adj_out_entry, dirty);

		if (pack->count == PACK_MAX || looked_at++ == SCAN_MAX)
			break;
		if (entry->wanted != wanted)
			continue;
		pack->keys[pack->count] = (struct bgp_route_key){ .prefix = entry->prefix };
		pack->entries[pack->count++] = entry;
	}
}

/* The neighbour will hold what was wanted. */
static void entry_sent(
	struct neighbor *neighbor, struct adj_out_entry *entry, struct instant now)
{
	enum bgp_family family = prefix_family(&entry->prefix);
	struct prefix prefix = entry->prefix;
	bool withdrawn = entry->wanted == NULL;

	dirty_clear(neighbor, entry);
	if (withdrawn) {
		entry_free(neighbor, entry);
	} else {
		if (entry->sent == NULL)
			neighbor->adj_out.sent[family]++;
		attribute_set_release(neighbor->speaker, entry->sent);
		entry->sent = entry->wanted;
		entry->wanted = NULL;
		entry->since = now;
	}
	neighbor_event(neighbor, (struct speaker_event){ .type = withdrawn ? SPEAKER_WITHDRAWN
									   : SPEAKER_ANNOUNCED,
					 .prefix = prefix,
					 .reason = "" });
}

/* One message of withdrawals or of one attribute set. False: no room, or nothing to do. */
static bool message_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family,
	struct attribute_set *wanted, struct instant now)
{
	const struct bgp_context *context = &neighbor->live->context;
	struct pack pack;
	size_t written = 0;
	int r;

	pack_collect(neighbor, family, wanted, &pack);
	if (pack.count == 0)
		return false;
	r = wanted == NULL
		    ? bgp_withdraw_write(w, context, family, pack.keys, pack.count, &written)
		    : bgp_update_write(w, context, family, &wanted->attributes, pack.keys,
			      pack.count, &written);
	if (r != 0)
		return false;
	neighbor->counters[COUNTER_UPDATES_OUT]++;
	for (size_t i = 0; i < written; i++)
		entry_sent(neighbor, pack.entries[i], now);
	return written > 0;
}

/* The first dirty entry with attributes that can be written; those that cannot are dropped. */
static struct attribute_set *first_wanted(struct neighbor *neighbor, enum bgp_family family)
{
	unsigned looked_at = 0;

	list_for_each(node, &neighbor->adj_out.dirty[family]) {
		struct adj_out_entry *entry = container_of(node, struct adj_out_entry, dirty);

		if (entry->wanted != NULL)
			return entry->wanted;
		if (looked_at++ == SCAN_MAX)
			break;
	}
	return NULL;
}

/* A message that does not even fit into an empty buffer: never sent, taken off the list. */
static void unsendable_drop(
	struct neighbor *neighbor, enum bgp_family family, struct attribute_set *wanted)
{
	list_for_each_safe(node, &neighbor->adj_out.dirty[family]) {
		struct adj_out_entry *entry = container_of(node, struct adj_out_entry, dirty);

		if (entry->wanted != wanted)
			continue;
		attribute_set_release(neighbor->speaker, entry->wanted);
		entry->wanted = NULL;
		if (entry->sent == NULL) {
			dirty_clear(neighbor, entry);
			entry_free(neighbor, entry);
		}
	}
}

static void refresh_marker(struct neighbor *neighbor, struct writer *w, enum bgp_family family,
	enum bgp_refresh_subtype subtype)
{
	struct bgp_refresh refresh = { bgp_family_afi(family), bgp_family_safi(family),
		(uint8_t)subtype };

	bgp_refresh_write(w, &refresh);
	neighbor->counters[COUNTER_REFRESHES_OUT]++;
}

/* What ends a family's turn. */
static void family_end(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	struct adj_out *adj_out = &neighbor->adj_out;

	if (adj_out->pending[family] > 0 || writer_room(w) < 64)
		return;
	if (adj_out->refresh_end_due[family]) {
		refresh_marker(neighbor, w, family, BGP_REFRESH_END);
		adj_out->refresh_end_due[family] = false;
	}
	if (end_of_rib_ready(neighbor, (int)family)) {
		bgp_end_of_rib_write(w, family);
		neighbor->counters[COUNTER_UPDATES_OUT]++;
		adj_out->end_of_rib_due[family] = false;
		adj_out->end_of_rib_sent[family] = true;
		neighbor->end_of_rib_ever = true;
	}
}

static void family_output(
	struct neighbor *neighbor, struct writer *w, enum bgp_family family, struct instant now)
{
	struct adj_out *adj_out = &neighbor->adj_out;
	struct attribute_set *wanted;

	if (adj_out->refresh_begin_due[family] && writer_room(w) >= 64) {
		refresh_marker(neighbor, w, family, BGP_REFRESH_BEGIN);
		adj_out->refresh_begin_due[family] = false;
	}
	while (message_out(neighbor, w, family, NULL, now))
		;
	while ((wanted = first_wanted(neighbor, family)) != NULL) {
		bool empty = writer_length(w) == 0;

		if (message_out(neighbor, w, family, wanted, now))
			continue;
		if (!empty)
			break; /* there is more room the next time */
		unsendable_drop(neighbor, family, wanted);
	}
	family_end(neighbor, w, family);
}

void adj_out_output(struct neighbor *neighbor, struct writer *w, struct instant now)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		family_output(neighbor, w, (enum bgp_family)f, now);
}
