/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: a chain of blocks, the newest first; what is handed out comes from the first. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096u
#define ALIGNMENT  _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size, used; /* of bytes[] */
	_Alignas(max_align_t) uint8_t bytes[];
};

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block = malloc(sizeof(*block) + size);

	if (block != NULL) {
		block->next = NULL;
		block->size = size;
		block->used = 0;
	}
	return block;
}

void *arena_take(struct arena *arena, size_t size)
{
	size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct arena_block *block = arena->first;
	void *taken;

	if (rounded < size || (arena->limit != 0 && rounded > arena->limit - arena->used))
		return NULL;
	if (block == NULL || block->size - block->used < rounded) {
		block = block_new(rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE);
		if (block == NULL)
			return NULL;
		block->next = arena->first;
		arena->first = block;
	}
	taken = block->bytes + block->used;
	block->used += rounded;
	arena->used += rounded;
	memset(taken, 0, rounded);
	return taken;
}

void *arena_take_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_take(arena, total);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	void *copy = arena_take(arena, length);

	if (copy != NULL && length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list list;
	int length;
	char *text;

	va_start(list, format);
	length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0)
		return NULL;
	text = arena_take(arena, (size_t)length + 1);
	if (text == NULL)
		return NULL;
	va_start(list, format);
	vsnprintf(text, (size_t)length + 1, format, list);
	va_end(list);
	return text;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = arena->first;

	if (keep != NULL) {
		arena->first = keep->next;
		keep->next = NULL;
		if (keep->size > BLOCK_SIZE) {
			free(keep);
			keep = NULL;
		} else {
			keep->used = 0;
		}
	}
	arena_clear(arena);
	arena->first = keep;
}

void arena_clear(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *block = arena->first; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	arena->first = NULL;
	arena->used = 0;
}
