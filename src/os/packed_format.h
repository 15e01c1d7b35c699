/* SPDX-License-Identifier: Apache-2.0 */
/* What packed_file.c knows of a way of packing: one row a library. Inside the os room. */
#ifndef NEARCAST_OS_PACKED_FORMAT_H
#define NEARCAST_OS_PACKED_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum unpack_status {
	UNPACK_MORE,   /* input used up, or output full */
	UNPACK_END,    /* a packed stream came to its end: another may follow */
	UNPACK_BROKEN, /* not what its first bytes said */
	UNPACK_MEMORY,
};

/* What may be taken and filled; a step moves both. */
struct unpack_buffers {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

#define PACKED_MAGIC_MAX 6

struct packed_format {
	const char *name, *library, *package;
	uint8_t magic[PACKED_MAGIC_MAX];
	uint8_t magic_length;
	/* Find the functions in the library; false if one is missing. */
	bool (*load)(void *library);
	/* The state of one packed stream; NULL: no memory. */
	void *(*open)(void);
	enum unpack_status (*step)(void *state, struct unpack_buffers *buffers);
	void (*close)(void *state);
};

extern const struct packed_format packed_gzip, packed_bzip2, packed_xz;

/* dlsym, with the bytes of the function pointer moved, as POSIX gives functions as object
 * pointers. False if there is no such function. */
bool packed_function(void *library, const char *name, void *ret_function, size_t size);

#endif
