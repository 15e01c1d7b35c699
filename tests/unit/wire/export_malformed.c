/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the table of malformed UPDATEs as JSON, an object a line, so that the same bytes can
 * be sent to other daemons (tests/integration/test_rfc7606.py). */
#include "malformed_case.h"

static const char *const sessions[SESSIONS] = {
	[EXTERNAL] = "external",
	[INTERNAL] = "internal",
	[OLD] = "old",
	[OLD_INTERNAL] = "old-internal",
	[ONLY_IPV4] = "only-ipv4",
	[ONLY_IPV6] = "only-ipv6",
	[NEXT_HOP_6] = "next-hop-6",
	[ADD_PATH] = "add-path",
};

static void hex_print(const char *name, const char *text)
{
	uint8_t bytes[512];
	size_t length = hex_read(text, bytes, sizeof(bytes));

	printf("\"%s\": \"", name);
	for (size_t i = 0; i < length; i++)
		printf("%02x", bytes[i]);
	printf("\", ");
}

static void case_print(const struct malformed_case *one)
{
	const struct malformed_row *row = one->row;

	printf("{\"name\": \"%s%s\", \"session\": \"%s\", ", row->what,
		malformed_case_name(one), sessions[one->session]);
	hex_print("withdrawn", row->withdrawn);
	hex_print("attributes", one->attributes);
	hex_print("nlri", one->nlri);
	printf("\"verdict\": \"%s\", \"attribute\": %u, \"subcode\": %u, \"reference\": \"%s\"}\n",
		bgp_verdict_name(row->verdict), row->attribute, row->subcode,
		row->reference == NULL ? "" : row->reference);
}

int main(void)
{
	for (size_t i = 0; i < MALFORMED_ROWS; i++) {
		struct malformed_case one;

		if (malformed_case_make(&malformed_rows[i], 0, &one))
			case_print(&one);
		if (malformed_case_make(&malformed_rows[i], SURROUNDING_MP, &one))
			case_print(&one);
	}
	return 0;
}
