/* SPDX-License-Identifier: Apache-2.0 */
/* Single values: from text by their field's kind, and back to text. */
#ifndef NEARCAST_CONFIG_VALUE_H
#define NEARCAST_CONFIG_VALUE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "config/schema.h"

/*
 * Read one value of a scalar kind (KIND_BOOL to KIND_STATUS) into target, which is where the
 * value or the list's item goes. Texts are copied into the arena. 0, ERROR_MALFORMED,
 * ERROR_RANGE or ERROR_MEMORY; error says what is wrong and hints at what would be right.
 */
int value_parse(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error);

/* The canonical text of a value, unquoted; value_parse reads it back. A literal secret is
 * printed as "(hidden)" unless with_secrets. */
void value_format(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out);

/* One community of any of the three kinds. */
enum community_kind {
	COMMUNITY_STANDARD, /* RFC 1997: "64500:10", or a well-known name */
	COMMUNITY_LARGE,    /* RFC 8092: "64500:1:2" */
	COMMUNITY_EXTENDED, /* RFC 4360: "rt:64500:10", "soo:192.0.2.1:10", "0x" and 16 digits
			     */
};

struct community {
	enum community_kind kind;
	union {
		uint32_t standard;
		struct config_large_community large;
		uint64_t extended;
	};
};

int community_parse(const char *text, struct community *ret_community, struct error *error);
void community_format(const struct community *community, struct text *out);

/* Unsigned integers and enums of 1, 2, 4 or 8 bytes. */
uint64_t value_load(const void *at, size_t size);
void value_store(void *at, size_t size, uint64_t value);

/* Decimal digits only, no sign, no leading zeroes, at most maximum; all of the text. */
bool value_digits(const char *text, size_t length, uint64_t maximum, uint64_t *ret_value);

#endif
