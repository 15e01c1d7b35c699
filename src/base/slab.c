/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slabs: pages of 64 KiB, each cut into objects of one size class.
 *
 *      vacant ----malloc----> partial <----> full         (lists by class; full is in no list)
 *         ^                    |   ^
 *         |          last give |   | take, of any class
 *         |                    v   |
 *         +-------free-------- empty
 *
 * Invariants:
 *  1. A page number is in exactly one list: vacant, empty, partial[class of the page], or in
 *     none if its page is full or holds one large object alone.
 *  2. used is the number of live objects of a page; used == 0 exactly for those in `empty`.
 *  3. The free list of a page and what lies behind `fresh` hold each of its dead objects once.
 *  4. A page that was never full was never touched behind `fresh`: it costs address space only.
 *
 * Under AddressSanitizer dead objects are poisoned, so that a stale reference is found.
 */
#include "base/slab.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FINE_UNITS   256u  /* largest object of a class for each unit */
#define COARSE_UNITS 2048u /* largest object that shares a page */
#define CLASS_ALONE  UINT16_MAX
#define PLACE_NONE   UINT16_MAX
#define PAGE_UNITS   (SLAB_PAGE_BYTES / SLAB_UNIT)
#define PAGE_ALIGN                                                                \
	64u /* so that objects of 16, 32 and 64 bytes do not straddle cache lines \
	     */
#define ROOM_MIN    16u
#define EMPTY_KEPT  2u  /* empty pages to keep, and */
#define EMPTY_SHARE 16u /* one more for so many pages */

_Static_assert(PAGE_UNITS < PLACE_NONE && PAGE_UNITS <= SLAB_PLACE_COUNT, "places fit");
_Static_assert(SLAB_CLASS_COUNT == FINE_UNITS + 3 * 8, "a class for every size");

struct slab_page {
	uint32_t next, previous; /* in its list, page numbers */
	uint32_t units;          /* of an object */
	uint16_t class;          /* size class or CLASS_ALONE */
	uint16_t used;           /* live objects */
	uint16_t free;           /* first of the free list (a place), or PLACE_NONE */
	uint16_t fresh;          /* first place that was never used */
	uint8_t shift;           /* bytes from the start of the allocation to the base */
};

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_POISON 1
#endif
#endif
#ifdef SLAB_POISON
void __asan_poison_memory_region(void const volatile *address, size_t size);
void __asan_unpoison_memory_region(void const volatile *address, size_t size);
#define POISON(address, size)   __asan_poison_memory_region(address, size)
#define UNPOISON(address, size) __asan_unpoison_memory_region(address, size)
#else
#define POISON(address, size)   ((void)(address), (void)(size))
#define UNPOISON(address, size) ((void)(address), (void)(size))
#endif

static unsigned class_of(uint32_t units, uint32_t *ret_units)
{
	unsigned exponent, step;

	if (units <= FINE_UNITS) {
		*ret_units = units;
		return units - 1;
	}
	/* Eight classes from one power of two to the next. */
	exponent = 31u - (unsigned)__builtin_clz(units - 1);
	step = (units - 1) >> (exponent - 3);
	*ret_units = (step + 1) << (exponent - 3);
	return FINE_UNITS + (exponent - 8) * 8 + step - 8;
}

static void list_push(struct slab *slab, uint32_t *list, uint32_t number)
{
	struct slab_page *page = &slab->pages[number];

	page->previous = 0;
	page->next = *list;
	if (*list != 0)
		slab->pages[*list].previous = number;
	*list = number;
}

static void list_remove(struct slab *slab, uint32_t *list, uint32_t number)
{
	struct slab_page *page = &slab->pages[number];

	if (page->previous != 0)
		slab->pages[page->previous].next = page->next;
	else
		*list = page->next;
	if (page->next != 0)
		slab->pages[page->next].previous = page->previous;
}

static bool table_grow(struct slab *slab)
{
	uint32_t room = slab->page_room == 0 ? ROOM_MIN : slab->page_room * 2;
	uint8_t **bases = reallocarray(slab->bases, room, sizeof(*bases));
	struct slab_page *pages;

	if (bases == NULL)
		return false;
	slab->bases = bases;
	pages = reallocarray(slab->pages, room, sizeof(*pages));
	if (pages == NULL)
		return false;
	slab->pages = pages;
	slab->page_room = room;
	return true;
}

/* A number for a page to be, on the vacant list; 0: no memory or no numbers. */
static uint32_t number_find(struct slab *slab)
{
	uint32_t number = slab->page_count == 0 ? 1 : slab->page_count;

	if (slab->vacant != 0)
		return slab->vacant;
	if (number > SLAB_PAGES_MAX || (number >= slab->page_room && !table_grow(slab)))
		return 0;
	slab->page_count = number + 1;
	slab->bases[number] = NULL;
	list_push(slab, &slab->vacant, number);
	return number;
}

/* A page with room for size bytes, in no list; 0: no memory. */
static uint32_t page_new(struct slab *slab, size_t size)
{
	uint32_t number = number_find(slab);
	uint8_t *start = number == 0 ? NULL : malloc(size + PAGE_ALIGN - 16);
	struct slab_page *page;

	if (start == NULL)
		return 0;
	list_remove(slab, &slab->vacant, number);
	page = &slab->pages[number];
	page->shift = (uint8_t)(-(uintptr_t)start & (PAGE_ALIGN - 1));
	slab->bases[number] = start + page->shift;
	slab->bytes += size;
	return number;
}

static void page_free(struct slab *slab, uint32_t number, size_t size)
{
	UNPOISON(slab->bases[number], size);
	free(slab->bases[number] - slab->pages[number].shift);
	slab->bases[number] = NULL;
	slab->bytes -= size;
	list_push(slab, &slab->vacant, number);
}

/* An empty page becomes one of this class; 0: no memory. */
static uint32_t page_dedicate(struct slab *slab, unsigned class, uint32_t units)
{
	uint32_t number = slab->empty;
	struct slab_page *page;

	if (number != 0) {
		list_remove(slab, &slab->empty, number);
		slab->empty_count--;
	} else {
		number = page_new(slab, SLAB_PAGE_BYTES);
		if (number == 0)
			return 0;
	}
	page = &slab->pages[number];
	page->class = (uint16_t) class;
	page->units = units;
	page->used = 0;
	page->free = PLACE_NONE;
	page->fresh = 0;
	POISON(slab->bases[number], SLAB_PAGE_BYTES);
	list_push(slab, &slab->partial[class], number);
	return number;
}

static uint32_t take_alone(struct slab *slab, size_t size)
{
	uint32_t units = (uint32_t)(size + SLAB_UNIT - 1) / SLAB_UNIT;
	uint32_t number = page_new(slab, (size_t)units * SLAB_UNIT);

	if (number == 0)
		return SLAB_NONE;
	slab->pages[number].class = CLASS_ALONE;
	slab->pages[number].units = units;
	slab->pages[number].used = 1;
	return number << SLAB_PLACE_BITS;
}

static bool page_full(const struct slab_page *page)
{
	return page->free == PLACE_NONE && page->fresh + page->units > PAGE_UNITS;
}

static uint8_t *place_at(const struct slab *slab, uint32_t number, uint32_t place)
{
	return slab->bases[number] + (size_t)place * SLAB_UNIT;
}

uint32_t slab_take(struct slab *slab, size_t size)
{
	uint32_t units, number, place;
	struct slab_page *page;
	unsigned class;

	if (size > COARSE_UNITS * SLAB_UNIT)
		return size > SLAB_OBJECT_MAX ? SLAB_NONE : take_alone(slab, size);
	assert(size > 0);
	class = class_of((uint32_t)(size + SLAB_UNIT - 1) / SLAB_UNIT, &units);
	number = slab->partial[class];
	if (number == 0) {
		number = page_dedicate(slab, class, units);
		if (number == 0)
			return SLAB_NONE;
	}
	page = &slab->pages[number];
	place = page->free;
	if (place != PLACE_NONE) {
		memcpy(&page->free, place_at(slab, number, place), sizeof(page->free));
	} else {
		place = page->fresh;
		page->fresh = (uint16_t)(place + units);
	}
	page->used++;
	if (page_full(page))
		list_remove(slab, &slab->partial[class], number);
	UNPOISON(place_at(slab, number, place), (size_t)units * SLAB_UNIT);
	return number << SLAB_PLACE_BITS | place;
}

/* Empty pages that are worth keeping for the next object. */
static size_t empty_kept(const struct slab *slab)
{
	return EMPTY_KEPT + slab->bytes / SLAB_PAGE_BYTES / EMPTY_SHARE;
}

static void page_emptied(struct slab *slab, uint32_t number)
{
	list_remove(slab, &slab->partial[slab->pages[number].class], number);
	list_push(slab, &slab->empty, number);
	slab->empty_count++;
	while (slab->empty_count > empty_kept(slab)) {
		number = slab->empty;
		list_remove(slab, &slab->empty, number);
		slab->empty_count--;
		page_free(slab, number, SLAB_PAGE_BYTES);
	}
}

void slab_give(struct slab *slab, uint32_t reference)
{
	uint32_t number = reference >> SLAB_PLACE_BITS;
	struct slab_page *page;
	uint8_t *object;

	if (reference == SLAB_NONE)
		return;
	page = &slab->pages[number];
	assert(page->used > 0);
	if (page->class == CLASS_ALONE) {
		page_free(slab, number, (size_t)page->units * SLAB_UNIT);
		return;
	}
	object = slab_at(slab, reference);
	if (page_full(page))
		list_push(slab, &slab->partial[page->class], number);
	memcpy(object, &page->free, sizeof(page->free));
	page->free = (uint16_t)(reference & (SLAB_PLACE_COUNT - 1));
	POISON(object + SLAB_UNIT, (size_t)(page->units - 1) * SLAB_UNIT);
	page->used--;
	if (page->used == 0)
		page_emptied(slab, number);
}

size_t slab_size(const struct slab *slab, uint32_t reference)
{
	return (size_t)slab->pages[reference >> SLAB_PLACE_BITS].units * SLAB_UNIT;
}

size_t slab_bytes(const struct slab *slab)
{
	return slab->bytes + slab->page_room * (sizeof(*slab->bases) + sizeof(*slab->pages));
}

void slab_clear(struct slab *slab)
{
	for (uint32_t number = 1; number < slab->page_count; number++)
		if (slab->bases[number] != NULL)
			page_free(slab, number,
				slab->pages[number].class == CLASS_ALONE
					? (size_t)slab->pages[number].units * SLAB_UNIT
					: SLAB_PAGE_BYTES);
	free(slab->bases);
	free(slab->pages);
	*slab = (struct slab){ 0 };
}
