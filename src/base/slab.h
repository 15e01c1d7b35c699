/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many small objects of few sizes, each named by a 32-bit reference instead of a pointer: half
 * the size in tables that hold millions of them. Objects of one size class share pages; a page
 * that became empty serves any class again, and a surplus of empty pages goes back to libc, so
 * that a table that moves from one size to the next (one more route a prefix) wastes nothing.
 */
#ifndef NEARCAST_BASE_SLAB_H
#define NEARCAST_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define SLAB_NONE       0u    /* never a valid reference */
#define SLAB_OBJECT_MAX 65536 /* bytes */

/* Zero-initialised is an empty slab. */
struct slab {
	struct slab_page *pages; /* by number: base, object size, used, free list */
	uint32_t page_count, page_room;
	uint32_t *partial; /* by size class: a page with free objects, or none */
	uint32_t class_count;
	uint32_t empty; /* list of pages without an object */
	uint32_t empty_count;
	size_t bytes; /* in pages, empty ones included */
};

/* Frees everything. */
void slab_clear(struct slab *slab);
/* An object of at least size bytes (1 to SLAB_OBJECT_MAX), not zeroed, aligned to 4 bytes (to 8
 * when size is a multiple of 8). SLAB_NONE: no memory, or 2^32 references are used up. */
uint32_t slab_take(struct slab *slab, size_t size);
/* SLAB_NONE is fine. */
void slab_give(struct slab *slab, uint32_t reference);
/* reference must be a live one. The pointer is valid until slab_give of it: objects never move.
 */
void *slab_at(const struct slab *slab, uint32_t reference);

#endif
