/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259) as text, without a library: for rooms that have none. */
#ifndef NEARCAST_WORLD_EXPORT_JSON_H
#define NEARCAST_WORLD_EXPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define EXPORT_DEPTH_MAX 32

/* Zero-initialise but for out. Nesting deeper than EXPORT_DEPTH_MAX is a mistake of the
 * caller's.
 */
struct export_json {
	struct text *out;
	unsigned depth;
	bool filled[EXPORT_DEPTH_MAX]; /* does the object or array of this depth hold something?
					*/
	bool flat[EXPORT_DEPTH_MAX];   /* is it on one line? */
	bool keyed;                    /* a key was written, its value comes now */
};

void export_json_key(struct export_json *json, const char *key);
/* '{' or '['; flat: on one line. */
void export_json_open(struct export_json *json, char bracket, bool flat);
void export_json_close(struct export_json *json, char bracket);
/* UTF-8; what is broken becomes U+FFFD. */
void export_json_string(struct export_json *json, const char *string);
void export_json_integer(struct export_json *json, int64_t value);
/* With up to `digits` (0 to 6) digits after the point; no number: null. */
void export_json_decimal(struct export_json *json, double value, unsigned digits);

/* A key and its value. */
void export_member_string(struct export_json *json, const char *key, const char *string);
void export_member_integer(struct export_json *json, const char *key, int64_t value);
void export_member_decimal(
	struct export_json *json, const char *key, double value, unsigned digits);

#endif
