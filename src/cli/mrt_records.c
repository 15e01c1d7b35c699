/* SPDX-License-Identifier: Apache-2.0 */
/* Writing MRT records out. */
#include "cli/mrt_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM_FIRST 262144u
#define ROOM_MAX   (64u << 20)

int mrt_records_open(struct mrt_records *records, const char *path, struct error *error)
{
	*records = (struct mrt_records){ .room = ROOM_FIRST };
	if (path == NULL && isatty(STDOUT_FILENO)) {
		error_hint(error, "give --output FILE or send the output into a file");
		return error_set(error, ERROR_REFUSED, "MRT is not written to a terminal");
	}
	records->buffer = malloc(ROOM_FIRST);
	if (records->buffer == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to write");
	records->owned = path != NULL;
	records->file = path == NULL ? stdout : fopen(path, "we");
	if (records->file != NULL)
		return 0;
	free(records->buffer);
	*records = (struct mrt_records){ 0 };
	return error_system(error, errno, "can't write %s", path);
}

struct writer mrt_records_begin(struct mrt_records *records)
{
	return writer_of(records->buffer, records->room);
}

int mrt_records_grow(struct mrt_records *records)
{
	uint8_t *larger;

	if (records->room >= ROOM_MAX)
		return ERROR_FULL;
	larger = realloc(records->buffer, records->room * 2);
	if (larger == NULL)
		return ERROR_MEMORY;
	records->buffer = larger;
	records->room *= 2;
	return 0;
}

int mrt_records_put(struct mrt_records *records, const struct writer *w)
{
	size_t length = writer_length(w);

	if (fwrite(records->buffer, 1, length, records->file) != length)
		return ERROR_SYSTEM;
	records->records++;
	records->bytes += length;
	return 0;
}

int mrt_records_close(struct mrt_records *records, struct error *error)
{
	bool good = true;

	if (records->file != NULL) {
		good = fflush(records->file) == 0 && !ferror(records->file);
		if (records->owned)
			good = fclose(records->file) == 0 && good;
	}
	free(records->buffer);
	*records = (struct mrt_records){ .records = records->records, .bytes = records->bytes };
	return good ? 0 : error_system(error, errno, "can't write all records");
}
