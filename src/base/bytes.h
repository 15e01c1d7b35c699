/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte cursors. A reader never leaves its range and a writer never leaves its buffer; both carry
 * a sticky failure: read ten fields, check once. All integers are in network byte order.
 */
#ifndef NEARCAST_BASE_BYTES_H
#define NEARCAST_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Reads from [at, end). Does not own the bytes. After a failed read, at == end and every
 * further read gives zero. A sub-cursor can only be narrower than its parent. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline struct cursor cursor_of(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	return (struct cursor){ .at = at, .end = at == NULL ? NULL : at + length, .failed = false };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* True if every read so far succeeded and nothing is left. */
static inline bool cursor_done(const struct cursor *c)
{
	return !c->failed && c->at == c->end;
}

/* Take length bytes; NULL (and failure) if fewer are left. The bytes stay the owner's. A
 * successful take of zero bytes gives a pointer that must not be read. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t length)
{
	const uint8_t *taken = c->at;

	if (c->failed || cursor_left(c) < length) {
		c->failed = true;
		c->at = c->end;
		return NULL;
	}
	if (length > 0)
		c->at += length;
	return taken;
}

static inline void cursor_skip(struct cursor *c, size_t length)
{
	(void)cursor_take(c, length);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 1);

	return b == NULL ? 0 : b[0];
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 2);

	if (b == NULL)
		return 0;
	return (uint16_t)((b[0] << 8) | b[1]);
}

static inline uint32_t cursor_u24(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 3);

	return b == NULL ? 0 : ((uint32_t)b[0] << 16) | ((uint32_t)b[1] << 8) | b[2];
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 4);

	return b == NULL ? 0
			 : ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) |
				   ((uint32_t)b[2] << 8) | b[3];
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	uint64_t high = cursor_u32(c);

	return (high << 32) | cursor_u32(c);
}

/* Copy length bytes to target, or fill it with zeroes on failure. */
static inline void cursor_copy(struct cursor *c, void *target, size_t length)
{
	const uint8_t *b = cursor_take(c, length);

	if (length == 0)
		return;
	if (b == NULL)
		memset(target, 0, length);
	else
		memcpy(target, b, length);
}

/* A narrower cursor over the next length bytes, which this one skips. On failure both have
 * failed and the narrower one is empty. */
static inline struct cursor cursor_sub(struct cursor *c, size_t length)
{
	const uint8_t *b = cursor_take(c, length);
	struct cursor sub = { .at = b, .end = b == NULL ? NULL : b + length, .failed = b == NULL };

	if (c->failed)
		sub.failed = true;
	return sub;
}

/* Writes to [start, end) at `at`. Does not own the buffer. After a write that does not fit,
 * failed is set and every later write does nothing. */
struct writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

static inline struct writer writer_of(void *buffer, size_t size)
{
	uint8_t *at = buffer;

	return (struct writer){ .start = at, .at = at, .end = at + size, .failed = false };
}

static inline size_t writer_length(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

static inline size_t writer_room(const struct writer *w)
{
	return w->failed ? 0 : (size_t)(w->end - w->at);
}

/* Reserve length bytes to fill in later; NULL on failure. */
static inline uint8_t *writer_reserve(struct writer *w, size_t length)
{
	uint8_t *reserved = w->at;

	if (w->failed || (size_t)(w->end - w->at) < length) {
		w->failed = true;
		return NULL;
	}
	w->at += length;
	return reserved;
}

static inline void bytes_put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void bytes_put_u32(uint8_t *at, uint32_t value)
{
	bytes_put_u16(at, (uint16_t)(value >> 16));
	bytes_put_u16(at + 2, (uint16_t)value);
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
	uint8_t *b = writer_reserve(w, 1);

	if (b != NULL)
		b[0] = value;
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
	uint8_t *b = writer_reserve(w, 2);

	if (b != NULL)
		bytes_put_u16(b, value);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
	uint8_t *b = writer_reserve(w, 4);

	if (b != NULL)
		bytes_put_u32(b, value);
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
	writer_u32(w, (uint32_t)(value >> 32));
	writer_u32(w, (uint32_t)value);
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t length)
{
	uint8_t *b = writer_reserve(w, length);

	if (b != NULL && length > 0)
		memcpy(b, bytes, length);
}

#endif
