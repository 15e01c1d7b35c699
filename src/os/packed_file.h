/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that may be packed by gzip, bzip2 or xz, read as if they were not. What a file is shows
 * in its first bytes, not in its name. The libraries are loaded when such a file is opened and
 * not before: who reads none needs none.
 */
#ifndef NEARCAST_OS_PACKED_FILE_H
#define NEARCAST_OS_PACKED_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct packed_file;

/* path "-" is the standard input. ERROR_NOT_FOUND, ERROR_PERMISSION, ERROR_SYSTEM,
 * ERROR_MEMORY; ERROR_UNSUPPORTED: the library is missing, the hint says which package has it.
 */
int packed_file_open(const char *path, struct packed_file **ret_file, struct error *error);
/* NULL is fine. */
void packed_file_close(struct packed_file *file);

/*
 * Up to room bytes (at least 1) of what the file holds. Gives how many, 0 at the end, or:
 * ERROR_TRUNCATED if the packed file ends too early, ERROR_MALFORMED if it is broken,
 * ERROR_SYSTEM, ERROR_MEMORY. Everything before the place of the error was given out.
 */
ssize_t packed_file_read(
	struct packed_file *file, void *buffer, size_t room, struct error *error);

/* "gzip", "bzip2", "xz", "plain". */
const char *packed_file_format(const struct packed_file *file);
/* Bytes on the disk: read so far, and in all (0 if unknown: a pipe). */
uint64_t packed_file_position(const struct packed_file *file);
uint64_t packed_file_size(const struct packed_file *file);

#endif
