/* SPDX-License-Identifier: Apache-2.0 */
/* Text from a source, line by line, and lines as fields between commas. */
#ifndef NEARCAST_PLAN_LINES_H
#define NEARCAST_PLAN_LINES_H

#include <stdbool.h>

#include "plan/graph.h"

#define PLAN_LINE_MAX   4096
#define PLAN_FIELDS_MAX 16

/* Set source, zero the rest. */
struct plan_lines {
	const struct plan_source *source;
	uint32_t line; /* of the last one given out; 1 is the first */
	char text[PLAN_LINE_MAX + 1];
	char buffer[65536];
	size_t at, have;
};

/* The next line, without its end, in lines->text. 1; 0 at the end; the source's error, or
 * ERROR_MALFORMED for one that is too long or has a NUL in it. */
int plan_lines_next(struct plan_lines *lines, struct error *error);
/* Whether the line is empty, a comment (#), or a title: the first, if it begins with a letter.
 */
bool plan_lines_remark(const struct plan_lines *lines);
/* Split lines->text at commas, in place; a field may stand in double quotes. How many. */
size_t plan_lines_split(struct plan_lines *lines, char *fields[PLAN_FIELDS_MAX]);
/* ERROR_MALFORMED (or another code) at the last line. */
int plan_lines_error(const struct plan_lines *lines, struct error *error, enum error_code code,
	const char *text);

/* All of the text is an AS number, a number from 0 on, or one with a sign; with a fraction
 * perhaps. */
bool plan_parse_asn(const char *text, uint32_t *ret_asn);
bool plan_parse_number(const char *text, double *ret_number);

#endif
