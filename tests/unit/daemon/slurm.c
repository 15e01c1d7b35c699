/* SPDX-License-Identifier: Apache-2.0 */
/* SLURM files: RFC 8416 section 3. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "daemon/slurm.h"

#define FILE_OF(filters, assertions)                                                       \
	"{\"slurmVersion\": 1, \"validationOutputFilters\": {\"prefixFilters\": [" filters \
	"], \"bgpsecFilters\": []}, \"locallyAddedAssertions\": {\"prefixAssertions\": "   \
	"[" assertions "], \"bgpsecAssertions\": []}}"

/* The example of RFC 8416 section 3.5, in short. */
static const char good[] =
	FILE_OF("{\"prefix\": \"192.0.2.0/24\", \"comment\": \"c\"}, {\"asn\": 64496}, "
		"{\"prefix\": \"198.51.100.0/24\", \"asn\": 64497}",
		"{\"asn\": 64496, \"prefix\": \"198.51.100.0/24\", \"comment\": \"c\"}, "
		"{\"asn\": 64496, \"prefix\": \"2001:db8::/32\", \"maxPrefixLength\": 48}");

static const char aspa[] =
	"{\"slurmVersion\": 2, \"validationOutputFilters\": {\"prefixFilters\": [], "
	"\"bgpsecFilters\": [{\"asn\": 1}], \"aspaFilters\": [{\"customerAsn\": 64496}]}, "
	"\"locallyAddedAssertions\": {\"prefixAssertions\": [], \"bgpsecAssertions\": [], "
	"\"aspaAssertions\": [{\"customerAsn\": 64500, \"providerAsns\": [64501, 64502]}]}}";

static void test_good(void **state)
{
	const struct rpki_exceptions *e;
	struct error error = { 0 };
	struct slurm slurm;

	(void)state;
	assert_int_equal(slurm_read(good, strlen(good), &slurm, &error), 0);
	e = &slurm.exceptions;
	assert_int_equal(e->filter_count, 3);
	assert_true(e->filters[0].has_prefix && !e->filters[0].has_asn);
	assert_int_equal(e->filters[0].prefix.length, 24);
	assert_true(!e->filters[1].has_prefix && e->filters[1].has_asn);
	assert_int_equal(e->filters[1].asn, 64496);
	assert_true(e->filters[2].has_prefix && e->filters[2].has_asn);
	assert_int_equal(e->assertion_count, 2);
	assert_int_equal(e->assertions[0].max_length, 24);
	assert_int_equal(e->assertions[1].max_length, 48);
	assert_int_equal(e->assertions[1].prefix.address.family, FAMILY_IPV6);
	slurm_clear(&slurm);
	assert_int_equal(slurm_read(aspa, strlen(aspa), &slurm, &error), 0);
	e = &slurm.exceptions;
	assert_int_equal(slurm.bgpsec, 1);
	assert_int_equal(e->aspa_filter_count, 1);
	assert_int_equal(e->aspa_filters[0], 64496);
	assert_int_equal(e->aspa_assertion_count, 1);
	assert_int_equal(e->aspa_assertions[0].customer, 64500);
	assert_int_equal(e->aspa_assertions[0].count, 2);
	assert_int_equal(e->aspa_assertions[0].providers[1], 64502);
	slurm_clear(&slurm);
}

static const struct wrong {
	const char *text, *says;
	int code;
} wrongs[] = {
	{ "", "line", ERROR_MALFORMED },
	{ "{", "line", ERROR_MALFORMED },
	{ "[]", "not an object", ERROR_MALFORMED },
	{ "{}", "'slurmVersion' is missing", ERROR_MALFORMED },
	{ "{\"slurmVersion\": \"1\"}", "'slurmVersion' is of a wrong type", ERROR_MALFORMED },
	{ "{\"slurmVersion\": 1, \"slurmVersion\": 1}", "line", ERROR_MALFORMED },
	{ "{\"slurmVersion\": 3, \"validationOutputFilters\": {}, "
	  "\"locallyAddedAssertions\": {}}",
		"slurmVersion 3 is not known", ERROR_UNSUPPORTED },
	{ "{\"slurmVersion\": 1, \"validationOutputFilters\": {}, "
	  "\"locallyAddedAssertions\": {}}",
		"'prefixFilters' is missing", ERROR_MALFORMED },
	{ FILE_OF("{}", ""), "needs 'prefix' or 'asn'", ERROR_MALFORMED },
	{ FILE_OF("1", ""), "entry 1: this is not an object", ERROR_MALFORMED },
	{ FILE_OF("{\"asn\": 1}, {\"asm\": 1}", ""), "entry 2: the member 'asm'",
		ERROR_MALFORMED },
	{ FILE_OF("{\"asn\": -1}", ""), "an AS number is", ERROR_MALFORMED },
	{ FILE_OF("{\"asn\": 4294967296}", ""), "an AS number is", ERROR_MALFORMED },
	{ FILE_OF("{\"prefix\": \"192.0.2.1/24\"}", ""), "bits behind its length",
		ERROR_MALFORMED },
	{ FILE_OF("{\"prefix\": \"192.0.2.1\"}", ""), "no prefix", ERROR_MALFORMED },
	{ FILE_OF("", "{\"asn\": 1}"), "'prefix' is missing", ERROR_MALFORMED },
	{ FILE_OF("", "{\"prefix\": \"192.0.2.0/24\"}"), "'asn' is missing", ERROR_MALFORMED },
	{ FILE_OF("", "{\"asn\": 1, \"prefix\": \"192.0.2.0/24\", \"maxPrefixLength\": 23}"),
		"out of range", ERROR_MALFORMED },
	{ FILE_OF("", "{\"asn\": 1, \"prefix\": \"192.0.2.0/24\", \"maxPrefixLength\": 33}"),
		"out of range", ERROR_MALFORMED },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct error error = { 0 };
		struct slurm slurm;

		assert_int_equal(
			slurm_read(wrongs[i].text, strlen(wrongs[i].text), &slurm, &error),
			wrongs[i].code);
		if (strstr(error.text, wrongs[i].says) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", wrongs[i].says, error.text);
		assert_int_equal(slurm.exceptions.filter_count, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
