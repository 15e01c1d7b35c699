/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS names: text, wire form, compressed wire form.
 *
 * Invariants:
 *  1. A struct dns_name that a function here gave is well-formed: labels of 1 to 63 bytes, the
 *     root at the end, at most 255 bytes.
 *  2. Following pointers ends: each leads to before the start of the labels it continues, so
 *     the places fall strictly; and there are at most DNS_POINTERS_MAX.
 *
 * RFC 1035 sections 2.3.4, 3.1, 4.1.4 and 5.1; RFC 4343.
 */
#include "wire/dns.h"

#include <stdio.h>

#define LABEL_MAX      63u
#define POINTER_BITS   0xc0u
#define POINTER_OFFSET 0x3fffu

/* One character of the text form: *text moves behind it. Gives 0..255, or -1. */
static int character_parse(const char **text)
{
	const char *t = *text;
	unsigned value;

	if (t[0] != '\\') {
		*text = t + 1;
		return (unsigned char)t[0];
	}
	if (t[1] == '\0')
		return -1;
	if (t[1] < '0' || t[1] > '9') {
		*text = t + 2;
		return (unsigned char)t[1];
	}
	if (t[2] < '0' || t[2] > '9' || t[3] < '0' || t[3] > '9')
		return -1;
	value = (unsigned)(t[1] - '0') * 100 + (unsigned)(t[2] - '0') * 10 +
		(unsigned)(t[3] - '0');
	*text = t + 4;
	return value > UINT8_MAX ? -1 : (int)value;
}

/* One label up to a dot or the end. */
static int label_parse(const char **text, struct writer *w)
{
	uint8_t *length = writer_reserve(w, 1);
	size_t count = 0;

	while (**text != '\0' && **text != '.') {
		int c = character_parse(text);

		if (c < 0)
			return ERROR_MALFORMED;
		writer_u8(w, (uint8_t)c);
		count++;
	}
	if (count == 0)
		return ERROR_MALFORMED;
	if (count > LABEL_MAX || w->failed)
		return ERROR_RANGE;
	length[0] = (uint8_t)count;
	return 0;
}

int dns_name_parse(const char *text, struct dns_name *ret_name)
{
	struct dns_name name = { 0 };
	struct writer w = writer_of(name.bytes, sizeof(name.bytes));
	int r;

	if (text[0] == '\0')
		return ERROR_MALFORMED;
	if (strcmp(text, ".") == 0)
		text++;
	while (*text != '\0') {
		r = label_parse(&text, &w);
		if (r != 0)
			return r;
		if (*text == '.')
			text++;
	}
	writer_u8(&w, 0);
	if (w.failed)
		return ERROR_RANGE;
	name.length = (uint8_t)writer_length(&w);
	*ret_name = name;
	return 0;
}

static size_t character_format(uint8_t c, char *text)
{
	if (c <= ' ' || c >= 0x7f)
		return (size_t)snprintf(text, 5, "\\%03u", c);
	if (strchr(".\\\"();@$", c) != NULL) {
		text[0] = '\\';
		text[1] = (char)c;
		return 2;
	}
	text[0] = (char)c;
	return 1;
}

const char *dns_name_format(const struct dns_name *name, char text[DNS_NAME_TEXT_MAX])
{
	struct cursor c = cursor_of(name->bytes, name->length);
	char *at = text;
	uint8_t length;

	while ((length = cursor_u8(&c)) > 0) {
		const uint8_t *label = cursor_take(&c, length);

		for (uint8_t i = 0; i < length && label != NULL; i++)
			at += character_format(label[i], at);
		*at++ = '.';
	}
	if (at == text)
		*at++ = '.';
	*at = '\0';
	return text;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Length bytes are at most 63 and so below every letter: they need no care of their own. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->length != b->length)
		return false;
	for (unsigned i = 0; i < a->length; i++)
		if (lower(a->bytes[i]) != lower(b->bytes[i]))
			return false;
	return true;
}

/* Take one label, pointer or root at *c. */
enum step { STEP_LABEL, STEP_POINTER, STEP_ROOT, STEP_BROKEN };

static enum step step_read(struct cursor *c, struct writer *w, size_t *ret_offset)
{
	uint8_t length = cursor_u8(c);
	const uint8_t *label;

	if (c->failed)
		return STEP_BROKEN;
	if ((length & POINTER_BITS) == POINTER_BITS) {
		*ret_offset = (((size_t)length << 8) | cursor_u8(c)) & POINTER_OFFSET;
		return c->failed ? STEP_BROKEN : STEP_POINTER;
	}
	if (length > LABEL_MAX)
		return STEP_BROKEN; /* 01 and 10 are not label types: RFC 6891 section 5 */
	label = cursor_take(c, length);
	if (label == NULL)
		return STEP_BROKEN;
	writer_u8(w, length);
	writer_bytes(w, label, length);
	if (w->failed)
		return STEP_BROKEN;
	return length == 0 ? STEP_ROOT : STEP_LABEL;
}

/* Labels and pointers until the root. *ret_behind: where the name ends in its own place. */
static int name_follow(const struct cursor *message, struct cursor at, struct writer *w,
	struct cursor *ret_behind)
{
	const uint8_t *began = at.at;
	unsigned pointers = 0;
	size_t offset = 0;

	for (;;) {
		switch (step_read(&at, w, &offset)) {
		case STEP_LABEL:
			continue;
		case STEP_ROOT:
			if (pointers == 0)
				*ret_behind = at;
			return 0;
		case STEP_POINTER:
			if (pointers == 0)
				*ret_behind = at;
			if (++pointers > DNS_POINTERS_MAX ||
				offset >= (size_t)(began - message->at))
				return ERROR_MALFORMED;
			began = message->at + offset;
			at = (struct cursor){ .at = began, .end = message->end };
			continue;
		case STEP_BROKEN:
		default:
			return at.failed ? ERROR_TRUNCATED : ERROR_MALFORMED;
		}
	}
}

int dns_name_read(const struct cursor *message, struct cursor *c, struct dns_name *ret_name)
{
	struct dns_name name = { 0 };
	struct writer w = writer_of(name.bytes, sizeof(name.bytes));
	struct cursor behind = *c;
	int r = c->failed ? ERROR_TRUNCATED : name_follow(message, *c, &w, &behind);

	if (r != 0) {
		c->failed = true;
		c->at = c->end;
		return r;
	}
	*c = behind;
	name.length = (uint8_t)writer_length(&w);
	*ret_name = name;
	return 0;
}
