/* SPDX-License-Identifier: Apache-2.0 */
/* Topologies as text: what is read, in what order it stands, and what is refused where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/graph.h"

struct text_source {
	const char *at;
	size_t piece;  /* at most so many bytes a read */
	int then_fail; /* at the end: this error, or 0 */
};

static ptrdiff_t read_text(void *context, void *buffer, size_t room, struct error *error)
{
	struct text_source *s = context;
	size_t length = strlen(s->at);

	if (length == 0)
		return s->then_fail == 0 ? 0 : error_set(error, s->then_fail, "cut short");
	if (length > s->piece)
		length = s->piece;
	if (length > room)
		length = room;
	memcpy(buffer, s->at, length);
	s->at += length;
	return (ptrdiff_t)length;
}

static int read_graph(const char *text, size_t piece, int then_fail, struct plan_graph **g,
	struct error *error)
{
	struct text_source s = { text, piece, then_fail };
	struct plan_source source = { read_text, &s, "links.txt" };

	*g = NULL;
	return plan_graph_read(&source, g, error);
}

static const struct refused {
	const char *text;
	enum error_code code;
	uint32_t line, column;
	const char *says;
} refused[] = {
	{ "", ERROR_RANGE, 0, 0, "no links" },
	{ "# nothing\n", ERROR_RANGE, 0, 0, "no links" },
	{ "1|2\n", ERROR_MALFORMED, 1, 4, "before the relation" },
	{ "1|2|", ERROR_MALFORMED, 1, 4, "number is missing" },
	{ "# c\n1|2|1\n", ERROR_MALFORMED, 2, 6, "neither -1 nor 0" },
	{ "1|2|-2\n", ERROR_MALFORMED, 1, 7, "neither -1 nor 0" },
	{ "1|2|-0\n", ERROR_MALFORMED, 1, 7, "neither -1 nor 0" },
	{ "1|x|0\n", ERROR_MALFORMED, 1, 3, "neither a digit" },
	{ "|2|0\n", ERROR_MALFORMED, 1, 1, "number is missing" },
	{ "1|-2|0\n", ERROR_MALFORMED, 1, 3, "neither a digit" },
	{ "1|4294967296|0\n", ERROR_MALFORMED, 1, 12, "not an AS number" },
	{ "0|2|0\n", ERROR_RANGE, 1, 0, "AS 0" },
	{ "3|4|0\n5|5|-1\n", ERROR_MALFORMED, 2, 0, "linked to itself" },
	{ "1|2|0\n3|4|0\n2|1|0\n", ERROR_EXISTS, 3, 0, "already, in line 1" },
	{ "1|2|-1\n1|2|-1|bgp\n", ERROR_EXISTS, 2, 0, "already, in line 1" },
	{ "1|2|-1\n1|2|0\n", ERROR_EXISTS, 2, 0, "contradicts line 1" },
	{ "1|2|-1\n2|1|-1\n", ERROR_EXISTS, 2, 0, "contradicts line 1" },
	{ "9|1|-1\n1|2|-1\n2|3|-1\n3|1|-1\n3|4|-1\n", ERROR_MALFORMED, 0, 0,
		"cycle of providers" },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct error error = { 0 };
		struct plan_graph *g;

		assert_int_equal(
			read_graph(refused[i].text, 1, 0, &g, &error), refused[i].code);
		assert_null(g);
		assert_non_null(strstr(error.text, refused[i].says));
		assert_string_equal(error.file, "links.txt");
		if (refused[i].line != 0)
			assert_int_equal(error.line, refused[i].line);
		if (refused[i].column != 0)
			assert_int_equal(error.column, refused[i].column);
	}
}

static void cycle_is_named(void **state)
{
	struct error error = { 0 };
	struct plan_graph *g;

	(void)state;
	read_graph("7|8|-1\n8|9|-1\n9|7|-1\n", 100, 0, &g, &error);
	for (int asn = '7'; asn <= '9'; asn++)
		assert_non_null(strchr(error.text, asn));
	assert_in_range(error.line, 1, 3);
}

static void source_fails(void **state)
{
	struct error error = { 0 };
	struct plan_graph *g;

	(void)state;
	assert_int_equal(
		read_graph("1|2|0\n", 3, ERROR_TRUNCATED, &g, &error), ERROR_TRUNCATED);
	assert_null(g);
	assert_string_equal(error.file, "links.txt");
}

static void assert_row(
	const struct plan_graph *g, uint32_t asn, enum plan_class class, const char *want)
{
	struct plan_row row = plan_row(g, plan_graph_find(g, asn), class);

	for (; row.at < row.end; row.at++, want++)
		assert_int_equal(g->asn[*row.at], *want - '0');
	assert_int_equal(*want, 0);
}

static const char small[] =
	"# serial-1 and serial-2, any order\r\n"
	"1|4|-1\r\n1|3|-1|bgp\n1|2|0|mlp,bgp\n\n2|4|-1\n4|6|-1\n3|4|0\n2|5|-1";

static void rows_stand_by_number(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 20; piece++) {
		struct plan_graph *g;

		assert_int_equal(read_graph(small, piece, 0, &g, NULL), 0);
		assert_int_equal(g->as_count, 6);
		assert_int_equal(g->link_count, 7);
		assert_int_equal(g->transit_count, 3);
		assert_row(g, 1, PLAN_CUSTOMER, "34");
		assert_row(g, 1, PLAN_PEER, "2");
		assert_row(g, 1, PLAN_PROVIDER, "");
		assert_row(g, 4, PLAN_PROVIDER, "12");
		assert_row(g, 4, PLAN_PEER, "3");
		assert_row(g, 4, PLAN_CUSTOMER, "6");
		assert_int_equal(plan_graph_find(g, 7), PLAN_NONE);
		for (uint32_t v = 0; v < g->as_count; v++) {
			struct plan_row below = plan_row(g, v, PLAN_CUSTOMER);

			assert_true((below.at < below.end) == (v < g->transit_count));
			for (; below.at < below.end; below.at++)
				assert_true(*below.at > v);
		}
		plan_graph_free(g);
	}
}

static uint64_t highest_first(void *context, uint32_t as, uint32_t neighbor)
{
	const struct plan_graph *g = context;

	(void)as;
	return 1000 - g->asn[neighbor];
}

static uint64_t all_equal(void *context, uint32_t as, uint32_t neighbor)
{
	(void)context;
	(void)as;
	(void)neighbor;
	return 0;
}

static void order_can_change(void **state)
{
	struct plan_graph *g;

	(void)state;
	assert_int_equal(read_graph(small, 7, 0, &g, NULL), 0);
	assert_int_equal(plan_graph_order(g, highest_first, g), 0);
	assert_row(g, 1, PLAN_CUSTOMER, "43");
	assert_row(g, 4, PLAN_PROVIDER, "21");
	assert_int_equal(plan_graph_order(g, all_equal, NULL), 0);
	assert_row(g, 1, PLAN_CUSTOMER, "34");
	plan_graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(cycle_is_named),
		cmocka_unit_test(source_fails),
		cmocka_unit_test(rows_stand_by_number),
		cmocka_unit_test(order_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
