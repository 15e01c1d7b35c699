/* SPDX-License-Identifier: Apache-2.0 */
/* Every preset with every check gives a file that reads without an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/init.h"
#include "config/reader.h"

static const char *const addresses[] = { "198.51.100.53", "2001:db8:53::53" };
static const char *const announce[] = { "198.51.100.0/24", "2001:db8:53::/48" };
static const char *const upstreams[] = { "203.0.113.1", "2001:db8::1" };

static struct config *write_and_read(const struct init_answers *answers, struct text *ret_text)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config_source source = { .name = "site.yaml" };
	struct config *config = NULL;
	struct error error = { 0 };
	struct text said = { 0 };

	if (config_init(answers, ret_text, &error) != 0)
		fail_msg("%s", error.text);
	source.text = text_string(ret_text);
	source.length = ret_text->length;
	if (config_read(&source, 1, &config, &diagnostics) != 0) {
		config_diagnostics_print(&diagnostics, false, &said);
		print_error("%s\n%s\n", source.text, text_string(&said));
		fail();
	}
	config_diagnostics_clear(&diagnostics);
	return config;
}

static void every_preset_with_every_check(void **state)
{
	const struct preset *preset;
	size_t written = 0;

	(void)state;
	for (size_t i = 0; (preset = preset_at(i)) != NULL; i++) {
		for (int check = INIT_CHECK_NONE; check <= INIT_CHECK_UDP; check++) {
			bool internal = preset->relation == RELATION_INTERNAL;
			struct init_answers answers = {
				.preset = preset,
				.site = "fra1",
				.asn = preset->own_asn != 0 ? NULL : "64500",
				.router_id = "192.0.2.11",
				.addresses = addresses,
				.address_count = 2,
				.announce = announce,
				.announce_count = 2,
				.check = (enum init_check)check,
				.port = check >= INIT_CHECK_TCP ? "25" : NULL,
				.name = check == INIT_CHECK_HTTPS ? "www.example.com" : NULL,
				.neighbor_asn = preset->asn != 0 || internal ? NULL : "64501",
				.neighbor_addresses = upstreams,
				.neighbor_address_count = preset->addresses[0] != NULL ? 0 : 2,
			};
			struct text text = { 0 };
			struct config *config = write_and_read(&answers, &text);

			written++;
			assert_true(config->neighbor_count >= 1);
			assert_int_equal(config->neighbors[0].relation, preset->relation);
			if (preset->asn != 0)
				assert_int_equal(config->neighbors[0].asn, preset->asn);
			assert_int_equal(
				config->services[0].check_count, check == INIT_CHECK_NONE  ? 0
								 : check == INIT_CHECK_UDP ? 1
											   : 2);
			assert_int_equal(config->neighbors[0].password.source,
				preset->password == PASSWORD_REQUIRED ? SECRET_ENVIRONMENT
								      : SECRET_NONE);
			config_free(config);
			text_clear(&text);
		}
	}
	assert_true(written > 50);
}

static void only_the_families_that_are_there(void **state)
{
	struct init_answers answers = {
		.preset = preset_find("vultr"),
		.site = "fra1",
		.asn = "64500",
		.router_id = "192.0.2.11",
		.addresses = addresses + 1,
		.address_count = 1,
		.check = INIT_CHECK_DNS,
	};
	struct text text = { 0 };
	struct config *config = write_and_read(&answers, &text);

	(void)state;
	assert_int_equal(config->neighbor_count, 1);
	assert_int_equal(config->neighbors[0].address.family, FAMILY_IPV6);
	assert_int_equal(config->neighbors[0].families, CONFIG_FAMILY_IPV6);
	assert_int_equal(config->neighbors[0].multihop, 2);
	config_free(config);
	text_clear(&text);
}

/* An answer is a value, whatever is in it. */
static void answers_are_quoted(void **state)
{
	struct init_answers answers = {
		.preset = preset_find("transit"),
		.site = "x\nuser: root",
		.asn = "64500",
		.router_id = "192.0.2.11",
		.addresses = addresses,
		.address_count = 1,
		.neighbor_asn = "64501",
		.neighbor_addresses = upstreams,
		.neighbor_address_count = 1,
		.password = "a: b # \"c\"",
	};
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	struct text text = { 0 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(config_init(&answers, &text, &error), 0);
	struct config_source source = { "site.yaml", text_string(&text), text.length };
	assert_int_equal(config_read(&source, 1, &config, &diagnostics), ERROR_MALFORMED);
	assert_int_equal(diagnostics.error_count, 1);
	assert_int_equal(diagnostics.items[0].mark.line, 3);
	config_diagnostics_clear(&diagnostics);
	text_reset(&text);
	answers.site = "x";
	config = write_and_read(&answers, &text);
	assert_string_equal(config->neighbors[0].password.value, "a: b # \"c\"");
	config_free(config);
	text_clear(&text);
}

static void tells_what_is_missing(void **state)
{
	struct init_answers answers = { 0 };
	struct text text = { 0 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(config_init(&answers, &text, &error), ERROR_NOT_FOUND);
	assert_non_null(strstr(error.text, "the preset"));
	answers.preset = preset_find("transit");
	answers.site = "x";
	answers.router_id = "192.0.2.1";
	answers.addresses = addresses;
	answers.address_count = 1;
	answers.asn = "64500";
	answers.neighbor_addresses = upstreams;
	answers.neighbor_address_count = 1;
	assert_int_equal(config_init(&answers, &text, &error), ERROR_NOT_FOUND);
	assert_string_equal(error.text, "the neighbour's AS number is missing");
	assert_int_equal(text.length, 0);
	assert_null(preset_find("nobody"));
	text_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_preset_with_every_check),
		cmocka_unit_test(only_the_families_that_are_there),
		cmocka_unit_test(answers_are_quoted),
		cmocka_unit_test(tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
