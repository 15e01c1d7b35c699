/* SPDX-License-Identifier: Apache-2.0 */
/* AS_PATH inside the wire room: from and to the bytes of a session, and the RFC 6793 merge. */
#ifndef NEARCAST_WIRE_BGP_AS_PATH_H
#define NEARCAST_WIRE_BGP_AS_PATH_H

#include "wire/bgp_attribute.h"

/* A path in canonical form: segments with four-octet numbers. */
struct as_path {
	const uint8_t *bytes;
	size_t size;
};

/* NULL if the segments of an AS_PATH or AS4_PATH value are well-formed (RFC 7606 section 7.2,
 * RFC 7607 section 2), or why not (static text). confed: confederation segments are allowed. */
const char *as_path_check(struct cursor value, bool four_octet, bool confed);
/* The canonical form of a checked value: the value itself if it has four-octet numbers, else a
 * copy in arena. False: no memory. */
bool as_path_take(
	struct cursor value, bool four_octet, struct arena *arena, struct as_path *ret_path);

/* Leave out confederation segments (RFC 6793 section 6 for AS4_PATH). False: no memory. */
bool as_path_strip_confed(struct as_path *path, struct arena *arena);

/* AS numbers for the comparison of RFC 6793 section 4.2.3: sets count one, confederations none.
 */
uint32_t as_path_count(const struct as_path *path);
/* All AS numbers, sets in full: for caps. */
uint32_t as_path_numbers(const struct as_path *path);
bool as_path_contains(const struct as_path *path, uint32_t asn);

/* RFC 6793 section 4.2.3: the leading part of path that as4 lacks, then as4. False: no memory.
 */
bool as_path_merge(struct as_path *path, const struct as_path *as4, struct arena *arena);

/* Write the value of AS_PATH; four_octet false: AS_TRANS where a number does not fit. */
void as_path_write(struct writer *w, const struct as_path *path, bool four_octet);
/* Write the value of AS4_PATH: without confederation segments (RFC 6793 section 3). */
void as4_path_write(struct writer *w, const struct as_path *path);
/* True if a number above 65535 is outside of confederation segments: a two-octet session needs
 * AS4_PATH then, and must not see it otherwise (RFC 6793 section 4.2.2). */
bool as_path_needs_as4(const struct as_path *path);

#endif
