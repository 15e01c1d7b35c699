/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as text.
 *
 * Invariants:
 *  1. Strings are valid UTF-8 without raw control characters (RFC 8259 sections 7 and 8.1).
 *  2. Numbers have a point whatever the locale says, and no exponent.
 */
#include "world/export_json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/width.h"

static void new_line(struct export_json *json)
{
	text_add(json->out, "\n");
	for (unsigned i = 0; i < json->depth; i++)
		text_add(json->out, "  ");
}

/* Before each value and key: the comma, and the line. */
static void separate(struct export_json *json)
{
	bool *filled = &json->filled[json->depth];

	if (json->keyed) {
		json->keyed = false;
		return;
	}
	if (json->depth == 0)
		return;
	if (*filled)
		text_add(json->out, json->flat[json->depth] ? ", " : ",");
	if (!json->flat[json->depth])
		new_line(json);
	*filled = true;
}

void export_json_open(struct export_json *json, char bracket, bool flat)
{
	separate(json);
	assert(json->depth + 1 < EXPORT_DEPTH_MAX);
	text_add_bytes(json->out, &bracket, 1);
	flat |= json->flat[json->depth];
	json->depth++;
	json->filled[json->depth] = false;
	json->flat[json->depth] = flat;
}

void export_json_close(struct export_json *json, char bracket)
{
	bool lines = json->filled[json->depth] && !json->flat[json->depth];

	assert(json->depth > 0);
	json->depth--;
	if (lines)
		new_line(json);
	text_add_bytes(json->out, &bracket, 1);
	if (json->depth == 0)
		text_add(json->out, "\n");
}

static void add_string(struct text *out, const char *string)
{
	size_t length;

	text_add(out, "\"");
	for (uint32_t c = utf8_next(string, &length); length > 0;
		c = utf8_next(string, &length)) {
		if (c == '"' || c == '\\')
			text_print(out, "\\%c", (int)c);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			text_print(out, "\\u%04" PRIx32, c);
		else if (c == 0xfffd)
			text_add(out, "\xef\xbf\xbd");
		else
			text_add_bytes(out, string, length);
		string += length;
	}
	text_add(out, "\"");
}

void export_json_key(struct export_json *json, const char *key)
{
	separate(json);
	add_string(json->out, key);
	text_add(json->out, ": ");
	json->keyed = true;
}

void export_json_string(struct export_json *json, const char *string)
{
	separate(json);
	add_string(json->out, string);
}

void export_json_integer(struct export_json *json, int64_t value)
{
	separate(json);
	text_print(json->out, "%" PRId64, value);
}

void export_json_decimal(struct export_json *json, double value, unsigned digits)
{
	static const int64_t scales[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	int64_t scaled, part;

	separate(json);
	assert(digits < sizeof(scales) / sizeof(scales[0]));
	if (!isfinite(value) || fabs(value) > 9e12) {
		text_add(json->out, "null");
		return;
	}
	scaled = llround(value * (double)scales[digits]);
	part = (scaled < 0 ? -scaled : scaled) % scales[digits];
	for (; digits > 0 && part % 10 == 0; digits--) {
		part /= 10;
		scaled /= 10;
	}
	text_print(json->out, "%s%" PRId64, scaled < 0 ? "-" : "",
		(scaled < 0 ? -scaled : scaled) / scales[digits]);
	if (digits > 0)
		text_print(json->out, ".%0*" PRId64, (int)digits, part);
}

void export_member_string(struct export_json *json, const char *key, const char *string)
{
	export_json_key(json, key);
	export_json_string(json, string);
}

void export_member_integer(struct export_json *json, const char *key, int64_t value)
{
	export_json_key(json, key);
	export_json_integer(json, value);
}

void export_member_decimal(
	struct export_json *json, const char *key, double value, unsigned digits)
{
	export_json_key(json, key);
	export_json_decimal(json, value, digits);
}
