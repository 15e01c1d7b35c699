/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: what is read from one, and every mistake with its line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/document.h"
#include "config/plan.h"
#include "config/schema.h"
#include "config/value.h"

static int read_text(
	const char *text, struct config_plan **plan, struct config_diagnostics *diagnostics)
{
	struct config_source source = { "plan.yaml", text, strlen(text) };

	*plan = NULL;
	return config_plan_read(&source, plan, diagnostics);
}

static const char whole[] =
	"description: two sites\n"
	"topology: ../as-rel2.bz2\n"
	"users: users.csv\n"
	"asn: 64500\n"
	"sites:\n"
	"  ams:\n"
	"    city: Amsterdam\n"
	"    capacity: 5000000000\n"
	"    upstreams:\n"
	"      1299: {}\n"
	"      backup: { asn: 3356, prepend: 2, no-export-to: [174, 6939], poison: 701 }\n"
	"      6939: { relation: peer, prepend-2-to: 2914 }\n"
	"candidates:\n"
	"  qui: { latitude: -0.18, longitude: -78.4678, upstreams: { 27947: {} } }\n";

static void reads_everything(void **state)
{
	struct config_diagnostics diagnostics = { 0 };
	const struct config_plan_upstream *u;
	struct config_plan *plan;

	(void)state;
	assert_int_equal(read_text(whole, &plan, &diagnostics), 0);
	assert_int_equal(diagnostics.count, 0);
	assert_string_equal(plan->topology, "../as-rel2.bz2");
	assert_int_equal(plan->asn, 64500);
	assert_int_equal(plan->generate.ases, 5000);
	assert_int_equal(plan->site_count, 1);
	assert_int_equal(plan->sites[0].capacity, 5000000000u);
	assert_int_equal(plan->sites[0].upstream_count, 3);
	u = plan->sites[0].upstreams;
	assert_int_equal(u[0].asn, 1299);
	assert_int_equal(u[0].relation, RELATION_PROVIDER);
	assert_int_equal(u[1].asn, 3356);
	assert_int_equal(u[1].prepend, 2);
	assert_int_equal(u[1].no_export_to_count, 2);
	assert_int_equal(u[1].no_export_to[1], 6939);
	assert_int_equal(u[1].poison[0], 701);
	assert_int_equal(u[1].mark.line, 11);
	assert_int_equal(u[2].relation, RELATION_PEER);
	assert_int_equal(u[2].prepend_2_to[0], 2914);
	assert_true(plan->candidates[0].latitude == -0.18);
	assert_true(plan->candidates[0].longitude == -78.4678);
	assert_int_equal(plan->candidates[0].mark.line, 14);
	config_plan_free(plan);
}

static const struct mistake {
	const char *text;
	uint32_t line, column;
	const char *says, *hints;
} mistakes[] = {
	{ "", 1, 1, "no sites", "sites:" },
	{ "sites:\n  a: { city: Rome }\n", 2, 3, "no upstreams", "upstreams" },
	{ "sites:\n  a: { upstreams: { telia: {} } }\n", 2, 21, "no AS number", "asn" },
	{ "sites:\n  a: { upstreams: { 0: {} } }\n", 2, 21, "no AS number", "asn" },
	{ "sites:\n  a: { upstreams: { 1: { prepend: 99 } } }\n", 2, 35, "out of range",
		"0 to" },
	{ "sites:\n  a: { upstreams: { 1: { relation: rs } } }\n", 2, 36, "not known",
		"one of" },
	{ "sites:\n  a: { upstream: { 1: {} } }\n", 2, 8, "unknown key", "did you mean" },
	{ "sites:\n  a: { latitude: 91, longitude: 0, upstreams: { 1: {} } }\n", 2, 18,
		"out of range", "-90 to 90 degrees" },
	{ "sites:\n  a: { latitude: 1,5, upstreams: { 1: {} } }\n", 2, 20, "", "" },
	{ "sites:\n  a: { latitude: 1, upstreams: { 1: {} } }\n", 2, 3, "no longitude", "" },
	{ "sites:\n  a: { latitude: 1e3, longitude: 1, upstreams: { 1: {} } }\n", 2, 18,
		"not a number", "" },
	{ "sites:\n  a: { city: Rome, latitude: 1, longitude: 1, upstreams: { 1: {} } }\n", 2,
		3, "both a city and coordinates", "" },
	{ "sites:\n  a: { upstreams: { 1: {} } }\ncandidates:\n  a: { upstreams: { 1: {} } }\n",
		4, 3, "both a site and a candidate", "" },
	{ "router-id: 1.2.3.4\n", 1, 1, "unknown key 'router-id' in the plan", "" },
	{ "generate: { ases: 3 }\n", 1, 19, "out of range", "20 to" },
};

static void tells_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		struct config_diagnostics diagnostics = { 0 };
		struct config_plan *plan;
		bool found = false;

		assert_int_equal(read_text(m->text, &plan, &diagnostics), ERROR_MALFORMED);
		assert_null(plan);
		for (size_t j = 0; j < diagnostics.count; j++) {
			const struct config_diagnostic *d = &diagnostics.items[j];

			found = found ||
				(d->mark.line == m->line && d->mark.column == m->column &&
					strstr(d->text, m->says) != NULL &&
					strstr(d->hint, m->hints) != NULL);
		}
		if (!found)
			fail_msg("%s: %u:%u %s (%s)", m->text, diagnostics.items[0].mark.line,
				diagnostics.items[0].mark.column, diagnostics.items[0].text,
				diagnostics.items[0].hint);
		config_diagnostics_clear(&diagnostics);
	}
}

/* What the reference shows can be read. */
static void examples_can_be_read(void **state)
{
	const struct schema_section *section;
	size_t examples = 0;

	(void)state;
	for (size_t i = 0; (section = schema_section_below(&schema_plan, i)) != NULL; i++) {
		struct config_diagnostics diagnostics = { 0 };
		struct config_plan *plan;

		if (section->example == NULL)
			continue;
		examples++;
		assert_int_equal(read_text(section->example, &plan, &diagnostics), 0);
		config_plan_free(plan);
	}
	assert_int_equal(examples, 4);
}

static void decimals_come_back(void **state)
{
	static const char *const texts[] = { "0", "-0.5", "1.25", "-89.999999", "90",
		"0.000001" };
	const struct schema_field field = {
		.key = "d", .kind = KIND_DECIMAL, .minimum = -90, .maximum = 90
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct text out = { 0 };
		double value;

		assert_int_equal(value_parse(&field, texts[i], &arena, &value, NULL), 0);
		value_format(&field, &value, false, &out);
		assert_string_equal(text_string(&out), texts[i]);
		text_clear(&out);
	}
}

static void compare_with(const char *path, const struct text *made, const char *how)
{
	struct text found = { 0 };
	char buffer[4096];
	size_t length;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_bytes(&found, buffer, length);
	fclose(file);
	if (strcmp(text_string(made), text_string(&found)) != 0)
		fail_msg("make it anew: %s", how);
	text_clear(&found);
}

static void reference_is_up_to_date(void **state)
{
	struct text made = { 0 }, worlds = { 0 };

	(void)state;
	config_plan_reference(&made);
	compare_with(PLAN_REFERENCE_FILE, &made,
		"build/tools/make-reference plan > docs/plan-file.md");
	config_world_reference(&worlds);
	compare_with(WORLD_REFERENCE_FILE, &worlds,
		"build/tools/make-reference world > docs/world-file.md");
	text_clear(&made);
	text_clear(&worlds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_everything),
		cmocka_unit_test(tells_mistakes),
		cmocka_unit_test(examples_can_be_read),
		cmocka_unit_test(decimals_come_back),
		cmocka_unit_test(reference_is_up_to_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
