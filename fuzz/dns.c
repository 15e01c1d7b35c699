/* SPDX-License-Identifier: Apache-2.0 */
/* DNS answers: any bytes behind a header that answers our question; every record prints. */
#include <stdlib.h>
#include <string.h>

#include "wire/dns.h"

static void walk(const struct dns_response *response)
{
	struct dns_answers answers = dns_answers_of(response);
	struct dns_record record;
	unsigned count = 0;

	while (dns_answer_next(&answers, &record)) {
		char text[512], name[DNS_NAME_TEXT_MAX];

		if (record.name.length == 0)
			abort();
		(void)dns_name_format(&record.name, name);
		(void)dns_rdata_format(response, &record, text, sizeof(text));
		if (memchr(text, '\0', sizeof(text)) == NULL || ++count > UINT16_MAX)
			abort();
	}
	if (!response->truncated && count != response->answer_count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t message[DNS_MESSAGE_MAX];
	struct dns_query query = { .id = 0x1234,
		.question = { .type = DNS_TYPE_TXT, .class = DNS_CLASS_IN },
		.udp_payload = DNS_UDP_PAYLOAD,
		.nsid = true };
	struct dns_response response;

	if (length < 1 || length > sizeof(message) ||
		dns_name_parse("example.com", &query.question.name) != 0)
		return 0;
	memcpy(message, bytes, length);
	if (length >= 2 && (bytes[length - 1] & 1) == 0) {
		message[0] = 0x12;
		message[1] = 0x34;
	}
	if (dns_response_read(message, length, &query, &response, NULL) == 0)
		walk(&response);
	return 0;
}
