/* SPDX-License-Identifier: Apache-2.0 */
/* Many lines, quickly: what `nearcast mrt show` prints goes through one buffer, without printf.
 */
#ifndef NEARCAST_CLI_MRT_LINES_H
#define NEARCAST_CLI_MRT_LINES_H

#include <stdio.h>

#include "base/address.h"
#include "base/instant.h"
#include "wire/bgp_attribute.h"

/* Owns buffer. All functions do nothing once a write failed. */
struct lines {
	FILE *out;
	char *buffer;
	size_t length;
	bool failed; /* errno of the first failure is in system_errno */
	int system_errno;
};

/* ERROR_MEMORY. */
int lines_open(struct lines *lines, FILE *out);
/* Write out what is there. False if this or an earlier write failed. */
bool lines_flush(struct lines *lines);
void lines_clear(struct lines *lines); /* without writing */

void lines_char(struct lines *lines, char c);
void lines_text(struct lines *lines, const char *text);
void lines_bytes(struct lines *lines, const char *bytes, size_t length);
void lines_number(struct lines *lines, uint64_t number);
/* With leading zeroes, at most 9 digits. */
void lines_digits(struct lines *lines, uint32_t number, unsigned digits);
void lines_address(struct lines *lines, const struct address *address);
void lines_prefix(struct lines *lines, const struct prefix *prefix);
/* RFC 3339: "2014-05-30T22:00:00Z", with microseconds if there are some. */
void lines_time(struct lines *lines, struct wall_time time);
/* "64501 64502 {64503,64504}". */
void lines_path(struct lines *lines, const struct bgp_attributes *attributes);

#endif
