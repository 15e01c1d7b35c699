/* SPDX-License-Identifier: Apache-2.0 */
/* Completion: what is offered where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/complete.h"

static const char *const verbs[] = { "stop", "start", NULL };
static const struct option globals[] = {
	{ "json", 'j', NULL, "as JSON", COMPLETE_NOTHING, NULL },
	{ "config", 'c', "FILE", "file", COMPLETE_FILE, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};
static const struct option act_options[] = {
	{ "kind", 0, "KIND", "kind", COMPLETE_WORDS, verbs },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};
static const struct positional act_positionals[] = {
	{ "VERB", "what to do", false, COMPLETE_WORDS, verbs },
	{ "NAME", "whom", true, COMPLETE_SERVICE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};
static const struct command act = { .name = "act",
	.summary = "do it",
	.options = act_options,
	.positionals = act_positionals };
static const struct positional more_positionals[] = {
	{ "NAME...", "whom", false, COMPLETE_SERVICE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};
static const struct command more = {
	.name = "more", .summary = "more of it", .positionals = more_positionals
};
static const struct command hidden = { .name = "ahidden", .group = GROUP_HIDDEN };
static const struct command *const table[] = { &act, &more, &hidden, NULL };

static void add_names(void *context, enum complete kind, struct text *out)
{
	(void)context;
	assert_int_equal(kind, COMPLETE_SERVICE);
	text_add(out, "dns\nweb\n");
}

#define WORDS(...)                \
	{                         \
		__VA_ARGS__, NULL \
	}
static const struct {
	const char *words[6];
	const char *expected;
} cases[] = {
	{ WORDS(""), "act\tdo it\nmore\tmore of it\n" },
	{ WORDS("more", ""), "dns\t\nweb\t\n" },
	{ WORDS("more", "dns", "dns", "w"), "web\t\n" },
	{ WORDS("a"), "act\tdo it\n" },
	{ WORDS("b"), "" },
	{ WORDS("--"), "--json\tas JSON\n--config\tfile\n" },
	{ WORDS("--config", ""), ":file\n" },
	{ WORDS("--config", "=", "x"), ":file\n" },
	{ WORDS("-c", "file", ""), "act\tdo it\nmore\tmore of it\n" },
	{ WORDS("act", ""), "stop\t\nstart\t\n" },
	{ WORDS("act", "--json", "sta"), "start\t\n" },
	{ WORDS("act", "stop", ""), "dns\t\nweb\t\n" },
	{ WORDS("act", "stop", "w"), "web\t\n" },
	{ WORDS("act", "stop", "dns", ""), "" },
	{ WORDS("act", "--k"), "--kind\tkind\n" },
	{ WORDS("act", "--kind", "sto"), "stop\t\n" },
	{ WORDS("act", "--", "--"), "" },
	{ WORDS("nothing", "--j"), "--json\tas JSON\n" },
};

static void offers(void **state)
{
	static const struct complete_names names = { NULL, add_names };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text out = { 0 };
		size_t count = 0;

		while (cases[i].words[count] != NULL)
			count++;
		complete_words(table, globals, cases[i].words, count, &names, &out);
		assert_string_equal(text_string(&out), cases[i].expected);
		text_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(offers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
