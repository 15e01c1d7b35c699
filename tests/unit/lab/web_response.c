/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP responses, whole, in single bytes and cut short. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/web_response.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK           "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *text;
	enum web_state open, ended; /* before and after the connection's end */
	unsigned status;
	const char *site;
	uint64_t have;
} rows[] = {
	{ "", WEB_HEAD, WEB_BROKEN, 0, "", 0 },
	{ "HTTP/1.1 200", WEB_HEAD, WEB_BROKEN, 0, "", 0 },
	{ OK "\r\n", WEB_BODY, WEB_WHOLE, 200, "", 0 },
	{ OK "\r\nabc", WEB_BODY, WEB_WHOLE, 200, "", 3 },
	{ OK "Content-Length: 3\r\n\r\nabc", WEB_WHOLE, WEB_WHOLE, 200, "", 3 },
	{ OK "content-length:3\r\n\r\nabc", WEB_WHOLE, WEB_WHOLE, 200, "", 3 },
	{ OK "Content-Length: 4 \r\n\r\nabc", WEB_BODY, WEB_BROKEN, 200, "", 3 },
	{ OK "X-Site: nrt\r\nContent-Length: 0\r\n\r\n", WEB_WHOLE, WEB_WHOLE, 200, "nrt", 0 },
	{ "HTTP/1.0 503 no\r\nx-site:\tfra \r\n\r\n", WEB_BODY, WEB_WHOLE, 503, "fra", 0 },
	{ OK "X-Sites: no\r\nNot-X-Site: no\r\n\r\n", WEB_BODY, WEB_WHOLE, 200, "", 0 },
	{ OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 200, "",
		0 },
	{ OK "Content-Length: three\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 200, "", 0 },
	{ OK "Content-Length: -3\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 200, "", 0 },
	{ OK "Transfer-Encoding: chunked\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 200, "", 0 },
	{ "SSH-2.0-OpenSSH\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 0, "", 0 },
	{ "HTTP/1.1 20\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 0, "", 0 },
	{ "HTTP/1.1 2000 no\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 0, "", 0 },
	{ "HTTP/1.\r\n\r\n", WEB_BROKEN, WEB_BROKEN, 0, "", 0 },
};

static void check(size_t row, const struct web_response *response, bool ended)
{
	if (response->state != (ended ? rows[row].ended : rows[row].open) ||
		response->status != rows[row].status ||
		strcmp(response->site, rows[row].site) != 0 || response->have != rows[row].have)
		fail_msg("row %zu: state %d, status %u, site %s", row, response->state,
			response->status, response->site);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct web_response whole = { 0 }, pieces = { 0 };
		size_t length = strlen(rows[i].text);

		web_response_add(&whole, rows[i].text, length);
		for (size_t j = 0; j < length; j++)
			web_response_add(&pieces, rows[i].text + j, 1);
		check(i, &whole, false);
		check(i, &pieces, false);
		web_response_end(&whole);
		web_response_end(&pieces);
		check(i, &whole, true);
		check(i, &pieces, true);
	}
}

static void test_long(void **state)
{
	static struct web_response response;
	char letters[100];

	(void)state;
	memset(letters, 'x', sizeof(letters));
	web_response_add(&response, OK "X-Site: ", strlen(OK "X-Site: "));
	web_response_add(&response, letters, sizeof(letters));
	web_response_add(&response, "\r\n\r\n", 4);
	assert_int_equal(response.state, WEB_BODY);
	assert_int_equal(strlen(response.site), WEB_SITE_MAX - 1);

	memset(&response, 0, sizeof(response));
	for (unsigned i = 0; i < WEB_HEAD_MAX / sizeof(letters) + 2; i++)
		web_response_add(&response, letters, sizeof(letters));
	assert_int_equal(response.state, WEB_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
