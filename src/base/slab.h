/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many small objects of few sizes, each named by a 32-bit reference instead of a pointer: half
 * the size in tables that hold millions of them. Objects of one size class share pages; a page
 * that became empty serves any class again, and a surplus of empty pages goes back to libc, so
 * that a table that moves from one size to the next (one more route a prefix) wastes nothing.
 *
 * Up to 1 KiB an object takes its size rounded up to 4 bytes, without any header; up to 8 KiB
 * at most an eighth more; a larger one has a page of its own.
 */
#ifndef NEARCAST_BASE_SLAB_H
#define NEARCAST_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define SLAB_NONE        0u     /* never a valid reference */
#define SLAB_OBJECT_MAX  65536u /* bytes */
#define SLAB_PAGE_BYTES  65472u /* that a page has for objects */
#define SLAB_CLASS_COUNT 280u

/* A reference is the number of a page (from 1) and the object's place in it, in units. */
#define SLAB_UNIT        4u /* bytes */
#define SLAB_PLACE_BITS  14u
#define SLAB_PLACE_COUNT (1u << SLAB_PLACE_BITS)
#define SLAB_PAGES_MAX   ((1u << (32u - SLAB_PLACE_BITS)) - 1u)

/* Zero-initialised is an empty slab. It may be moved (nothing points to it). */
struct slab {
	uint8_t **bases; /* by page number: its first object; NULL: a number without a page */
	struct slab_page *pages;            /* by page number */
	uint32_t page_count, page_room;     /* numbers in use start at 1: both count number 0 */
	uint32_t partial[SLAB_CLASS_COUNT]; /* lists of pages with room, 0: none */
	uint32_t vacant;                    /* list of numbers without a page */
	uint32_t empty, empty_count;        /* list of pages without an object */
	size_t bytes;                       /* in pages, empty ones included */
};

/* Frees everything: *slab is an empty slab again. */
void slab_clear(struct slab *slab);
/* An object of at least size bytes (1 to SLAB_OBJECT_MAX), not zeroed, aligned to 4 bytes (to 8
 * when size is a multiple of 8). SLAB_NONE: no memory, larger than that, or 2^32 references
 * are used up (16 GiB of objects). */
uint32_t slab_take(struct slab *slab, size_t size);
/* SLAB_NONE is fine. */
void slab_give(struct slab *slab, uint32_t reference);
/* How many bytes the live object may use: what was asked for, rounded up. */
size_t slab_size(const struct slab *slab, uint32_t reference);
/* All memory: pages and their table. */
size_t slab_bytes(const struct slab *slab);

/* reference must be a live one. The pointer is valid until slab_give of it: objects never move.
 */
static inline void *slab_at(const struct slab *slab, uint32_t reference)
{
	return slab->bases[reference >> SLAB_PLACE_BITS] +
	       (size_t)(reference & (SLAB_PLACE_COUNT - 1)) * SLAB_UNIT;
}

#endif
