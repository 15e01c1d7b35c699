/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: aligned by columns of the terminal, wrapped where there is no room. Pure.
 */
#ifndef NEARCAST_CLI_TABLE_H
#define NEARCAST_CLI_TABLE_H

#include "cli/console.h"

enum column_kind {
	COLUMN_FIXED, /* as wide as its widest cell */
	COLUMN_RIGHT, /* the same, numbers: aligned to the right */
	COLUMN_WRAPS, /* gives way when the terminal is narrow, and goes on on the next line */
};

struct column {
	const char *title;
	enum column_kind kind;
};

#define TABLE_COLUMNS_MAX 12

struct table;

/* columns is copied, its titles are not; count is at most TABLE_COLUMNS_MAX. NULL: no memory;
 * all functions take a NULL table and do nothing. */
struct table *table_new(const struct column *columns, size_t count);
void table_free(struct table *table);

/* Begin a row; cells follow from left to right, missing ones are empty. */
void table_row(struct table *table);
/* The text is made safe for a terminal (text_add_safe). */
void table_cell(struct table *table, enum tone tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A cell with the tone's symbol in front: "✓ up". */
void table_cell_symbol(struct table *table, const struct style *style, enum tone tone,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
size_t table_row_count(const struct table *table);

/* With titles; prints nothing for a table without rows. indent: spaces in front of each line.
 */
void table_print(const struct table *table, const struct style *style, unsigned indent,
	struct text *out);
/* Without titles. */
void table_print_body(const struct table *table, const struct style *style, unsigned indent,
	struct text *out);

/* Paragraphs (separated by an empty line) broken at words, so that a line with its indent stays
 * within columns; ends with a newline. 0 columns: no limit. */
void text_wrap(struct text *out, const char *paragraphs, unsigned indent, unsigned columns);

#endif
