/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to one neighbour when its socket has room: whole messages, as many as fit.
 *
 * Order, family by family:
 *
 *     [begin marker of a refresh] chunks of its group, what it catches up with, [end-of-RIB]
 *     [end marker of the refresh]
 *
 * Invariant: end-of-RIB goes out once a session, after the initial routes (RFC 4724 section 4),
 * and no begin marker before it (RFC 7313 section 4).
 */
#include "route/speaker_internal.h"

#define LENGTH_AT   16u /* of the length in a message's header: RFC 4271 section 4.1 */
#define MARKER_ROOM 64u /* enough for an end-of-RIB or a refresh marker */

/* ---- Chunks. ---- */

static struct chunk *chunk_next(const struct member *member)
{
	list_for_each(node, &member->group->chunks) {
		struct chunk *chunk = container_of(node, struct chunk, link);

		if (chunk->sequence == member->sequence)
			return chunk;
	}
	return NULL;
}

/* The prefixes of our own that it carried. */
static void chunk_tell(struct neighbor *neighbor, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->own_count; i++)
		neighbor_event(
			neighbor, (struct speaker_event){ .type = chunk->own[i].announced
									  ? SPEAKER_ANNOUNCED
									  : SPEAKER_WITHDRAWN,
					  .prefix = chunk->own[i].prefix,
					  .reason = "" });
}

static void chunk_done(struct neighbor *neighbor, const struct chunk *chunk)
{
	struct member *member = &neighbor->member;

	chunk_tell(neighbor, chunk);
	member->sequence++;
	member->part = 0;
	member->offset = member->part_offset = 0;
	group_chunks_retire(member->group);
}

/* Whole messages, as many as fit. Gives how many bytes they are. */
static size_t part_copy(
	struct neighbor *neighbor, const uint8_t *bytes, size_t left, struct writer *w)
{
	size_t taken = 0;

	while (taken < left) {
		const uint8_t *field = bytes + taken + LENGTH_AT;
		size_t length = (size_t)field[0] << 8 | field[1];

		if (writer_room(w) < length)
			break;
		writer_bytes(w, bytes + taken, length);
		neighbor->counters[COUNTER_UPDATES_OUT]++;
		taken += length;
	}
	return taken;
}

static bool part_is_for(const struct neighbor *neighbor, const struct chunk_part *part)
{
	rib_source number = neighbor->source->number;

	if (part->only != RIB_LOCAL)
		return part->only == number;
	return part->except != number;
}

/* True when the chunk was read to its end. */
static bool chunk_read(struct neighbor *neighbor, const struct chunk *chunk, struct writer *w)
{
	struct member *member = &neighbor->member;

	for (; member->part < chunk->part_count; member->part++) {
		const struct chunk_part *part = &chunk->parts[member->part];

		if (part_is_for(neighbor, part)) {
			size_t left = part->length - member->part_offset;
			size_t taken =
				part_copy(neighbor, chunk->bytes + member->offset, left, w);

			member->offset += taken;
			member->part_offset += taken;
			if (taken < left)
				return false;
		} else {
			member->offset += part->length;
		}
		member->part_offset = 0;
	}
	return true;
}

static void chunks_out(struct neighbor *neighbor, struct writer *w)
{
	struct chunk *chunk;

	while ((chunk = chunk_next(&neighbor->member)) != NULL) {
		if (!chunk_read(neighbor, chunk, w))
			return;
		chunk_done(neighbor, chunk);
	}
}

/* ---- Markers. ---- */

static void marker_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family,
	enum bgp_refresh_subtype subtype)
{
	struct bgp_refresh refresh = { bgp_family_afi(family), bgp_family_safi(family),
		(uint8_t)subtype };

	bgp_refresh_write(w, &refresh);
	neighbor->counters[COUNTER_REFRESHES_OUT]++;
}

static void refresh_begin(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	struct member *member = &neighbor->member;

	if (!member->refresh_due[family] || member->end_of_rib_due[family] ||
		writer_room(w) < MARKER_ROOM)
		return;
	if (member_catch_up(neighbor, family, true) != 0)
		return; /* the next time there may be memory */
	member->refresh_due[family] = false;
	if (!neighbor->agreed.enhanced_refresh)
		return;
	marker_out(neighbor, w, family, BGP_REFRESH_BEGIN);
	member->refresh_end_due[family] = true;
}

static void end_of_rib_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	struct member *member = &neighbor->member;

	if (!member->end_of_rib_due[family] || neighbor->speaker->end_of_rib_held)
		return;
	bgp_end_of_rib_write(w, family);
	neighbor->counters[COUNTER_UPDATES_OUT]++;
	member->end_of_rib_due[family] = false;
	member->end_of_rib_sent[family] = true;
	neighbor->end_of_rib_ever = true;
}

/* ---- A family. ---- */

static uint32_t marked(const struct group *group, enum bgp_family family)
{
	return group->families[family].changed.count + group->families[family].new.count;
}

/* A new chunk for all, out of what is marked. False: nothing came of it. */
static bool pack_more(struct group *group, enum bgp_family family)
{
	uint32_t before = marked(group, family);

	while (before > 0) {
		if (group_pack(group, family) != NULL)
			return true;
		if (marked(group, family) >= before)
			return false; /* no memory: later */
		before = marked(group, family);
	}
	return false;
}

/* Until something was written: output that is empty is asked for no more, and there may be
 * thousands of destinations of which nothing is to be said. */
static void catch_up_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	const struct bitmap *catch_up = &neighbor->member.catch_up[family];
	size_t length = writer_length(w);
	uint32_t before;

	do {
		before = catch_up->count;
		if (before > 0)
			member_pack(neighbor, family, w);
	} while (catch_up->count > 0 && catch_up->count < before && writer_length(w) == length);
}

/* True when nothing of the family is left to send. */
static bool routes_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	struct member *member = &neighbor->member;
	struct group *group = member->group;

	do {
		chunks_out(neighbor, w);
		if (member->sequence < group->next_sequence)
			return false;
		catch_up_out(neighbor, w, family);
		if (member->catch_up[family].count > 0)
			return false;
	} while (pack_more(group, family));
	return marked(group, family) == 0;
}

static bool family_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	struct member *member = &neighbor->member;

	refresh_begin(neighbor, w, family);
	if (!routes_out(neighbor, w, family) || writer_room(w) < MARKER_ROOM)
		return false;
	end_of_rib_out(neighbor, w, family);
	if (member->refresh_end_due[family] && writer_room(w) >= MARKER_ROOM) {
		marker_out(neighbor, w, family, BGP_REFRESH_END);
		member->refresh_end_due[family] = false;
	}
	return true;
}

void adj_out_output(struct neighbor *neighbor, struct writer *w, struct instant now)
{
	struct member *member = &neighbor->member;

	neighbor->speaker->output_at = now;
	if (member->group == NULL)
		return;
	for (unsigned i = 0; i < BGP_FAMILY_COUNT; i++) {
		unsigned family = (member->turn + i) % BGP_FAMILY_COUNT;

		if (!family_out(neighbor, w, (enum bgp_family)family)) {
			member->turn = (uint8_t)((family + 1) % BGP_FAMILY_COUNT);
			return;
		}
	}
	member->turn = 0;
}
