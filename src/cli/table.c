/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for people.
 *
 * Invariants:
 *  1. A cell's text is safe for a terminal and holds no newline.
 *  2. No line ends in blanks.
 *  3. A column that wraps is never narrower than WRAP_LEAST, or its widest cell if that is
 * less; so a table can be wider than a very narrow terminal, but never loses a word.
 */
#include "cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/width.h"

#define GAP        2u
#define WRAP_LEAST 20u
#define ROWS_FIRST 16u

struct cell {
	const char *text;
	enum tone tone;
};

struct row {
	struct cell cells[TABLE_COLUMNS_MAX];
	size_t count;
};

struct table {
	struct column columns[TABLE_COLUMNS_MAX];
	size_t column_count;
	struct row *rows;
	size_t row_count, row_room;
	struct arena arena; /* the cells' texts */
};

struct table *table_new(const struct column *columns, size_t count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	if (count > TABLE_COLUMNS_MAX)
		count = TABLE_COLUMNS_MAX;
	memcpy(table->columns, columns, count * sizeof(*columns));
	table->column_count = count;
	return table;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	arena_clear(&table->arena);
	free(table->rows);
	free(table);
}

size_t table_row_count(const struct table *table)
{
	return table == NULL ? 0 : table->row_count;
}

void table_row(struct table *table)
{
	size_t room;
	struct row *rows;

	if (table == NULL)
		return;
	if (table->row_count == table->row_room) {
		room = table->row_room == 0 ? ROWS_FIRST : table->row_room * 2;
		rows = realloc(table->rows, room * sizeof(*rows));
		if (rows == NULL)
			return;
		table->rows = rows;
		table->row_room = room;
	}
	table->rows[table->row_count++] = (struct row){ 0 };
}

/* Takes over nothing; prefix goes in front of the formatted text, as it is. */
__attribute__((format(printf, 4, 0))) static void add_cell(struct table *table, enum tone tone,
	const char *prefix, const char *format, va_list list)
{
	struct text safe = { 0 };
	char *raw = NULL;
	struct row *row;

	if (table == NULL || table->row_count == 0)
		return;
	row = &table->rows[table->row_count - 1];
	if (row->count == table->column_count || vasprintf(&raw, format, list) < 0)
		return;
	if (prefix[0] != '\0')
		text_print(&safe, "%s ", prefix);
	text_add_safe(&safe, raw);
	row->cells[row->count++] =
		(struct cell){ arena_string(&table->arena, text_string(&safe)), tone };
	text_clear(&safe);
	free(raw);
}

void table_cell(struct table *table, enum tone tone, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	add_cell(table, tone, "", format, list);
	va_end(list);
}

void table_cell_symbol(
	struct table *table, const struct style *style, enum tone tone, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	add_cell(table, tone, tone_symbol(style, tone), format, list);
	va_end(list);
}

/* ---- Breaking text ---- */

/* How many bytes of text fit into columns, at least one code point; breaks after a blank if
 * there is one. *ret_skip: those and the blanks behind them. */
static size_t line_fit(const char *text, unsigned columns, size_t *ret_skip)
{
	size_t at = 0, blank = 0, length;
	unsigned width = 0;

	for (;;) {
		uint32_t c = utf8_next(text + at, &length);

		if (length == 0) {
			*ret_skip = at;
			return at;
		}
		if (c == ' ')
			blank = at;
		width += code_point_width(c);
		if (width > columns && at > 0)
			break;
		at += length;
	}
	if (blank > 0)
		at = blank;
	*ret_skip = at + strspn(text + at, " ");
	return at;
}

static void wrap_paragraph(
	struct text *out, const char *text, unsigned indent, unsigned columns)
{
	unsigned room = columns == 0 ? UINT32_MAX : columns > indent ? columns - indent : 1;

	while (*text != '\0') {
		size_t skip, length = line_fit(text, room, &skip);

		text_print(out, "%*s%.*s\n", (int)indent, "", (int)length, text);
		text += skip;
	}
}

void text_wrap(struct text *out, const char *paragraphs, unsigned indent, unsigned columns)
{
	while (*paragraphs != '\0') {
		const char *end = strstr(paragraphs, "\n\n");
		size_t length = end == NULL ? strlen(paragraphs) : (size_t)(end - paragraphs);
		struct text one = { 0 };

		text_add_bytes(&one, paragraphs, length);
		wrap_paragraph(out, text_string(&one), indent, columns);
		text_clear(&one);
		paragraphs += length;
		if (end != NULL) {
			paragraphs += 2;
			text_add(out, "\n");
		}
	}
}

/* ---- Widths ---- */

struct layout {
	unsigned widths[TABLE_COLUMNS_MAX];
	unsigned indent;
	const struct style *style;
};

static const char *cell_text(const struct row *row, size_t column)
{
	if (column >= row->count || row->cells[column].text == NULL)
		return "";
	return row->cells[column].text;
}

static unsigned natural_width(const struct table *table, size_t column, bool titles)
{
	unsigned widest = titles ? text_width(table->columns[column].title) : 0;

	for (size_t i = 0; i < table->row_count; i++) {
		unsigned width = text_width(cell_text(&table->rows[i], column));

		if (width > widest)
			widest = width;
	}
	return widest;
}

/* The widest column that may still give way; SIZE_MAX if none. */
static size_t widest_wrapping(const struct table *table, const struct layout *layout)
{
	size_t widest = SIZE_MAX;

	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].kind != COLUMN_WRAPS || layout->widths[i] <= WRAP_LEAST)
			continue;
		if (widest == SIZE_MAX || layout->widths[i] > layout->widths[widest])
			widest = i;
	}
	return widest;
}

static void lay_out(const struct table *table, bool titles, struct layout *layout)
{
	unsigned total = layout->indent;
	size_t giving;

	for (size_t i = 0; i < table->column_count; i++) {
		layout->widths[i] = natural_width(table, i, titles);
		total += layout->widths[i] + (i + 1 < table->column_count ? GAP : 0);
	}
	if (layout->style->columns == 0)
		return;
	while (total > layout->style->columns &&
		(giving = widest_wrapping(table, layout)) != SIZE_MAX) {
		layout->widths[giving]--;
		total--;
	}
}

/* ---- Printing ---- */

/* One cell of one line. `rest` moves on; blanks are owed, so that no line ends in them. */
static void print_piece(const struct cell *cell, enum column_kind kind, unsigned width,
	const struct style *style, const char **rest, unsigned *owed, struct text *out)
{
	size_t skip, length = line_fit(*rest, width, &skip);
	struct text piece = { 0 };
	unsigned used;

	text_add_bytes(&piece, *rest, length);
	*rest += skip;
	used = text_width(text_string(&piece));
	if (kind == COLUMN_RIGHT && used < width)
		*owed += width - used;
	if (length > 0) {
		text_print(out, "%*s%s%s%s", (int)*owed, "", tone_start(style, cell->tone),
			text_string(&piece), tone_end(style, cell->tone));
		*owed = 0;
	}
	if (kind != COLUMN_RIGHT && used < width)
		*owed += width - used;
	text_clear(&piece);
}

static void print_row(const struct table *table, const struct row *row,
	const struct layout *layout, struct text *out)
{
	const char *rest[TABLE_COLUMNS_MAX];
	bool more = true;

	for (size_t i = 0; i < table->column_count; i++)
		rest[i] = cell_text(row, i);
	while (more) {
		unsigned owed = layout->indent;

		more = false;
		for (size_t i = 0; i < table->column_count; i++) {
			print_piece(&row->cells[i], table->columns[i].kind, layout->widths[i],
				layout->style, &rest[i], &owed, out);
			owed += GAP;
			more = more || rest[i][0] != '\0';
		}
		text_add(out, "\n");
	}
}

static void print_titles(
	const struct table *table, const struct layout *layout, struct text *out)
{
	struct row titles = { .count = table->column_count };

	for (size_t i = 0; i < table->column_count; i++)
		titles.cells[i] = (struct cell){ table->columns[i].title, TONE_TITLE };
	print_row(table, &titles, layout, out);
}

static void print_all(
	const struct table *table, bool titles, struct layout *layout, struct text *out)
{
	if (table == NULL || table->row_count == 0)
		return;
	lay_out(table, titles, layout);
	if (titles)
		print_titles(table, layout, out);
	for (size_t i = 0; i < table->row_count; i++)
		print_row(table, &table->rows[i], layout, out);
}

void table_print(
	const struct table *table, const struct style *style, unsigned indent, struct text *out)
{
	print_all(table, true, &(struct layout){ .indent = indent, .style = style }, out);
}

void table_print_body(
	const struct table *table, const struct style *style, unsigned indent, struct text *out)
{
	print_all(table, false, &(struct layout){ .indent = indent, .style = style }, out);
}
