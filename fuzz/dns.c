/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS answers: any bytes behind a header that answers our question. Every record prints, and
 * every name reads back from its text.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/dns.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_name(const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name again;

	expect(name->length >= 1);
	expect(strlen(dns_name_format(name, text)) < sizeof(text));
	expect(dns_name_parse(text, &again) == 0);
	expect(again.length == name->length);
	expect(memcmp(again.bytes, name->bytes, name->length) == 0);
}

/* Printable ASCII, and never more than the buffer has. */
static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	expect(length < size);
	for (size_t i = 0; i < length; i++)
		expect(text[i] >= ' ' && text[i] < 0x7f);
}

static void walk(const struct dns_response *response)
{
	struct dns_answers answers = dns_answers_of(response);
	struct dns_record record;
	char text[512];
	unsigned count = 0;

	while (dns_answer_next(&answers, &record)) {
		check_name(&record.name);
		(void)dns_rdata_format(response, &record, text, sizeof(text));
		check_text(text, sizeof(text));
		(void)dns_rdata_format(response, &record, text, 7);
		check_text(text, 7);
		count++;
	}
	expect(count == response->answer_count);
	if (response->nsid == NULL)
		return;
	(void)dns_bytes_format(response->nsid, response->nsid_length, text, sizeof(text));
	check_text(text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct dns_query query = { .id = 0x1234,
		.question = { .type = DNS_TYPE_TXT, .class = DNS_CLASS_IN },
		.udp_payload = DNS_UDP_PAYLOAD,
		.nsid = true };
	struct dns_response response;
	struct error error = { 0 };
	int r;

	if (length > DNS_MESSAGE_MAX ||
		dns_name_parse("example.com", &query.question.name) != 0)
		return 0;
	if (length >= 2) /* so that a changed id does not end it all */
		query.id = (uint16_t)((bytes[0] << 8) | bytes[1]);
	r = dns_response_read(bytes, length, &query, &response, &error);
	expect(r == 0 ||
		(r == (int)error.code && error.text[0] != '\0' && error.offset <= length));
	if (r == 0)
		walk(&response);
	return 0;
}
