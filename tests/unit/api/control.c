/* SPDX-License-Identifier: Apache-2.0 */
/* The control protocol: requests and their answers as a table, and lines at every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/api/control.h"

/* What is let through gives "method argument"; what is not, the error line. */
static const struct {
	const char *line;
	bool read_only;
	const char *expected;
} cases[] = {
	{ "{\"id\":1,\"method\":\"status\"}", true, "status {}" },
	{ "{\"id\":-7,\"method\":\"services\"}", true, "services " },
	{ "{\"id\":1,\"method\":\"services\",\"params\":{\"name\":\"dns\"}}", true,
		"services dns" },
	{ "{\"id\":1,\"method\":\"routes\",\"params\":{\"kind\":\"received\",\"limit\":9}}",
		true, "routes {\"kind\":\"received\",\"limit\":9}" },
	{ "{\"id\":1,\"method\":\"reload\",\"params\":{\"dry_run\":true}}", false,
		"reload {\"dry_run\":true}" },
	{ "{\"id\":1,\"method\":\"drain\",\"params\":{\"service\":\"dns\"}}", true,
		"{\"id\":1,\"error\":{\"code\":\"read-only\",\"message\":\"'drain' changes something, "
		"and this is read-only\",\"hint\":\"use the control socket instead of the read-only "
		"one\"}}\n" },
	{ "{\"id\":2,\"method\":\"drain\"}", false,
		"{\"id\":2,\"error\":{\"code\":\"malformed\",\"message\":\"parameter 'service' is "
		"missing\",\"hint\":\"\"}}\n" },
	{ "{\"id\":2,\"method\":\"dance\"}", false,
		"{\"id\":2,\"error\":{\"code\":\"unknown-method\",\"message\":\"there is no method "
		"'dance'\",\"hint\":\"\"}}\n" },
	{ "{\"id\":2,\"method\":\"status\",\"params\":{\"x\":1}}", false,
		"{\"id\":2,\"error\":{\"code\":\"malformed\",\"message\":\"there is no parameter "
		"'x'\",\"hint\":\"status takes no parameters\"}}\n" },
	{ "{\"id\":2,\"method\":\"undrain\",\"params\":{\"service\":\"a\",\"y\":1}}", false,
		"{\"id\":2,\"error\":{\"code\":\"malformed\",\"message\":\"there is no parameter "
		"'y'\",\"hint\":\"undrain takes service\"}}\n" },
	{ "{\"id\":2,\"method\":\"routes\",\"params\":{\"limit\":-1}}", true,
		"{\"id\":2,\"error\":{\"code\":\"malformed\",\"message\":\"parameter 'limit' must be "
		"an integer from 0\",\"hint\":\"\"}}\n" },
	{ "{\"id\":2,\"method\":\"services\",\"params\":{\"name\":\"a\\u0000b\"}}", true,
		"{\"id\":null,\"error\":{\"code\":\"malformed\",\"message\":\"not JSON: \\\\u0000 is "
		"not allowed without JSON_ALLOW_NUL near '\\\"a\\\\u0000b\\\"' (column "
		"55)\",\"hint\":\"\"}}\n" },
	{ "{\"id\":2,\"method\":\"reload\",\"params\":{\"force\":1}}", false,
		"{\"id\":2,\"error\":{\"code\":\"malformed\",\"message\":\"parameter 'force' must be "
		"true or false\",\"hint\":\"\"}}\n" },
	{ "{\"id\":2,\"method\":\"status\",\"params\":[]}", true,
		"{\"id\":2,\"error\":{\"code\":\"malformed\",\"message\":\"'params' must be an "
		"object\",\"hint\":\"\"}}\n" },
	{ "{\"method\":\"status\"}", true,
		"{\"id\":null,\"error\":{\"code\":\"malformed\",\"message\":\"'id' must be an "
		"integer\",\"hint\":\"\"}}\n" },
	{ "{\"id\":3}", true,
		"{\"id\":3,\"error\":{\"code\":\"malformed\",\"message\":\"'method' must be a "
		"string\",\"hint\":\"\"}}\n" },
	{ "[]", true,
		"{\"id\":null,\"error\":{\"code\":\"malformed\",\"message\":\"a request is an "
		"object\",\"hint\":\"\"}}\n" },
	{ "[[[[[[[[[", true,
		"{\"id\":null,\"error\":{\"code\":\"malformed\",\"message\":\"too deeply "
		"nested\",\"hint\":\"\"}}\n" },
	{ "{\"id\":1,\"id\":2}", true,
		"{\"id\":null,\"error\":{\"code\":\"malformed\",\"message\":\"not JSON: duplicate "
		"object key near '\\\"id\\\"' (column 12)\",\"hint\":\"\"}}\n" },
};

static void answer(const char *line, bool read_only, struct text *out)
{
	struct control_request request;
	struct error error = { 0 };

	if (control_request_parse(line, strlen(line), read_only, &request, &error) != 0) {
		control_print_error(&request, request.refusal, error.text, error.hint, out);
	} else {
		char *argument = control_request_argument(&request);

		text_print(out, "%s %s", request.method->name, argument);
		free(argument);
	}
	control_request_clear(&request);
}

static void checks_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text out = { 0 };

		answer(cases[i].line, cases[i].read_only, &out);
		assert_string_equal(text_string(&out), cases[i].expected);
		text_clear(&out);
	}
}

/* Whatever is added to the table later: what changes something is refused read-only. */
static void no_change_is_read_only(void **state)
{
	(void)state;
	for (const struct control_method *m = control_methods; m->name != NULL; m++) {
		struct control_request request;
		struct error error = { 0 };
		struct text line = { 0 };
		bool looks = m->query == QUERY_STATUS || m->query == QUERY_SERVICES ||
			     m->query == QUERY_NEIGHBORS || m->query == QUERY_ROUTES ||
			     m->query == QUERY_RPKI || m->query == QUERY_POLICIES ||
			     m->query == QUERY_FLOWSPEC || m->query == QUERY_BFD ||
			     m->query == QUERY_NEXT_HOPS ||
			     m->answer == ANSWER_EVENTS;

		assert_int_equal(m->changes, !looks);
		text_print(&line, "{\"id\":1,\"method\":\"%s\"}", m->name);
		assert_int_equal(
			control_request_parse(line.bytes, line.length, true, &request, &error),
			m->changes ? ERROR_PERMISSION : 0);
		control_request_clear(&request);
		text_clear(&line);
	}
}

static void same_lines_at_every_split(void **state)
{
	static const char stream[] = "one\ntwo\r\n\nfour is the longest\nfive";

	(void)state;
	for (size_t step = 1; step <= sizeof(stream); step++) {
		struct control_lines lines = { 0 };
		struct text seen = { 0 };
		const char *line;
		size_t length;

		for (size_t at = 0; at < sizeof(stream) - 1; at += step) {
			size_t left = sizeof(stream) - 1 - at;

			assert_int_equal(control_lines_add(&lines, stream + at,
						 left < step ? left : step),
				0);
			while (control_lines_next(&lines, &line, &length) > 0) {
				text_add_bytes(&seen, line, length);
				text_add(&seen, "|");
			}
		}
		assert_string_equal(text_string(&seen), "one|two||four is the longest|");
		text_clear(&seen);
		control_lines_clear(&lines);
	}
}

static int found_after(size_t length, bool newline)
{
	struct control_lines lines = { 0 };
	char *bytes = malloc(length + 1);
	const char *line;
	int found;

	assert_non_null(bytes);
	memset(bytes, 'a', length);
	bytes[length] = '\n';
	assert_int_equal(control_lines_add(&lines, bytes, length + newline), 0);
	found = control_lines_next(&lines, &line, &length);
	control_lines_clear(&lines);
	free(bytes);
	return found;
}

static void caps_lines(void **state)
{
	(void)state;
	assert_int_equal(found_after(CONTROL_LINE_MAX - 1, true), 1);
	assert_int_equal(found_after(CONTROL_LINE_MAX, true), ERROR_RANGE);
	assert_int_equal(found_after(CONTROL_LINE_MAX - 1, false), 0);
	assert_int_equal(found_after(CONTROL_LINE_MAX, false), ERROR_RANGE);
}

static void prints_answers(void **state)
{
	struct control_request request = { .has_id = true, .id = 5 };
	struct text out = { 0 };

	(void)state;
	control_print_result(&request, "{\n  \"a\": 1}", 11, &out);
	control_print_event("{\"b\":2}", 7, &out);
	control_print_error(&request, "not-found", "gr\xfc\xdf \"x\"\n", "", &out);
	assert_string_equal(text_string(&out),
		"{\"id\":5,\"result\":{   \"a\": 1}}\n{\"event\":{\"b\":2}}\n{\"id\":5,\"error\":"
		"{\"code\":\"not-found\",\"message\":\"gr?? \\\"x\\\"\\n\",\"hint\":\"\"}}\n");
	text_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_requests),
		cmocka_unit_test(no_change_is_read_only),
		cmocka_unit_test(same_lines_at_every_split),
		cmocka_unit_test(caps_lines),
		cmocka_unit_test(prints_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
