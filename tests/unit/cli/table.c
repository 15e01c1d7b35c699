/* SPDX-License-Identifier: Apache-2.0 */
/* Tables at several widths of the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/table.h"
#include "base/width.h"

static const struct column columns[] = {
	{ "Name", COLUMN_FIXED },
	{ "State", COLUMN_FIXED },
	{ "Routes", COLUMN_RIGHT },
	{ "Reason", COLUMN_WRAPS },
};

static struct table *sample(const struct style *style)
{
	struct table *table = table_new(columns, 4);

	table_row(table);
	table_cell(table, TONE_PLAIN, "dns");
	table_cell_symbol(table, style, TONE_GOOD, "up");
	table_cell(table, TONE_PLAIN, "%d", 2);
	table_row(table);
	table_cell(table, TONE_PLAIN, "東京");
	table_cell_symbol(table, style, TONE_BAD, "down");
	table_cell(table, TONE_PLAIN, "%d", 1000);
	table_cell(table, TONE_PLAIN, "check dns-1: no answer within 500 ms");
	return table;
}

static void expect(const struct style *style, unsigned indent, const char *expected)
{
	struct table *table = sample(style);
	struct text out = { 0 };

	table_print(table, style, indent, &out);
	assert_string_equal(text_string(&out), expected);
	text_clear(&out);
	table_free(table);
}

static void aligns(void **state)
{
	(void)state;
	expect(&(struct style){ .unicode = true }, 0,
		"Name  State   Routes  Reason\n"
		"dns   ✓ up         2\n"
		"東京  ✗ down    1000  check dns-1: no answer within 500 ms\n");
}

static void wraps_in_ascii(void **state)
{
	(void)state;
	expect(&(struct style){ .columns = 46 }, 1,
		" Name  State   Routes  Reason\n"
		" dns   + up         2\n"
		" 東京  x down    1000  check dns-1: no answer\n"
		"                       within 500 ms\n");
}

static void colours(void **state)
{
	struct style style = { .colour = true, .unicode = true };
	struct table *table = table_new(columns, 2);
	struct text out = { 0 };

	(void)state;
	table_row(table);
	table_cell(table, TONE_PLAIN, "a");
	table_cell_symbol(table, &style, TONE_GOOD, "up");
	table_print_body(table, &style, 0, &out);
	assert_string_equal(text_string(&out), "a  \033[32m✓ up\033[0m\n");
	text_clear(&out);
	table_free(table);
}

static void never_wider_than_asked(void **state)
{
	(void)state;
	for (unsigned width = 44; width < 90; width++) {
		struct style style = { .unicode = true, .columns = width };
		struct table *table = sample(&style);
		struct text out = { 0 };
		char *rest, *line;

		table_print(table, &style, 0, &out);
		for (rest = out.bytes; (line = strsep(&rest, "\n")) != NULL;)
			assert_true(text_width(line) <= width);
		text_clear(&out);
		table_free(table);
	}
}

static void keeps_escapes_out(void **state)
{
	struct style style = { .unicode = true };
	struct table *table = table_new(columns, 1);
	struct text out = { 0 };

	(void)state;
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", "\033[31mred\nline");
	table_cell(table, TONE_PLAIN, "one cell too many");
	table_print_body(table, &style, 0, &out);
	assert_string_equal(text_string(&out), "\\x1b[31mred\\nline\n");
	text_clear(&out);
	table_free(table);
}

static void prints_nothing_for_nothing(void **state)
{
	struct style style = { 0 };
	struct table *table = table_new(columns, 4);
	struct text out = { 0 };

	(void)state;
	table_print(table, &style, 0, &out);
	table_print(NULL, &style, 0, &out);
	assert_int_equal(out.length, 0);
	table_free(table);
}

static void wraps_paragraphs(void **state)
{
	struct text out = { 0 };

	(void)state;
	text_wrap(&out, "one two three\n\nfour averyveryverylongword", 2, 10);
	assert_string_equal(text_string(&out),
		"  one two\n  three\n\n  four\n  averyver\n  yverylon\n  gword\n");
	text_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns),
		cmocka_unit_test(wraps_in_ascii),
		cmocka_unit_test(colours),
		cmocka_unit_test(never_wider_than_asked),
		cmocka_unit_test(keeps_escapes_out),
		cmocka_unit_test(prints_nothing_for_nothing),
		cmocka_unit_test(wraps_paragraphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
