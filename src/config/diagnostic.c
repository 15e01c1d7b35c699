/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: collected while reading, sorted at the end, printed for people.
 *
 * Invariants:
 *  1. error_count counts every error, also those dropped over the cap.
 *  2. Nothing printed holds a control character: the input may be hostile to a terminal.
 *  3. An error is never dropped in favour of a warning.
 */
#include "config/diagnostic.h"

#include <stdio.h>
#include <string.h>

#define LINE_SHOWN_MAX 400u /* bytes of a line kept */
#define TEXT_MAX       512u
#define COLUMNS_SHOWN  100u /* of a long line, around the caret */
#define COLUMNS_BEFORE 60u

static const char no_text[] = "";

/* The bytes of a 1-based line of the source, without its end. */
static const char *find_line(
	const struct config_source *source, uint32_t line, size_t *ret_length)
{
	const char *at = source->text;
	const char *end = source->text + source->length;
	const char *newline;

	for (uint32_t i = 1; i < line && at < end; i++) {
		newline = memchr(at, '\n', (size_t)(end - at));
		at = newline == NULL ? end : newline + 1;
	}
	newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	*ret_length = (size_t)((newline == NULL ? end : newline) - at);
	if (*ret_length > 0 && at[*ret_length - 1] == '\r')
		*ret_length -= 1;
	return at;
}

/* A copy that is safe to show: tabs become a space, other control characters and bytes that are
 * no UTF-8 become '?'. One character stays one column. */
static const char *showable(struct arena *arena, const char *bytes, size_t length)
{
	size_t kept = length > LINE_SHOWN_MAX ? LINE_SHOWN_MAX : length;
	char *copy;

	while (kept < length && kept > 0 && ((unsigned char)bytes[kept] & 0xc0) == 0x80)
		kept--;
	copy = arena_take(arena, kept + 1);
	if (copy == NULL)
		return no_text;
	for (size_t i = 0; i < kept;) {
		unsigned char first = (unsigned char)bytes[i];
		size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
		bool valid = first < 0x80 || (more > 0 && first < 0xf5 && more < kept - i);

		for (size_t j = 1; valid && j <= more; j++)
			valid = ((unsigned char)bytes[i + j] & 0xc0) == 0x80;
		/* C1 controls: U+0080 to U+009F */
		if (valid && first == 0xc2 && (unsigned char)bytes[i + 1] < 0xa0)
			valid = false;
		if (!valid || first < 0x20 || first == 0x7f) {
			copy[i] = first == '\t' ? ' ' : '?';
			i++;
			continue;
		}
		memcpy(copy + i, bytes + i, more + 1);
		i += more + 1;
	}
	return copy;
}

static const char *say(struct arena *arena, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));

static const char *say(struct arena *arena, const char *format, va_list list)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), format, list);
	return showable(arena, text, strlen(text));
}

/* A slot for a new finding, or NULL if it is dropped. */
static struct config_diagnostic *take_slot(
	struct config_diagnostics *diagnostics, enum config_severity severity)
{
	if (diagnostics->items == NULL)
		diagnostics->items = arena_take_array(&diagnostics->arena,
			CONFIG_DIAGNOSTICS_MAX, sizeof(diagnostics->items[0]));
	if (diagnostics->items == NULL)
		return NULL;
	if (diagnostics->count < CONFIG_DIAGNOSTICS_MAX)
		return &diagnostics->items[diagnostics->count++];
	diagnostics->dropped++;
	if (severity != CONFIG_ERROR)
		return NULL;
	/* Invariant 3: the last warning makes room. */
	for (size_t i = diagnostics->count; i-- > 0;) {
		struct config_diagnostic *item = &diagnostics->items[i];

		if (item->severity != CONFIG_WARNING)
			continue;
		memmove(item, item + 1, (diagnostics->count - i - 1) * sizeof(*item));
		return &diagnostics->items[diagnostics->count - 1];
	}
	return NULL;
}

void diagnose(struct config_diagnostics *diagnostics, enum config_severity severity,
	const struct place *place, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	diagnose_list(diagnostics, severity, place, format, list);
	va_end(list);
}

void diagnose_list(struct config_diagnostics *diagnostics, enum config_severity severity,
	const struct place *place, const char *format, va_list list)
{
	struct arena *arena = &diagnostics->arena;
	struct config_diagnostic *item = take_slot(diagnostics, severity);
	size_t length = 0;
	const char *line;

	if (severity == CONFIG_ERROR)
		diagnostics->error_count++;
	diagnostics->last = item;
	if (item == NULL)
		return;
	*item = (struct config_diagnostic){
		.severity = severity, .line_text = no_text, .width = 1, .hint = no_text
	};
	item->text = say(arena, format, list);
	if (place == NULL || place->source == NULL)
		return;
	line = find_line(place->source, place->line, &length);
	item->mark.file = arena_string(arena, place->source->name);
	item->mark.line = place->line;
	item->mark.column = place->column;
	item->line_text = showable(arena, line, length);
	item->width = place->width == 0 ? 1 : place->width;
}

void diagnose_hint(struct config_diagnostics *diagnostics, const char *format, ...)
{
	va_list list;

	if (diagnostics->last == NULL)
		return;
	va_start(list, format);
	diagnostics->last->hint = say(&diagnostics->arena, format, list);
	va_end(list);
}

static size_t source_rank(const struct config_mark *mark, const struct config_source *sources,
	size_t source_count)
{
	for (size_t i = 0; mark->file != NULL && i < source_count; i++)
		if (strcmp(sources[i].name, mark->file) == 0)
			return i;
	return source_count; /* what concerns no place comes last */
}

static bool comes_before(const struct config_mark *a, const struct config_mark *b,
	const struct config_source *sources, size_t source_count)
{
	size_t rank_a = source_rank(a, sources, source_count);
	size_t rank_b = source_rank(b, sources, source_count);

	if (rank_a != rank_b)
		return rank_a < rank_b;
	if (a->line != b->line)
		return a->line < b->line;
	return a->column < b->column;
}

/* An insertion sort: there are at most CONFIG_DIAGNOSTICS_MAX, and it keeps equals in order. */
void diagnostics_sort(struct config_diagnostics *diagnostics,
	const struct config_source *sources, size_t source_count)
{
	for (size_t i = 1; i < diagnostics->count; i++) {
		struct config_diagnostic item = diagnostics->items[i];
		size_t at = i;

		for (; at > 0 && comes_before(&item.mark, &diagnostics->items[at - 1].mark,
					 sources, source_count);
			at--)
			diagnostics->items[at] = diagnostics->items[at - 1];
		diagnostics->items[at] = item;
	}
	diagnostics->last = NULL;
}

void config_diagnostics_clear(struct config_diagnostics *diagnostics)
{
	arena_clear(&diagnostics->arena);
	*diagnostics = (struct config_diagnostics){ 0 };
}

struct colours {
	const char *bold, *error, *warning, *caret, *off;
};

static const struct colours colours_on = {
	.bold = "\033[1m",
	.error = "\033[1;31m",
	.warning = "\033[1;35m",
	.caret = "\033[1;32m",
	.off = "\033[0m",
};
static const struct colours colours_none = { "", "", "", "", "" };

/* Where the character number `index` begins, or the end. */
static const char *character_at(const char *text, uint32_t index)
{
	while (*text != '\0' && index > 0) {
		text++;
		while (((unsigned char)*text & 0xc0) == 0x80)
			text++;
		index--;
	}
	return text;
}

/* The line, cut around the caret if it is long, and the caret under it. */
static void print_line(
	const struct config_diagnostic *item, const struct colours *colours, struct text *out)
{
	uint32_t column = item->mark.column == 0 ? 0 : item->mark.column - 1;
	uint32_t skipped = column > COLUMNS_SHOWN - 20 ? column - COLUMNS_BEFORE : 0;
	const char *from = character_at(item->line_text, skipped);
	const char *to = character_at(from, COLUMNS_SHOWN);
	uint32_t before = column - skipped;
	uint32_t width = item->width;

	if (item->line_text[0] == '\0')
		return;
	text_print(out, "%6u | %s%.*s%s\n", item->mark.line, skipped > 0 ? "..." : "",
		(int)(to - from), from, *to != '\0' ? "..." : "");
	text_print(out, "       | %s%*s%s^", skipped > 0 ? "   " : "", (int)before, "",
		colours->caret);
	if (width > COLUMNS_SHOWN - before)
		width = before < COLUMNS_SHOWN ? COLUMNS_SHOWN - before : 1;
	for (uint32_t i = 1; i < width; i++)
		text_add(out, "~");
	text_print(out, "%s\n", colours->off);
}

static void print_item(
	const struct config_diagnostic *item, const struct colours *colours, struct text *out)
{
	bool error = item->severity == CONFIG_ERROR;

	text_add(out, colours->bold);
	if (item->mark.file != NULL)
		text_print(
			out, "%s:%u:%u: ", item->mark.file, item->mark.line, item->mark.column);
	text_print(out, "%s%s%s: %s\n", error ? colours->error : colours->warning,
		error ? "error" : "warning", colours->off, item->text);
	print_line(item, colours, out);
	if (item->hint[0] != '\0')
		text_print(out, "       = hint: %s\n", item->hint);
}

void config_diagnostics_print(
	const struct config_diagnostics *diagnostics, bool colour, struct text *out)
{
	const struct colours *colours = colour ? &colours_on : &colours_none;

	for (size_t i = 0; i < diagnostics->count; i++)
		print_item(&diagnostics->items[i], colours, out);
	if (diagnostics->dropped > 0)
		text_print(out, "and %zu more that are not shown\n", diagnostics->dropped);
}
