/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: any bytes, in one file or (cut at a NUL) two. It is read or refused with
 * at least one error, and what was read is printed, reads back, and is equal; also with secrets
 * and defaults left out, it prints without harm. The difference to itself is nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/diff.h"
#include "config/reader.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_diagnostics(const struct config_diagnostics *diagnostics)
{
	struct text text = { 0 };

	expect(diagnostics->count <= CONFIG_DIAGNOSTICS_MAX);
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct config_diagnostic *item = &diagnostics->items[i];

		expect(item->text[0] != '\0' && item->width >= 1);
		expect(item->mark.file == NULL ||
			(item->mark.line >= 1 && item->mark.column >= 1));
	}
	config_diagnostics_print(diagnostics, false, &text);
	for (size_t i = 0; i < text.length; i++)
		expect(text.bytes[i] == '\n' || (unsigned char)text.bytes[i] >= 0x20);
	text_clear(&text);
}

static void check_round_trip(const struct config *config, bool with_defaults)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config_changes changes = { 0 };
	struct config_source source = { .name = "printed.yaml" };
	struct config *copy = NULL;
	struct text text = { 0 };

	config_print(config, with_defaults, true, &text);
	source.text = text_string(&text);
	source.length = text.length;
	expect(config_read(&source, 1, &copy, &diagnostics) == 0);
	expect(config_equal(config, copy));
	expect(config_diff(config, copy, &changes) == 0 && changes.count == 0);
	config_changes_clear(&changes);
	config_diagnostics_clear(&diagnostics);
	config_free(copy);
	text_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *cut = length == 0 ? NULL : memchr(bytes, 0, length);
	size_t first = cut == NULL ? length : (size_t)(cut - bytes);
	struct config_source sources[] = {
		{ "site.yaml", (const char *)bytes, first },
		{ "conf.d/more.yaml", (const char *)bytes + first, length - first },
	};
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	int result;

	if (cut != NULL) { /* the NUL itself belongs to neither */
		sources[1].text++;
		sources[1].length--;
	}
	result = config_read(sources, cut == NULL ? 1 : 2, &config, &diagnostics);
	expect((result != 0) == (diagnostics.error_count > 0));
	check_diagnostics(&diagnostics);
	if (result == 0) {
		check_round_trip(config, true);
		check_round_trip(config, false);
	}
	config_diagnostics_clear(&diagnostics);
	config_free(config);
	return 0;
}
