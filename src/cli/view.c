/* SPDX-License-Identifier: Apache-2.0 */
/* Reading documents to show them. */
#include "cli/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const json_t *view_get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

const char *view_string(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string == NULL ? "" : string;
}

const char *view_string_or(const json_t *object, const char *key, const char *nothing)
{
	const char *string = view_string(object, key);

	return string[0] == '\0' ? nothing : string;
}

bool view_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

double view_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

long long view_integer(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

bool view_has(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value != NULL && !json_is_null(value);
}

const char *view_seconds(double seconds, char text[DURATION_TEXT_MAX])
{
	/* A number from outside: what does not fit a duration is nobody's uptime. */
	if (!isfinite(seconds) || seconds < -9e9 || seconds > 9e9)
		return "-";
	return duration_human((struct duration){ (int64_t)(seconds * 1e9) }, text);
}

const char *view_age(const json_t *object, const char *key, char text[DURATION_TEXT_MAX])
{
	char name[64];
	const json_t *value;

	snprintf(name, sizeof(name), "%s_seconds", key);
	value = json_object_get(object, name);
	return json_is_number(value) ? view_seconds(json_number_value(value), text) : "-";
}

void view_join(const json_t *list, const char *separator, struct text *out)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		const char *string = json_string_value(item);

		text_print(out, "%s%s", i == 0 ? "" : separator, string == NULL ? "?" : string);
	}
}

void view_tone(const struct style *style, enum tone tone, const char *word, struct text *out)
{
	const char *symbol = tone_symbol(style, tone);

	text_print(
		out, "%s%s%s", tone_start(style, tone), symbol, symbol[0] == '\0' ? "" : " ");
	text_add_safe(out, word);
	text_add(out, tone_end(style, tone));
}

void view_title(const struct style *style, const char *title, struct text *out)
{
	text_print(out, "\n%s%s%s\n", tone_start(style, TONE_TITLE), title,
		tone_end(style, TONE_TITLE));
}

struct table *view_pairs(void)
{
	static const struct column columns[] = { { "", COLUMN_FIXED }, { "", COLUMN_WRAPS } };

	return table_new(columns, 2);
}

void view_pair(struct table *pairs, const char *name, enum tone tone, const char *format, ...)
{
	va_list list;
	char *value = NULL;

	va_start(list, format);
	if (vasprintf(&value, format, list) < 0)
		value = NULL;
	va_end(list);
	table_row(pairs);
	table_cell(pairs, TONE_QUIET, "%s", name);
	table_cell(pairs, tone, "%s", value == NULL ? "" : value);
	free(value);
}

void view_pairs_end(struct table *pairs, const struct style *style, struct text *out)
{
	table_print_body(pairs, style, 0, out);
	table_free(pairs);
}

struct toned_word {
	const char *word;
	enum tone tone;
};

static enum tone tone_of(const struct toned_word *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].tone;
	}
	return TONE_WARNING;
}

enum tone tone_of_service(const char *state)
{
	static const struct toned_word words[] = {
		{ "up", TONE_GOOD },
		{ "down", TONE_BAD },
		{ "init", TONE_QUIET },
		{ "maintenance", TONE_QUIET },
		{ "draining", TONE_QUIET },
	};

	return tone_of(words, sizeof(words) / sizeof(words[0]), state);
}

enum tone tone_of_check(const char *state)
{
	static const struct toned_word words[] = {
		{ "up", TONE_GOOD },
		{ "down", TONE_BAD },
		{ "init", TONE_QUIET },
	};

	return tone_of(words, sizeof(words) / sizeof(words[0]), state);
}

enum tone tone_of_session(const json_t *neighbor)
{
	if (strcmp(view_string(neighbor, "state"), "Established") == 0)
		return view_flag(neighbor, "restarting") ? TONE_WARNING : TONE_GOOD;
	return view_flag(neighbor, "admin_down") ? TONE_QUIET : TONE_BAD;
}
