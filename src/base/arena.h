/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: memory for what dies together (a configuration, an UPDATE, a request). */
#ifndef NEARCAST_BASE_ARENA_H
#define NEARCAST_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zero-initialised is an empty arena without a cap. */
struct arena {
	struct arena_block *first;
	size_t used;  /* bytes handed out since the last reset */
	size_t limit; /* most bytes to hand out; 0 means no cap */
};

/* Zeroed memory aligned for any type, or NULL (no memory, or over the limit). Zero bytes give a
 * valid unique pointer. */
void *arena_take(struct arena *arena, size_t size);
/* count * size with an overflow check. */
void *arena_take_array(struct arena *arena, size_t count, size_t size);
void *arena_copy(struct arena *arena, const void *bytes, size_t length);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Forget everything, keep one block for reuse. */
void arena_reset(struct arena *arena);
/* Free everything. */
void arena_clear(struct arena *arena);

#endif
