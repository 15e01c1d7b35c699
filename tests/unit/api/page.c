/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, the Host header, health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/api/page.h"

static const struct {
	const char *path;
	bool found;
	const char *name;
} paths[] = {
	{ "/", true, "" },
	{ "/metrics", true, "" },
	{ "/metrics/", false, NULL },
	{ "/metricsx", false, NULL },
	{ "/api/v1/services", true, "" },
	{ "/api/v1/services/dns", true, "dns" },
	{ "/api/v1/services/", false, NULL },
	{ "/api/v1/services/a/b", false, NULL },
	{ "/api/v1/services/"
	  "0123456789012345678901234567890123456789012345678901234567890123",
		false, NULL },
	{ "/api/v1/status/dns", false, NULL },
	{ "", false, NULL },
	{ "/../etc/passwd", false, NULL },
};

static const struct {
	const char *host;
	bool allowed;
} hosts[] = {
	{ NULL, true },
	{ "localhost", true },
	{ "LOCALHOST:9179", true },
	{ "127.0.0.1", true },
	{ "127.0.0.1:9179", true },
	{ "[::1]:9179", true },
	{ "[::1]", true },
	{ "192.0.2.1", true },
	{ "", false },
	{ "evil.example", false },
	{ "evil.example:9179", false },
	{ "localhost.evil.example", false },
	{ "127.0.0.1.evil.example", false },
	{ "[::1", false },
	{ "[evil.example]", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static const struct {
	const char *status;
	unsigned code;
	const char *body;
} healths[] = {
	{ "{\"state\":\"running\",\"problems\":[]}", 200,
		"{\"healthy\":true,\"state\":\"running\",\"problems\":[]}" },
	{ "{\"state\":\"running\",\"problems\":[\"service dns is down\"]}", 503,
		"{\"healthy\":false,\"state\":\"running\",\"problems\":[\"service dns is down\"]}" },
	{ "{\"state\":\"stopping\",\"problems\":[]}", 503,
		"{\"healthy\":false,\"state\":\"stopping\",\"problems\":[]}" },
	{ "not JSON", 503, "{\"healthy\":false,\"state\":\"unknown\",\"problems\":null}" },
};

static void finds_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *name;
		const struct page *page = page_find(paths[i].path, &name);

		assert_int_equal(page != NULL, paths[i].found);
		if (page != NULL)
			assert_string_equal(name, paths[i].name);
	}
}

static void checks_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_int_equal(page_host_allowed(hosts[i].host), hosts[i].allowed);
}

static void tells_health(void **state)
{
	const char *name;
	const struct page *page = page_find("/healthz", &name);

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < sizeof(healths) / sizeof(healths[0]); i++) {
		struct page_answer answer = { 0 };
		struct text body = { 0 };

		text_add(&answer.text, healths[i].status);
		assert_int_equal(page->print(&answer, &body), healths[i].code);
		assert_string_equal(text_string(&body), healths[i].body);
		text_clear(&body);
		text_clear(&answer.text);
	}
}

static void shows_an_index(void **state)
{
	const char *name;
	const struct page *page = page_find("/", &name);
	struct text body = { 0 };

	(void)state;
	assert_int_equal(page->print(NULL, &body), 200);
	assert_non_null(strstr(text_string(&body), "<a href=\"/metrics\">"));
	assert_null(strstr(text_string(&body), "<script"));
	text_clear(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_pages),
		cmocka_unit_test(checks_hosts),
		cmocka_unit_test(tells_health),
		cmocka_unit_test(shows_an_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
