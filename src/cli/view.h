/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the daemon's documents (docs/api.md) to show them: what is missing is shown as such,
 * and nothing that comes is trusted to be of the right type. Pure. */
#ifndef NEARCAST_CLI_VIEW_H
#define NEARCAST_CLI_VIEW_H

#include <jansson.h>

#include "base/instant.h"
#include "cli/table.h"
#include "base/width.h"

const json_t *view_get(const json_t *object, const char *key);
/* "" if it is missing or no string. */
const char *view_string(const json_t *object, const char *key);
/* The same with a word for "nothing", also for the empty string. */
const char *view_string_or(const json_t *object, const char *key, const char *nothing);
bool view_flag(const json_t *object, const char *key);
/* 0 if it is missing or no number. */
double view_number(const json_t *object, const char *key);
long long view_integer(const json_t *object, const char *key);
bool view_has(const json_t *object, const char *key); /* there and not null */

/* "3 min 2 s" from the field "KEY_seconds"; "-" if there was no such moment. */
const char *view_age(const json_t *object, const char *key, char text[DURATION_TEXT_MAX]);
/* "0.4 ms" from a number of seconds. */
const char *view_seconds(double seconds, char text[DURATION_TEXT_MAX]);

/* The elements of a list of strings, with separators; nothing if there are none. */
void view_join(const json_t *list, const char *separator, struct text *out);

/* "✓ up" with its colour, not padded. */
void view_tone(const struct style *style, enum tone tone, const char *word, struct text *out);
/* "Title" on a line of its own, after an empty line. */
void view_title(const struct style *style, const char *title, struct text *out);

/* Lines of "Name  value": a table to be filled by view_pair and ended by view_pairs_end. */
struct table *view_pairs(void);
void view_pair(struct table *pairs, const char *name, enum tone tone, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void view_pairs_end(struct table *pairs, const struct style *style, struct text *out);

enum tone tone_of_service(const char *state);
enum tone tone_of_check(const char *state);
enum tone tone_of_session(const json_t *neighbor);

#endif
