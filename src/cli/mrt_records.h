/* SPDX-License-Identifier: Apache-2.0 */
/* Where MRT records go that a command makes: a file or the standard output, buffered. */
#ifndef NEARCAST_CLI_MRT_RECORDS_H
#define NEARCAST_CLI_MRT_RECORDS_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

/* Owns its buffer, and the file if a path was given. */
struct mrt_records {
	FILE *file;
	bool owned;
	uint8_t *buffer; /* of one record */
	size_t room;
	uint64_t records, bytes; /* written */
};

/* path NULL: the standard output, which must not be a terminal. ERROR_SYSTEM, ERROR_REFUSED,
 * ERROR_MEMORY. */
int mrt_records_open(struct mrt_records *records, const char *path, struct error *error);
/* A writer for the next record; its room is that of the buffer. */
struct writer mrt_records_begin(struct mrt_records *records);
/* Make the buffer twice as large, for a record that did not fit. ERROR_MEMORY; ERROR_FULL at
 * 64 MiB. */
int mrt_records_grow(struct mrt_records *records);
/* Write the record out. ERROR_SYSTEM. */
int mrt_records_put(struct mrt_records *records, const struct writer *w);
/* ERROR_SYSTEM if something could not be written. */
int mrt_records_close(struct mrt_records *records, struct error *error);

#endif
