/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The printer: what it prints reads back as an equal configuration, with and without defaults.
 * The configurations are random: every field of the schema is set with some probability, to a
 * random value of its kind, so that a new row is tested without another line here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/random.h"
#include "config/printer.h"
#include "config/reader.h"

#define ROUNDS 400

struct writer {
	struct random random;
	struct text text;
	unsigned share;   /* percent of the fields that are set */
	unsigned numbers; /* for values that must be unique */
	bool loose;       /* several list items and odd characters */
};

static uint64_t pick(struct writer *writer, uint64_t minimum, uint64_t maximum)
{
	uint64_t range = maximum - minimum + 1;

	return minimum + (range == 0 ? 0 : random_u64(&writer->random) % range);
}

static void write_duration(struct writer *writer, const struct schema_field *field)
{
	static const int64_t units[] = { 1000000, 1000000000, 60000000000 };
	int64_t unit = units[pick(writer, 0, 2)];
	int64_t least = (field->minimum + unit - 1) / unit, most = field->maximum / unit;
	char text[DURATION_TEXT_MAX];
	struct duration value;

	if (least > most)
		least = most = (unit = 1000000, field->minimum / unit);
	value.ns = (int64_t)pick(writer, (uint64_t)least, (uint64_t)most) * unit;
	/* The wire knows hold and restart times in whole seconds only. */
	if (strcmp(field->key, "hold-time") == 0 || strcmp(field->key, "restart-time") == 0)
		value.ns = (value.ns / 1000000000 + 1) * 1000000000;
	if (value.ns > field->maximum)
		value.ns = field->maximum;
	text_add(&writer->text, duration_format(value, text));
}

static void write_string(struct writer *writer)
{
	static const char *const odd[] = { "plain", "two words", "it's", "a: b", "#no", "yes",
		"1e3", "\\\"quoted\\\"", "back\\\\slash", "\u00e9t\u00e9", "- x", "[a, b]",
		"{}", "&a", "*a", "%", "@x", "`", "null", "~", "65000:10", "::", "\\U0001f600",
		"x\\u00a0y" };

	text_print(&writer->text, "\"%s\"",
		odd[pick(writer, 0, sizeof(odd) / sizeof(odd[0]) - 1)]);
}

static void write_community(struct writer *writer)
{
	static const char *const some[] = { "65000:10", "no-export", "graceful-shutdown",
		"64500:1:2", "4200000000:1:4294967295", "rt:64500:10", "rt:192.0.2.1:7",
		"soo:4200000000:9", "0x4300000000000001", "0:0", "blackhole" };

	text_add(&writer->text, some[pick(writer, 0, sizeof(some) / sizeof(some[0]) - 1)]);
}

static void write_word(struct writer *writer, const struct schema_field *field)
{
	size_t count = 0;

	while (field->words[count].word != NULL)
		count++;
	text_print(&writer->text, "\"%s\"", field->words[pick(writer, 0, count - 1)].word);
}

/* Values of policies, by kind; the last ones need a flag. */
static void write_policy_value(struct writer *writer, const struct schema_field *field)
{
	static const char *const prefixes[] = { "192.0.2.0/24", "10.0.0.0/8 le 24",
		"10.0.0.0/8 ge 9 le 24", "10.0.0.0/8 ge 24", "10.0.0.0/8 or-longer",
		"2001:db8::/32 le 48", "\"::/0\"", "0.0.0.0/0 ge 0 le 32", "192.0.2.1",
		"\"::1\"", "10.0.0.0/8 ge 24 le 24", "192.0.2.1/32 le 32", "a-set" };
	static const char *const asns[] = { "64500", "0", "64500-64510", "0-4294967295",
		"a-set" };
	static const char *const patterns[] = { "a-set", "174", "\"^ 1 (2 | 3)* [^4 5-7] $\"",
		"\".\"", "\"^$\"", "\"any{3,}\"" };
	static const char *const communities[] = { "64500:10", "\"64500:*\"", "\"*:100-199\"",
		"\"1:2:*\"", "\"0:neighbor\"", "\"self:*:neighbor\"", "\"0-65535:7\"",
		"\"rt:*:7\"", "\"rt:64500:*\"", "\"soo:192.0.2.1:*\"", "\"rt:0-4294967295:5\"",
		"\"rt:4200000000:1-2\"", "no-export", "0x0002fbf40000000a", "a-set" };
	static const char *const meds[] = { "0", "10", "+10", "-10", "igp", "remove" };
	static const char *const hops[] = { "self", "192.0.2.1", "\"2001:db8::1\"" };
	static const char *const choices[] = { "none", "all", "a-policy", "[a, b]", "[a]" };
	static const struct {
		enum schema_kind kind;
		const char *const *some;
		size_t count;
	} kinds[] = {
		{ KIND_PREFIX_ITEM, prefixes, sizeof(prefixes) / sizeof(prefixes[0]) },
		{ KIND_AS_ITEM, asns, sizeof(asns) / sizeof(asns[0]) },
		{ KIND_AS_PATTERN, patterns, sizeof(patterns) / sizeof(patterns[0]) },
		{ KIND_COMMUNITY_ITEM, communities,
			sizeof(communities) / sizeof(communities[0]) },
		{ KIND_MED, meds, sizeof(meds) / sizeof(meds[0]) },
		{ KIND_NEXT_HOP, hops, sizeof(hops) / sizeof(hops[0]) },
		{ KIND_CHOICE, choices, sizeof(choices) / sizeof(choices[0]) },
	};
	bool literal = (field->flags & FIELD_LITERAL) != 0;

	if (field->kind == KIND_NUMBERS) {
		uint64_t first =
			pick(writer, (uint64_t)field->minimum, (uint64_t)field->maximum);

		text_print(&writer->text, "%" PRIu64 "-%" PRIu64, first,
			pick(writer, first, (uint64_t)field->maximum));
		return;
	}
	if ((field->flags & FIELD_NEIGHBOR) != 0 && pick(writer, 0, 4) == 0) {
		text_add(&writer->text, "neighbor");
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == field->kind)
			text_add(&writer->text, kinds[i].some[pick(writer, 0,
							kinds[i].count - (literal ? 2 : 1))]);
}

static void write_scalar(struct writer *writer, const struct schema_field *field)
{
	struct text *out = &writer->text;
	unsigned number = ++writer->numbers;
	bool six = field->family == FAMILY_IPV6 ||
		   (field->family == FAMILY_NONE && number % 2 == 0);

	switch (field->kind) {
	case KIND_BOOL:
		text_add(out, pick(writer, 0, 1) == 0 ? "true" : "false");
		break;
	case KIND_INTEGER:
		text_print(out, "%" PRIu64,
			pick(writer, (uint64_t)field->minimum, (uint64_t)field->maximum));
		break;
	case KIND_DECIMAL:
		text_print(out, "%" PRIu64 ".25", pick(writer, 0, (uint64_t)field->maximum - 1));
		break;
	case KIND_PERCENT:
		text_print(out, "%" PRIu64 "%%", pick(writer, 0, 100));
		break;
	case KIND_DURATION:
		write_duration(writer, field);
		break;
	case KIND_STRING:
		write_string(writer);
		break;
	case KIND_NAME:
		text_print(out, "name-%u", number);
		break;
	case KIND_INTERFACE:
		text_print(out, "eth%u", number % 1000);
		break;
	case KIND_PATH:
		text_print(out, "\"/a path/%u\"", number);
		break;
	case KIND_DOMAIN:
		text_print(out, "n%u.example.com.", number);
		break;
	case KIND_WORD:
	case KIND_SET:
		write_word(writer, field);
		break;
	case KIND_ADDRESS:
		text_print(out, six ? "\"2001:db8:%x::%x\"" : "198.18.%u.%u",
			number / 256 % 256, number % 255 + 1);
		break;
	case KIND_PREFIX:
		text_print(out, "2001:db8:%x::/48", number % 65536);
		break;
	case KIND_ASN:
		text_print(out, "%" PRIu64, pick(writer, 64512, 65534));
		break;
	case KIND_ROUTER_ID:
		text_print(out, "192.0.2.%u", number % 255 + 1);
		break;
	case KIND_SECRET:
		text_add(out, pick(writer, 0, 1) == 0 ? "\"literal:env:x\"" : "file:/etc/key");
		break;
	case KIND_STATUS:
		text_print(out, number % 2 == 0 ? "%u" : "%u-599", 100 + number % 400);
		break;
	case KIND_HEADERS:
		text_print(out, "{ X-%u: \"a, b: c\" }", number);
		break;
	case KIND_COMMUNITIES:
		text_add(out, "[");
		write_community(writer);
		text_add(out, ", ");
		write_community(writer);
		text_add(out, "]");
		break;
	case KIND_PREFIX_ITEM:
	case KIND_AS_ITEM:
	case KIND_AS_PATTERN:
	case KIND_COMMUNITY_ITEM:
	case KIND_NUMBERS:
	case KIND_MED:
	case KIND_NEXT_HOP:
	case KIND_CHOICE:
		write_policy_value(writer, field);
		break;
	case KIND_RULES:
	case KIND_SECTION:
	case KIND_MAP:
	case KIND_CHECKS:
	case KIND_COUNT:
		fail();
	}
}

static void write_section(
	struct writer *writer, const struct schema_section *section, int indent, int depth);

static void write_checks(struct writer *writer, int indent, int depth)
{
	uint64_t count = pick(writer, 1, 3);

	for (uint64_t i = 0; i < count; i++) {
		uint64_t type = pick(writer, 0, depth > 1 ? CHECK_ICMP : CHECK_ANY);

		text_print(&writer->text, "%*s- %s:\n", indent, "", schema_checks[type].key);
		write_section(writer, schema_checks[type].section, indent + 4, depth + 1);
	}
}

static void write_rules(
	struct writer *writer, const struct schema_field *field, int indent, int depth)
{
	for (uint64_t i = pick(writer, 1, 4); i > 0; i--) {
		size_t before;

		if (pick(writer, 0, 3) == 0) {
			text_print(&writer->text, "%*s- accept\n", indent, "");
			continue;
		}
		text_print(&writer->text, "%*s-\n", indent, "");
		before = writer->text.length;
		write_section(writer, field->section, indent + 2, depth);
		if (writer->text.length == before)
			text_print(&writer->text, "%*s{}\n", indent + 2, "");
	}
}

/* An entry whose value is that of its first field. */
static void write_whole(
	struct writer *writer, const struct schema_section *section, int indent, int depth)
{
	const struct schema_field *field = &section->fields[0];

	if (field->kind == KIND_RULES) {
		text_add(&writer->text, "\n");
		write_rules(writer, field, indent + 2, depth);
		return;
	}
	text_add(&writer->text, " [");
	for (uint64_t i = pick(writer, 0, 12); i > 0; i--) {
		write_scalar(writer, field);
		text_add(&writer->text, i > 1 ? ", " : "");
	}
	text_add(&writer->text, "]\n");
}

static void write_field(
	struct writer *writer, const struct schema_field *field, int indent, int depth)
{
	struct text *out = &writer->text;

	text_print(out, "%*s%s:", indent, "", field->key);
	if (field->kind == KIND_CHECKS) {
		text_add(out, "\n");
		write_checks(writer, indent + 2, depth);
	} else if (field->kind == KIND_SECTION) {
		text_add(out, "\n");
		write_section(writer, field->section, indent + 2, depth);
	} else if (field->kind == KIND_MAP) {
		text_add(out, "\n");
		for (uint64_t i = pick(writer, 0, 3); i > 0; i--) {
			text_print(out, "%*sentry-%u:", indent + 2, "", ++writer->numbers);
			if (field->section->whole) {
				write_whole(writer, field->section, indent + 2, depth);
				continue;
			}
			text_add(out, "\n");
			write_section(writer, field->section, indent + 4, depth);
		}
	} else {
		text_add(out, " ");
		if (field->shape == SHAPE_LIST && field->kind != KIND_HEADERS) {
			text_add(out, "[");
			write_scalar(writer, field);
			text_add(out, ", ");
			write_scalar(writer, field);
			text_add(out, "]");
		} else {
			write_scalar(writer, field);
		}
		text_add(out, "\n");
	}
}

static void write_section(
	struct writer *writer, const struct schema_section *section, int indent, int depth)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL)
		if ((field->flags & FIELD_REQUIRED) != 0 ||
			pick(writer, 1, 100) <= writer->share)
			write_field(writer, field, indent, depth);
}

static struct config *read_text(const char *text, struct text *ret_said)
{
	struct config_source source = { "random.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	(void)config_read_unvalidated(&source, 1, &config, &diagnostics);
	config_diagnostics_print(&diagnostics, false, ret_said);
	config_diagnostics_clear(&diagnostics);
	return config;
}

static void round_trip(const struct config *config, bool with_defaults)
{
	struct text text = { 0 }, again = { 0 }, said = { 0 };
	struct config *copy;

	config_print(config, with_defaults, true, &text);
	copy = read_text(text_string(&text), &said);
	if (copy == NULL || !config_equal(config, copy))
		print_error("%s\n%s\n", text_string(&text), text_string(&said));
	assert_non_null(copy);
	assert_true(config_equal(config, copy));
	config_print(copy, with_defaults, true, &again);
	assert_string_equal(text_string(&text), text_string(&again));
	config_free(copy);
	text_clear(&text);
	text_clear(&again);
	text_clear(&said);
}

static void reads_back_what_it_printed(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct writer writer = { .random = { round }, .share = round % 101 };
		struct text said = { 0 };
		struct config *config;

		write_section(&writer, &schema_root, 0, 0);
		config = read_text(text_string(&writer.text), &said);
		if (config == NULL)
			print_error("%s", text_string(&said));
		assert_non_null(config);
		round_trip(config, true);
		round_trip(config, false);
		config_free(config);
		text_clear(&writer.text);
		text_clear(&said);
	}
}

/* Equality that ignores a field would let the test above pass: change every field in turn. */
static void sees_every_difference(void **state)
{
	unsigned compared = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct writer writer = { .random = { round }, .share = 100 };
		struct writer other = { .random = { round + ROUNDS }, .share = 100 };
		struct text said = { 0 };
		const struct schema_section *section = &schema_neighbor;
		size_t fields = 0, skip;
		struct schema_walk walk = schema_walk(section);
		const struct schema_field *field;
		struct config *a, *b;

		while (schema_next(&walk) != NULL)
			fields++;
		skip = round % fields;
		walk = schema_walk(section);
		text_add(&writer.text, "site: s\nneighbors:\n  n:\n");
		text_add(&other.text, "site: s\nneighbors:\n  n:\n");
		for (size_t i = 0; (field = schema_next(&walk)) != NULL; i++) {
			size_t before = writer.text.length;

			write_field(&writer, field, 4, 0);
			if (i != skip)
				text_add(&other.text, text_string(&writer.text) + before);
			else
				write_field(&other, field, 4, 0);
		}
		a = read_text(text_string(&writer.text), &said);
		b = read_text(text_string(&other.text), &said);
		assert_non_null(a);
		assert_non_null(b);
		if (strcmp(text_string(&writer.text), text_string(&other.text)) != 0) {
			assert_false(config_equal(a, b));
			compared++;
		}
		assert_true(config_equal(a, a));
		config_free(a);
		config_free(b);
		text_clear(&writer.text);
		text_clear(&other.text);
		text_clear(&said);
	}
	assert_true(compared > ROUNDS / 2);
}

static void hides_secrets(void **state)
{
	struct text said = { 0 }, text = { 0 };
	struct config *config = read_text(
		"site: s\nneighbors:\n  n: { address: 192.0.2.1, asn: 64501, password: secret }\n"
		"  m: { address: 192.0.2.2, asn: 64501, password: env:KEY }\n",
		&said);

	(void)state;
	assert_non_null(config);
	config_print(config, true, false, &text);
	assert_null(strstr(text_string(&text), "secret"));
	assert_non_null(strstr(text_string(&text), "password: \"(hidden)\"\n"));
	assert_non_null(strstr(text_string(&text), "password: env:KEY\n"));
	config_free(config);
	config = read_text(text_string(&text), &said);
	assert_null(config);
	assert_non_null(strstr(text_string(&said), "the secret itself is missing"));
	text_clear(&said);
	text_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_printed),
		cmocka_unit_test(sees_every_difference),
		cmocka_unit_test(hides_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
