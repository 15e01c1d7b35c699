/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AS paths in canonical form: type (1), count (1), count numbers of four bytes; repeated.
 *
 * Invariants:
 *  1. A canonical path is well-formed: every count is above zero and its numbers are inside.
 *     Functions that walk one do not check again.
 *  2. Nothing here changes bytes in place; new paths are made in the caller's arena.
 *
 * RFC 4271 sections 4.3 and 9.1.2.2, RFC 5065, RFC 6793, RFC 7606 section 7.2, RFC 7607.
 */
#include "wire/bgp_as_path.h"

#include <stdio.h>

#define SEGMENT_MAX   255u
#define PATH_MAX_SIZE 65535u

struct segment {
	uint8_t type, count;
	const uint8_t *numbers; /* count * 4 bytes */
};

static bool segment_next(struct cursor *c, struct segment *ret_segment)
{
	if (cursor_left(c) < 2)
		return false;
	ret_segment->type = cursor_u8(c);
	ret_segment->count = cursor_u8(c);
	ret_segment->numbers = cursor_take(c, ret_segment->count * 4u);
	return ret_segment->numbers != NULL;
}

static uint32_t number_at(const uint8_t *numbers, unsigned index)
{
	const uint8_t *b = numbers + 4 * index;

	return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

static bool type_is_confed(uint8_t type)
{
	return type == BGP_SEGMENT_CONFED_SEQUENCE || type == BGP_SEGMENT_CONFED_SET;
}

const char *as_path_check(struct cursor value, bool four_octet, bool confed)
{
	size_t width = four_octet ? 4 : 2;

	while (cursor_left(&value) > 0) {
		uint8_t type = cursor_u8(&value), count = cursor_u8(&value);

		if (value.failed)
			return "AS_PATH has a single byte after its last segment";
		if (type < BGP_SEGMENT_SET || type > BGP_SEGMENT_CONFED_SET)
			return "AS_PATH has a segment of an unknown type";
		if (type_is_confed(type) && !confed)
			return "AS_PATH has a confederation segment from outside of a confederation";
		if (count == 0)
			return "AS_PATH has an empty segment";
		if (cursor_left(&value) < count * width)
			return "AS_PATH has a segment that runs past the attribute";
		for (unsigned i = 0; i < count; i++) {
			uint32_t asn = four_octet ? cursor_u32(&value) : cursor_u16(&value);

			if (asn == 0)
				return "AS_PATH has AS 0";
		}
	}
	return NULL;
}

/* Twice the size, number by number. */
static bool widen(struct cursor value, struct arena *arena, struct as_path *ret_path)
{
	size_t room = cursor_left(&value) * 2;
	uint8_t *bytes = arena_take(arena, room);
	struct writer w = writer_of(bytes, bytes == NULL ? 0 : room);

	if (bytes == NULL)
		return false;
	while (cursor_left(&value) > 0) {
		uint8_t type = cursor_u8(&value), count = cursor_u8(&value);

		writer_u8(&w, type);
		writer_u8(&w, count);
		for (unsigned i = 0; i < count; i++)
			writer_u32(&w, cursor_u16(&value));
	}
	*ret_path = (struct as_path){ bytes, writer_length(&w) };
	return true;
}

bool as_path_take(
	struct cursor value, bool four_octet, struct arena *arena, struct as_path *ret_path)
{
	if (!four_octet)
		return widen(value, arena, ret_path);
	*ret_path = (struct as_path){ value.at, cursor_left(&value) };
	return true;
}

static struct cursor path_cursor(const struct as_path *path)
{
	return cursor_of(path->bytes, path->size);
}

static void segment_write(struct writer *w, const struct segment *segment)
{
	uint8_t *bytes = writer_reserve(w, 2 + segment->count * 4u);

	if (bytes == NULL)
		return;
	bytes[0] = segment->type;
	bytes[1] = segment->count;
	memcpy(bytes + 2, segment->numbers, segment->count * 4u);
}

static bool has_confed(const struct as_path *path)
{
	struct cursor c = path_cursor(path);
	struct segment segment;

	while (segment_next(&c, &segment))
		if (type_is_confed(segment.type))
			return true;
	return false;
}

void as4_path_write(struct writer *w, const struct as_path *path)
{
	struct cursor c = path_cursor(path);
	struct segment segment;

	while (segment_next(&c, &segment))
		if (!type_is_confed(segment.type))
			segment_write(w, &segment);
}

bool as_path_strip_confed(struct as_path *path, struct arena *arena)
{
	struct writer w;
	uint8_t *bytes;

	if (!has_confed(path))
		return true;
	bytes = arena_take(arena, path->size);
	if (bytes == NULL)
		return false;
	w = writer_of(bytes, path->size);
	as4_path_write(&w, path);
	*path = (struct as_path){ bytes, writer_length(&w) };
	return true;
}

static uint32_t segment_weight(const struct segment *segment)
{
	if (type_is_confed(segment->type))
		return 0;
	return segment->type == BGP_SEGMENT_SET ? 1 : segment->count;
}

uint32_t as_path_count(const struct as_path *path)
{
	struct cursor c = path_cursor(path);
	struct segment segment;
	uint32_t count = 0;

	while (segment_next(&c, &segment))
		count += segment_weight(&segment);
	return count;
}

uint32_t as_path_numbers(const struct as_path *path)
{
	struct cursor c = path_cursor(path);
	struct segment segment;
	uint32_t count = 0;

	while (segment_next(&c, &segment))
		count += segment.count;
	return count;
}

bool as_path_contains(const struct as_path *path, uint32_t asn)
{
	struct cursor c = path_cursor(path);
	struct segment segment;

	while (segment_next(&c, &segment))
		for (unsigned i = 0; i < segment.count; i++)
			if (number_at(segment.numbers, i) == asn)
				return true;
	return false;
}

/* Copy the first `lead` counted numbers of path. A confederation segment comes along if it is
 * the first of all or stands next to one that was copied (RFC 6793 section 4.2.3). */
static void lead_write(struct writer *w, const struct as_path *path, uint32_t lead)
{
	struct cursor c = path_cursor(path);
	struct segment segment;

	while (segment_next(&c, &segment)) {
		uint32_t weight = segment_weight(&segment);

		if (weight > 0 && lead == 0)
			return;
		if (weight > lead) {
			segment.count = (uint8_t)lead;
			segment_write(w, &segment);
			return;
		}
		segment_write(w, &segment);
		lead -= weight;
	}
}

bool as_path_merge(struct as_path *path, const struct as_path *as4, struct arena *arena)
{
	uint32_t have = as_path_count(path), want = as_path_count(as4);
	size_t room = path->size + as4->size;
	struct writer w;
	uint8_t *bytes;

	/* A shorter AS_PATH means that AS4_PATH is stale: keep AS_PATH alone. */
	if (have < want || want == 0)
		return true;
	bytes = arena_take(arena, room);
	if (bytes == NULL)
		return false;
	w = writer_of(bytes, room);
	lead_write(&w, path, have - want);
	writer_bytes(&w, as4->bytes, as4->size);
	*path = (struct as_path){ bytes, writer_length(&w) };
	return true;
}

void as_path_write(struct writer *w, const struct as_path *path, bool four_octet)
{
	struct cursor c = path_cursor(path);
	struct segment segment;

	if (four_octet) {
		writer_bytes(w, path->bytes, path->size);
		return;
	}
	while (segment_next(&c, &segment)) {
		writer_u8(w, segment.type);
		writer_u8(w, segment.count);
		for (unsigned i = 0; i < segment.count; i++) {
			uint32_t asn = number_at(segment.numbers, i);

			writer_u16(w, asn > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)asn);
		}
	}
}

bool as_path_needs_as4(const struct as_path *path)
{
	struct cursor c = path_cursor(path);
	struct segment segment;

	while (segment_next(&c, &segment))
		for (unsigned i = 0; i < segment.count && !type_is_confed(segment.type); i++)
			if (number_at(segment.numbers, i) > UINT16_MAX)
				return true;
	return false;
}

/* ---- The public view of a decoded attribute set: wire/bgp_attribute.h. ---- */

static struct as_path path_of(const struct bgp_attributes *attributes)
{
	return (struct as_path){ attributes->as_path, attributes->as_path_size };
}

uint32_t bgp_as_path_length(const struct bgp_attributes *attributes)
{
	struct as_path path = path_of(attributes);

	return as_path_count(&path);
}

uint32_t bgp_as_path_first(const struct bgp_attributes *attributes)
{
	struct as_path path = path_of(attributes);
	struct cursor c = path_cursor(&path);
	struct segment segment;

	while (segment_next(&c, &segment))
		if (!type_is_confed(segment.type))
			return segment.type == BGP_SEGMENT_SEQUENCE
				       ? number_at(segment.numbers, 0)
				       : 0;
	return 0;
}

uint32_t bgp_as_path_origin(const struct bgp_attributes *attributes)
{
	struct as_path path = path_of(attributes);
	struct cursor c = path_cursor(&path);
	struct segment segment;
	uint32_t origin = 0;

	while (segment_next(&c, &segment))
		origin = segment.type == BGP_SEGMENT_SEQUENCE
				 ? number_at(segment.numbers, segment.count - 1u)
				 : 0;
	return origin;
}

bool bgp_as_path_contains(const struct bgp_attributes *attributes, uint32_t asn)
{
	struct as_path path = path_of(attributes);

	return as_path_contains(&path, asn);
}

struct brackets {
	const char *open, *close, *separator;
};

static const struct brackets brackets[] = {
	[BGP_SEGMENT_SET] = { "{", "}", "," },
	[BGP_SEGMENT_SEQUENCE] = { "", "", " " },
	[BGP_SEGMENT_CONFED_SEQUENCE] = { "(", ")", " " },
	[BGP_SEGMENT_CONFED_SET] = { "[", "]", "," },
};

/* Appends at *at; false once the buffer is full. */
static bool append(char *buffer, size_t size, size_t *at, const char *format, const char *text,
	uint32_t number)
{
	int length = format == NULL ? snprintf(buffer + *at, size - *at, "%s", text)
				    : snprintf(buffer + *at, size - *at, "%s%u", text, number);

	if (length < 0 || (size_t)length >= size - *at)
		return false;
	*at += (size_t)length;
	return true;
}

static bool segment_format(const struct segment *segment, char *buffer, size_t size, size_t *at)
{
	const struct brackets *b = &brackets[segment->type];
	bool fits = append(buffer, size, at, NULL, *at == 0 ? "" : " ", 0) &&
		    append(buffer, size, at, NULL, b->open, 0);

	for (unsigned i = 0; i < segment->count && fits; i++)
		fits = append(buffer, size, at, "", i == 0 ? "" : b->separator,
			number_at(segment->numbers, i));
	return fits && append(buffer, size, at, NULL, b->close, 0);
}

const char *bgp_as_path_format(
	const struct bgp_attributes *attributes, char *buffer, size_t size)
{
	struct as_path path = path_of(attributes);
	struct cursor c = path_cursor(&path);
	struct segment segment;
	size_t at = 0;

	if (size == 0)
		return "";
	buffer[0] = '\0';
	while (segment_next(&c, &segment)) {
		if (segment_format(&segment, buffer, size, &at))
			continue;
		if (size > 4)
			memcpy(buffer + size - 4, "...", 4);
		break;
	}
	return buffer;
}

/* The first segment can take in the new numbers if it is a sequence with room. */
static unsigned first_room(const struct as_path *path)
{
	if (path->size == 0 || path->bytes[0] != BGP_SEGMENT_SEQUENCE)
		return 0;
	return SEGMENT_MAX - path->bytes[1];
}

int bgp_as_path_prepend(
	struct bgp_attributes *attributes, uint32_t asn, unsigned count, struct arena *arena)
{
	struct as_path path = path_of(attributes);
	unsigned joined = first_room(&path) < count ? first_room(&path) : count;
	unsigned alone = count - joined;
	unsigned segments = (alone + SEGMENT_MAX - 1) / SEGMENT_MAX;
	size_t size = path.size + 4 * (size_t)count + 2 * (size_t)segments;
	struct writer w;
	uint8_t *bytes;

	if (count == 0)
		return 0;
	if (size > PATH_MAX_SIZE)
		return ERROR_FULL;
	bytes = arena_take(arena, size);
	if (bytes == NULL)
		return ERROR_MEMORY;
	w = writer_of(bytes, size);
	for (; alone > 0;
		alone -= alone % SEGMENT_MAX == 0 ? SEGMENT_MAX : alone % SEGMENT_MAX) {
		unsigned part = alone % SEGMENT_MAX == 0 ? SEGMENT_MAX : alone % SEGMENT_MAX;

		writer_u8(&w, BGP_SEGMENT_SEQUENCE);
		writer_u8(&w, (uint8_t)part);
		for (unsigned i = 0; i < part; i++)
			writer_u32(&w, asn);
	}
	if (joined > 0) {
		writer_u8(&w, BGP_SEGMENT_SEQUENCE);
		writer_u8(&w, (uint8_t)(path.bytes[1] + joined));
		for (unsigned i = 0; i < joined; i++)
			writer_u32(&w, asn);
		path.bytes += 2;
		path.size -= 2;
	}
	writer_bytes(&w, path.bytes, path.size);
	attributes->as_path = bytes;
	attributes->as_path_size = (uint16_t)writer_length(&w);
	attributes->present |= 1ull << BGP_ATTRIBUTE_AS_PATH;
	return 0;
}
