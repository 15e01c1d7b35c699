/* SPDX-License-Identifier: Apache-2.0 */
/* The files of `nearcast mrt`, one after the other, through one sink. */
#ifndef NEARCAST_CLI_MRT_INPUT_H
#define NEARCAST_CLI_MRT_INPUT_H

#include "cli/console.h"
#include "wire/mrt_routes.h"

/* What a sink gives to end the reading without an error. */
#define MRT_ENOUGH 1

/* What was read, over all files. Zero-initialise; mrt_input_clear frees. */
struct mrt_input {
	struct mrt_reader reader;
	/* May be NULL. Sees each record before the reader does; what it gives ends the reading
	 * if it is not 0. */
	int (*record)(void *context, const struct mrt_record *record);
	uint64_t records, bytes; /* bytes: unpacked */
	uint64_t packed_bytes;   /* as on the disk */
	uint64_t long_records;   /* passed over */
	bool progress;           /* tell how far it is, on a terminal */
};

/*
 * Read all files, from FILE on the command line (its index among the positionals) to the last.
 * One that cannot be read, or not to its end, is told at once, and the next is read.
 * EXIT_CODE_OK if all were read or the sink had enough; else the status of the first that was
 * not, or EXIT_CODE_FAILED if the sink failed.
 */
enum exit_code mrt_input_read(struct mrt_input *input, const struct arguments *arguments,
	size_t first, const struct mrt_sink *sink, struct console *console);
void mrt_input_clear(struct mrt_input *input);
/* Remarks on what was odd; nothing if nothing was. */
void mrt_input_remarks(const struct mrt_input *input, struct console *console);

#endif
