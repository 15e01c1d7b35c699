/* SPDX-License-Identifier: Apache-2.0 */
/* Widths, and what a hostile text becomes before a terminal sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/width.h"

static const struct {
	const char *text;
	unsigned width;
} widths[] = {
	{ "", 0 }, { "abc", 3 }, { "Zürich", 6 },
	{ "Zu\xcc\x88rich", 6 },                                     /* a combining mark */
	{ "東京", 4 }, { "✓ up", 4 }, { "🚀", 2 }, { "\xff\xfe", 2 }, /* two broken bytes */
};

static const struct {
	const char *raw, *safe;
} texts[] = {
	{ "plain Zürich 東京", "plain Zürich 東京" }, { "\033[2Jgone", "\\x1b[2Jgone" },
	{ "two\nlines\r", "two\\nlines\\x0d" },
	{ "\xc2\x9b"
	  "31m",
		"\\x9b31m" }, /* C1 control sequence introducer */
	{ "a\xe2\x80\xae"
	  "b",
		"a\\u202eb" }, /* right-to-left override */
	{ "\xef\xbb\xbf"
	  "bom",
		"\\ufeffbom" },
	{ "\xc0\xaf", "\\xc0\\xaf" },                   /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
	{ "cut\xe2\x82", "cut\\xe2\\x82" }, { "\xf0\x9f\x9a\x80", "🚀" },
	{ "\xef\xbf\xbd", "\xef\xbf\xbd" }, /* U+FFFD itself is no error */
};

static void measures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		assert_int_equal(text_width(widths[i].text), widths[i].width);
}

static void escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct text out = { 0 };

		text_add_safe(&out, texts[i].raw);
		assert_string_equal(text_string(&out), texts[i].safe);
		text_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(measures),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
