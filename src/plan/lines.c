/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of text files.
 *
 * Invariants:
 *  1. A line that is given out fits its buffer, ends in NUL and holds no other.
 *  2. Every call takes at least a byte from the source, or is the last.
 */
#include "plan/lines.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int plan_lines_error(const struct plan_lines *lines, struct error *error, enum error_code code,
	const char *text)
{
	if (error == NULL)
		return code;
	error->line = lines->line;
	if (lines->source->name != NULL)
		snprintf(error->file, sizeof(error->file), "%s", lines->source->name);
	return error_set(error, code, "%s", text);
}

static int fill(struct plan_lines *lines, struct error *error)
{
	ptrdiff_t got = lines->source->read(
		lines->source->context, lines->buffer, sizeof(lines->buffer), error);

	if (got < 0) {
		if (error != NULL && lines->source->name != NULL)
			snprintf(error->file, sizeof(error->file), "%s", lines->source->name);
		return (int)got;
	}
	lines->at = 0;
	lines->have = (size_t)got;
	return got > 0;
}

int plan_lines_next(struct plan_lines *lines, struct error *error)
{
	size_t length = 0;

	lines->line++;
	for (;;) {
		char byte;

		if (lines->at == lines->have) {
			int result = fill(lines, error);

			if (result < 0 || (result == 0 && length == 0))
				return result;
			if (result == 0)
				break;
		}
		byte = lines->buffer[lines->at++];
		if (byte == '\n')
			break;
		if (byte == '\0' || length == PLAN_LINE_MAX)
			return plan_lines_error(lines, error, ERROR_MALFORMED,
				byte == '\0' ? "a NUL in the text" : "the line is too long");
		lines->text[length++] = byte;
	}
	if (length > 0 && lines->text[length - 1] == '\r')
		length--;
	lines->text[length] = '\0';
	return 1;
}

bool plan_lines_remark(const struct plan_lines *lines)
{
	char first = lines->text[0];

	return first == '\0' || first == '#' ||
	       (lines->line == 1 && isalpha((unsigned char)first));
}

size_t plan_lines_split(struct plan_lines *lines, char *fields[PLAN_FIELDS_MAX])
{
	char *at = lines->text;
	size_t count = 0;

	while (count < PLAN_FIELDS_MAX) {
		bool quoted = *at == '"';
		char *end;

		fields[count++] = at += quoted;
		end = quoted ? strchr(at, '"') : NULL;
		if (end != NULL)
			*end++ = '\0';
		else
			end = at;
		end += strcspn(end, ",");
		if (*end == '\0')
			break;
		*end = '\0';
		at = end + 1;
	}
	return count;
}

bool plan_parse_asn(const char *text, uint32_t *ret_asn)
{
	uint64_t value = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 10 || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	*ret_asn = (uint32_t)value;
	return value > 0 && value <= UINT32_MAX;
}

bool plan_parse_number(const char *text, double *ret_number)
{
	const char *at = text + (*text == '-');
	size_t whole = strspn(at, "0123456789"), part = 0;
	double value = 0, unit = 1;

	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (at[i] - '0');
	at += whole;
	if (*at == '.')
		part = strspn(++at, "0123456789");
	for (size_t i = 0; i < part; i++, unit *= 10)
		value = value * 10 + (at[i] - '0');
	*ret_number = (*text == '-' ? -value : value) / unit;
	return whole + part > 0 && whole + part < 40 && at[part] == '\0';
}
