/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS queries, as the lab's server gets them: any bytes. What is answered is an answer that our
 * own reader takes, and never longer than the asker allows.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/server_answer.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* A query that was read, written anew, is read the same. */
static void check_again(const struct dns_request *request)
{
	struct dns_query query = { .id = request->id,
		.recursion_desired = request->recursion_desired,
		.question = request->question,
		.udp_payload = request->edns ? request->udp_payload : 0,
		.nsid = request->nsid };
	struct dns_request again;
	uint8_t bytes[512];
	struct writer w = writer_of(bytes, sizeof(bytes));

	dns_query_write(&w, &query);
	expect(!w.failed);
	expect(dns_request_read(bytes, writer_length(&w), &again, NULL) == 0);
	expect(again.id == request->id && again.nsid == request->nsid);
	expect(again.edns == request->edns && again.udp_payload == request->udp_payload);
	expect(dns_name_equal(&again.question.name, &request->question.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct server_identity identity = { .name = "site" };
	struct address local = address_ipv4(0xc0000201);
	struct dns_request request;
	struct dns_response response;
	struct dns_query query = { 0 };
	uint8_t out[SERVER_ANSWER_MAX];
	bool malformed;
	size_t size;
	int r = dns_request_read(bytes, length, &request, NULL);

	expect(dns_name_parse("lab.example", &identity.zone) == 0);
	size = server_answer(&identity, &local, SERVER_UDP, bytes, length, out, &malformed);
	expect((size == 0) == (r == ERROR_NOT_FOUND));
	expect(malformed == (r != 0));
	expect(size <= SERVER_ANSWER_MAX && size <= request.udp_payload);
	if (r != 0)
		return 0;
	check_again(&request);
	query.id = request.id;
	query.question = request.question;
	if (request.opcode == 0)
		expect(dns_response_read(out, size, &query, &response, NULL) == 0);
	return 0;
}
