/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes: what is told about them, where; and that nothing hostile does any harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "config/reader.h"

static void read_file(const char *path, struct text *ret_text)
{
	char buffer[4096];
	FILE *file = fopen(path, "r");
	size_t length;

	assert_non_null(file);
	while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_bytes(ret_text, buffer, length);
	fclose(file);
}

/* Ten mistakes give ten errors, to the letter. */
static void ten_mistakes(void **state)
{
	struct text input = { 0 }, expected = { 0 }, printed = { 0 };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	(void)state;
	read_file(GOLDEN_FOLDER "/ten-mistakes.yaml", &input);
	read_file(GOLDEN_FOLDER "/ten-mistakes.txt", &expected);
	struct config_source source = { "ten-mistakes.yaml", text_string(&input),
		input.length };
	assert_int_equal(config_read(&source, 1, &config, &diagnostics), ERROR_MALFORMED);
	assert_null(config);
	assert_int_equal(diagnostics.error_count, 10);
	assert_int_equal(diagnostics.count, 10);
	config_diagnostics_print(&diagnostics, false, &printed);
	assert_string_equal(text_string(&printed), text_string(&expected));
	text_reset(&printed);
	config_diagnostics_print(&diagnostics, true, &printed);
	assert_non_null(strstr(text_string(&printed), "\033["));
	config_diagnostics_clear(&diagnostics);
	text_clear(&input);
	text_clear(&expected);
	text_clear(&printed);
}

#define HEAD "site: s\n"

static const struct row {
	const char *text;
	const char *says[4];   /* all of them, in order; NULL ends */
	uint32_t line, column; /* of the first */
} rows[] = {
	/* syntax */
	{ HEAD "log: { level: debug\n", { "this group is not closed" }, 2, 6 },
	{ HEAD "log: [\n", { "a value is missing after this bracket" }, 2, 6 },
	{ HEAD "user: \"abc\n", { "this quote is not closed" }, 2, 7 },
	{ HEAD "user: 'abc\nlog: { level: x }\n",
		{ "this quote is not closed", "level: 'x' is not known" }, 2, 7 },
	{ HEAD "log:\n\tlevel: debug\n", { "a tab cannot indent YAML" }, 3, 1 },
	{ HEAD "user: @x\n", { "a value cannot begin with '@'" }, 2, 7 },
	{ HEAD "user: `x\n", { "a value cannot begin with '`'" }, 2, 7 },
	{ HEAD "user: a: b\n", { "a ':' is not allowed here" }, 2, 8 },
	{ HEAD "user: \"\\q\"\n", { "an unknown escape" }, 2, 8 },
	{ HEAD "log:\n  level: info\n   format: json\n", { "a ':' is not allowed here" }, 4,
		10 },
	{ HEAD "log:\n    level: info\n  format: json\n",
		{ "this does not fit the lines before it" }, 4, 3 },
	{ HEAD "user: \xff\xfe\n", { "this is not UTF-8 text" }, 2, 7 },
	{ HEAD "user: \xc3\xa9\xc3\n", { "this is not UTF-8 text" }, 2, 8 },
	{ HEAD "user: a\001b\n", { "a control character is not allowed" }, 2, 8 },
	{ HEAD "user: \"a\\0b\"\n", { "a text holds a NUL character" }, 2, 7 },
	/* each mistake hides only itself: reading goes on at the next top-level key */
	{ HEAD "log: { level: debg\nhttp: { port: x }\nlease: [\npanic: { hold: 1 }\n",
		{ "this group is not closed", "port: 'x'", "this list is not closed",
			"hold: '1' is not a duration" },
		2, 6 },
	/* YAML beyond what is wanted */
	{ HEAD "user: &a x\n", { "anchors" }, 2, 7 },
	{ HEAD "user: *a\n", { "aliases" }, 2, 7 },
	{ HEAD "user: !!str x\n", { "tags" }, 2, 7 },
	{ HEAD "<<: { a: b }\n", { "merge keys" }, 2, 1 },
	{ HEAD "---\nuser: x\n", { "a second YAML document" }, 2, 1 },
	{ HEAD "? [a, b]\n: c\n", { "a key must be a plain word" }, 2, 3 },
	{ HEAD "site: t\n", { "'site' is said twice" }, 2, 1 },
	{ "- a\n- b\n", { "a configuration is a map of keys", "needs 'site'" }, 1, 1 },
	{ "hello\n", { "a configuration is a map of keys", "needs 'site'" }, 1, 1 },
	{ "", { "the configuration needs 'site'" }, 1, 1 },
	{ "# nothing\n", { "the configuration needs 'site'" }, 1, 1 },
	/* shapes */
	{ HEAD "user:\n", { "'user' has no value" }, 2, 1 },
	{ HEAD "user: \"\"\n", { "this text is empty" }, 2, 7 },
	{ HEAD "user: [a]\n", { "'user' must be text, not a list" }, 2, 7 },
	{ HEAD "user: { a: b }\n", { "'user' must be text, not a group of keys" }, 2, 7 },
	{ HEAD "log: debug\n", { "'log' must be a group of keys, not a value" }, 2, 6 },
	{ HEAD "log: [level]\n", { "'log' must be a group of keys, not a list" }, 2, 6 },
	{ HEAD "services: [a]\n", { "'services' must be a map of names" }, 2, 11 },
	{ HEAD "services: { a: b }\n", { "'a' must be a group of keys" }, 2, 13 },
	{ HEAD "services: { A: { addresses: 192.0.2.1 } }\n", { "'A' is not a name" }, 2, 13 },
	{ HEAD "services: { a: { addresses: [] } }\n", { "'addresses' is empty" }, 2, 18 },
	{ HEAD "services: { a: {} }\n", { "a service needs 'addresses'" }, 2, 13 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [] } }\n",
		{ "'checks' is empty" }, 2, 40 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [[icmp]] } }\n",
		{ "a check is written as" }, 2, 49 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [dns: x] } }\n",
		{ "'dns' must be a group of keys" }, 2, 54 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [dns] } }\n",
		{ "a dns check needs 'name'" }, 2, 49 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [{ icmp: {}, tcp: {} }] } }\n",
		{ "'tcp' is in the same list item as 'icmp'" }, 2, 61 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [http: { request-headers: [a] }] "
	       "} }\n",
		{ "'request-headers' must be a map of headers" }, 2, 74 },
	{ HEAD "services: { a: { addresses: 192.0.2.1, checks: [http: { request-headers: { \"a "
	       "b\": c } }] } }\n",
		{ "'a b' is not the name of a header" }, 2, 76 },
	/* keys */
	{ HEAD "loging: {}\n", { "unknown key 'loging' in the configuration" }, 2, 1 },
	{ HEAD "peers: {}\n", { "unknown key 'peers'" }, 2, 1 },
};

static bool matches(const struct config_diagnostics *diagnostics, const struct row *row)
{
	size_t errors = 0;

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct config_diagnostic *item = &diagnostics->items[i];

		if (item->severity != CONFIG_ERROR)
			continue;
		if (errors == 0 &&
			(item->mark.line != row->line || item->mark.column != row->column))
			return false;
		if (errors == 4 || row->says[errors] == NULL ||
			strstr(item->text, row->says[errors]) == NULL)
			return false;
		errors++;
	}
	return errors > 0 && (errors == 4 || row->says[errors] == NULL);
}

static void says_what_the_table_says(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_source source = { "x.yaml", rows[i].text, strlen(rows[i].text) };
		struct config_diagnostics diagnostics = { 0 };
		struct config *config = NULL;
		struct text text = { 0 };

		if (config_read(&source, 1, &config, &diagnostics) == 0 ||
			!matches(&diagnostics, &rows[i])) {
			config_diagnostics_print(&diagnostics, false, &text);
			print_error("row %zu at %u:%u '%s':\n%s---\n%s\n", i, rows[i].line,
				rows[i].column, rows[i].says[0], rows[i].text,
				text_string(&text));
			wrong++;
		}
		text_clear(&text);
		config_diagnostics_clear(&diagnostics);
		config_free(config);
	}
	assert_int_equal(wrong, 0);
}

static const struct hint_row {
	const char *text, *hint;
} hint_rows[] = {
	{ HEAD "logging: {}\n", "did you mean 'log'?" },
	{ HEAD "neighbours: {}\n", "did you mean 'neighbors'?" },
	{ HEAD "router_id: 192.0.2.1\n", "did you mean 'router-id'?" },
	{ HEAD "remote-as: 1\n", "" },
	{ HEAD "hold-time: 9s\n", "'hold-time' belongs under neighbors.NAME" },
	{ HEAD "http: { enabled: yes }\n", "write true" },
	{ HEAD "http: { enabled: OFF }\n", "write false" },
	{ HEAD "http: { port: 070 }\n", "leave out the leading zeroes" },
	{ HEAD "http: { port: 1e3 }\n", "1 to 65535" },
	{ HEAD "lease: { time: 5 }\n", "say the unit: 5s or 5ms" },
	{ HEAD "lease: { time: 1.5s }\n", "write 1500ms" },
	{ HEAD "lease: { time: 500ms }\n", "from 1s to 1d" },
	{ HEAD "asn: AS64500\n", "write 64500" },
	{ HEAD "asn: 1.10\n", "asdot is not read; write 65546" },
	{ HEAD "log: { level: warn }\n", "did you mean 'warning'?" },
	{ HEAD "site: t\n", "it was first said at x.yaml:1:1" },
	{ HEAD "http: { address: 127.0.0.1/8 }\n",
		"leave out '/8': this is an address, not a prefix" },
	{ HEAD "asn: 64500\nrouter-id: 192.0.2.1\n"
	       "neighbors: { a: { address: \"fe80::1%eth0\", asn: 64501 } }\n",
		"leave out '%eth0' and write 'interface: eth0'" },
};

static void hints_what_was_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hint_rows) / sizeof(hint_rows[0]); i++) {
		struct config_source source = { "x.yaml", hint_rows[i].text,
			strlen(hint_rows[i].text) };
		struct config_diagnostics diagnostics = { 0 };
		struct config *config = NULL;

		assert_int_not_equal(config_read(&source, 1, &config, &diagnostics), 0);
		assert_string_equal(diagnostics.items[0].hint, hint_rows[i].hint);
		config_diagnostics_clear(&diagnostics);
	}
}

static void a_secret_is_never_told(void **state)
{
	static const char text[] = HEAD
		"asn: 64500\nrouter-id: 192.0.2.1\nneighbors:\n  a:\n    address: 192.0.2.2\n"
		"    asn: 64501\n    password: \"file:secret-path\"\n";
	struct config_source source = { "x.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	(void)state;
	assert_int_not_equal(config_read(&source, 1, &config, &diagnostics), 0);
	assert_null(strstr(diagnostics.items[0].text, "secret-path"));
	config_diagnostics_clear(&diagnostics);
}

static int read_two(const char *first, const char *second, struct config **ret_config,
	struct config_diagnostics *diagnostics)
{
	struct config_source sources[] = {
		{ "site.yaml", first, strlen(first) },
		{ "conf.d/a.yaml", second, strlen(second) },
	};

	return config_read(sources, 2, ret_config, diagnostics);
}

#define NEIGHBOR(name, last) \
	"neighbors:\n  " name ": { address: 203.0.113." last ", asn: 64501 }\n"

static void files_are_put_together(void **state)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	(void)state;
	assert_int_equal(
		read_two("site: s\nasn: 64500\n" NEIGHBOR("a", "1"),
			"router-id: 192.0.2.1\n" NEIGHBOR("b", "2"), &config, &diagnostics),
		0);
	assert_int_equal(config->neighbor_count, 2);
	assert_string_equal(config->neighbors[1].mark.file, "conf.d/a.yaml");
	assert_int_equal(config->neighbors[1].mark.line, 3);
	config_free(config);
	config_diagnostics_clear(&diagnostics);

	assert_int_not_equal(
		read_two("site: s\nasn: 64500\nrouter-id: 192.0.2.1\n" NEIGHBOR("a", "1"),
			NEIGHBOR("a", "2") "asn: 64501\n", &config, &diagnostics),
		0);
	assert_int_equal(diagnostics.error_count, 2);
	assert_string_equal(diagnostics.items[0].mark.file, "conf.d/a.yaml");
	assert_string_equal(diagnostics.items[0].text, "'a' is said twice");
	assert_string_equal(diagnostics.items[0].hint, "it was first said at site.yaml:5:3");
	assert_string_equal(diagnostics.items[1].text, "'asn' is said twice");
	config_diagnostics_clear(&diagnostics);
}

/* Any input: it returns, says why, and the words are safe for a terminal. */
static void read_any(const char *bytes, size_t length)
{
	struct config_source source = { "x.yaml", bytes, length };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	struct text text = { 0 };
	int result = config_read(&source, 1, &config, &diagnostics);

	assert_int_equal(result != 0, diagnostics.error_count > 0);
	assert_true(diagnostics.count <= CONFIG_DIAGNOSTICS_MAX);
	config_diagnostics_print(&diagnostics, false, &text);
	for (size_t i = 0; i < text.length; i++)
		assert_true(text.bytes[i] == '\n' || (unsigned char)text.bytes[i] >= 0x20);
	text_clear(&text);
	config_diagnostics_clear(&diagnostics);
	config_free(config);
}

static void read_repeated(
	const char *before, const char *piece, size_t count, const char *after)
{
	struct text text = { 0 };

	text_add(&text, before);
	for (size_t i = 0; i < count; i++)
		text_add(&text, piece);
	text_add(&text, after);
	read_any(text_string(&text), text.length);
	text_clear(&text);
}

static void hostile_inputs(void **state)
{
	struct random random = { 7 };
	struct text many = { 0 };

	(void)state;
	read_any("\0\0\0", 3);
	read_any("\xef\xbb\xbfsite: s\n", 11);
	read_any("\xff\xfe"
		 "s\0i\0t\0e\0",
		10);
	read_any("site: s\r\nasn: 64500\r\n", 21);
	read_any("site: s\rasn: 64500\r", 19);
	read_any("a: &a [*a, *a]\nb: &b [*a, *a]\nc: [*b, *b]\n", 42);
	read_any("\x1b[2J: \x1b]0;x\x07\n", 14);
	read_repeated("", "[", 100000, "");
	read_repeated("", "{a: ", 100000, "");
	read_repeated("", "- ", 100000, "");
	read_repeated("", "? ", 10000, "");
	read_repeated("", "x: [\n", 1000, "");
	read_repeated("site: s\nuser: ", "x", 1000000, "\n");
	read_repeated("", "\n", 1000000, "");
	read_repeated("site: s\nservices: {", "a: {},", 10000, "}\n");
	read_repeated("site: s\nservices: { a: { addresses: [", "192.0.2.1, ", 65, "] } }\n");
	read_repeated("site: s\nservices: { a: { addresses: 192.0.2.1, checks: [", "icmp, ", 65,
		"] } }\n");
	read_repeated(
		"site: s\nservices: { a: { addresses: 192.0.2.1, checks: ", "[all: ", 40, "\n");
	for (unsigned i = 0; i < 5000; i++)
		text_print(&many, "key-%u: x\n", i);
	read_any(text_string(&many), many.length);
	text_clear(&many);
	for (unsigned i = 0; i < 2000; i++) {
		char bytes[64];

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (char)random_u64(&random);
		read_any(bytes, sizeof(bytes));
	}
}

/* Every part of a good file, cut anywhere, and every single byte of it changed. */
static void cut_and_changed(void **state)
{
	struct text good = { 0 };
	struct random random = { 11 };

	(void)state;
	read_file(GOLDEN_FOLDER "/ten-mistakes.yaml", &good);
	for (size_t i = 0; i < good.length; i++) {
		char kept = good.bytes[i];

		read_any(good.bytes, i);
		good.bytes[i] = (char)random_u64(&random);
		read_any(good.bytes, good.length);
		good.bytes[i] = "\n:{}[]\"'#&* -"[random_below(&random, 13)];
		read_any(good.bytes, good.length);
		good.bytes[i] = kept;
	}
	text_clear(&good);
}

static void errors_before_warnings_when_full(void **state)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	struct text text = { 0 };

	(void)state;
	text_add(&text, "site: s\n");
	for (int i = 0; i < 300; i++)
		text_print(&text, "unknown-%d: x\n", i);
	struct config_source source = { "x.yaml", text_string(&text), text.length };
	assert_int_not_equal(config_read(&source, 1, &config, &diagnostics), 0);
	assert_int_equal(diagnostics.count, CONFIG_DIAGNOSTICS_MAX);
	assert_int_equal(diagnostics.error_count, 300);
	for (size_t i = 0; i < diagnostics.count; i++)
		assert_int_equal(diagnostics.items[i].severity, CONFIG_ERROR);
	config_diagnostics_clear(&diagnostics);
	text_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_mistakes),
		cmocka_unit_test(says_what_the_table_says),
		cmocka_unit_test(hints_what_was_meant),
		cmocka_unit_test(a_secret_is_never_told),
		cmocka_unit_test(files_are_put_together),
		cmocka_unit_test(hostile_inputs),
		cmocka_unit_test(cut_and_changed),
		cmocka_unit_test(errors_before_warnings_when_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
