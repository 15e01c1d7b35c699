/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages: one question out, its answer in.
 *
 *     header (12) | question | answers | authority | additional (OPT: EDNS, NSID)
 *
 * Invariants:
 *  1. A response is given out only if it answers the query: id, QR, opcode, question.
 *  2. answer_count records lie whole behind `answers`: dns_answer_next cannot fail.
 *
 * RFC 1035 section 4, RFC 2181 section 5, RFC 5001, RFC 6891 section 6.
 */
#include "wire/dns.h"

#define FLAG_RESPONSE            0x8000u
#define FLAG_OPCODE              0x7800u
#define FLAG_AUTHORITATIVE       0x0400u
#define FLAG_TRUNCATED           0x0200u
#define FLAG_RECURSION_DESIRED   0x0100u
#define FLAG_RECURSION_AVAILABLE 0x0080u
#define FLAG_RCODE               0x000fu

#define OPTION_NSID 3 /* RFC 5001 section 4 */

static void edns_write(struct writer *w, const struct dns_query *query)
{
	writer_u8(w, 0); /* the root */
	writer_u16(w, DNS_TYPE_OPT);
	writer_u16(w, query->udp_payload);
	writer_u32(w, 0); /* extended rcode, version 0, flags */
	writer_u16(w, query->nsid ? 4 : 0);
	if (!query->nsid)
		return;
	writer_u16(w, OPTION_NSID);
	writer_u16(w, 0);
}

void dns_query_write(struct writer *w, const struct dns_query *query)
{
	bool edns = query->udp_payload != 0;

	writer_u16(w, query->id);
	writer_u16(w, query->recursion_desired ? FLAG_RECURSION_DESIRED : 0);
	writer_u16(w, 1);
	writer_u16(w, 0);
	writer_u16(w, 0);
	writer_u16(w, edns ? 1 : 0);
	writer_bytes(w, query->question.name.bytes, query->question.name.length);
	writer_u16(w, query->question.type);
	writer_u16(w, query->question.class);
	if (edns)
		edns_write(w, query);
}

static int fault(struct error *error, enum error_code code, const struct cursor *message,
	const struct cursor *c, const char *text)
{
	if (error != NULL) {
		error->offset = (size_t)(c->at - message->at);
		error->reference = "RFC 1035 section 4";
	}
	return error_set(error, code, "%s", text);
}

static int record_read(
	const struct cursor *message, struct cursor *c, struct dns_record *ret_record)
{
	int r = dns_name_read(message, c, &ret_record->name);

	if (r != 0)
		return r;
	ret_record->type = cursor_u16(c);
	ret_record->class = cursor_u16(c);
	ret_record->ttl_s = cursor_u32(c);
	ret_record->rdata = cursor_sub(c, cursor_u16(c));
	return c->failed ? ERROR_TRUNCATED : 0;
}

/* RFC 6891 section 6.1.2: options as code, length, value. */
static int options_read(struct cursor options, struct dns_response *response)
{
	while (cursor_left(&options) > 0) {
		uint16_t code = cursor_u16(&options);
		struct cursor value = cursor_sub(&options, cursor_u16(&options));

		if (options.failed)
			return ERROR_MALFORMED;
		if (code == OPTION_NSID && response->nsid == NULL) {
			response->nsid = value.at;
			response->nsid_length = (uint16_t)cursor_left(&value);
		}
	}
	return 0;
}

/* RFC 6891 section 6.1.1: at most one OPT, of the root. */
static int opt_read(const struct dns_record *record, struct dns_response *response)
{
	if (record->type != DNS_TYPE_OPT)
		return 0;
	if (response->edns || record->name.length != 1)
		return ERROR_MALFORMED;
	response->edns = true;
	response->rcode |= (uint16_t)((record->ttl_s >> 24) << 4);
	return options_read(record->rdata, response);
}

/* Walk over a section; of a truncated message the count sinks to what is there. */
static int section_read(
	struct cursor *c, struct dns_response *response, uint16_t *count, bool additional)
{
	struct dns_record record;

	for (uint16_t i = 0; i < *count; i++) {
		int r = record_read(&response->message, c, &record);

		if (r == 0 && additional)
			r = opt_read(&record, response);
		if (r != 0 && response->truncated) {
			*count = i;
			return 0;
		}
		if (r != 0)
			return r;
	}
	return 0;
}

static int sections_read(struct cursor c, struct dns_response *response)
{
	int r;

	response->answers = c;
	r = section_read(&c, response, &response->answer_count, false);
	if (r == 0)
		r = section_read(&c, response, &response->authority_count, false);
	if (r == 0)
		r = section_read(&c, response, &response->additional_count, true);
	return r;
}

/* A server that could not read the query may leave the question out: then only with an error.
 */
static int question_check(struct cursor *c, uint16_t count, const struct dns_query *query,
	struct dns_response *response, struct error *error)
{
	struct dns_question question = { 0 };
	int r;

	if (count == 0 && response->rcode != DNS_RCODE_NOERROR) {
		response->question_absent = true;
		return 0;
	}
	if (count != 1)
		return fault(error, ERROR_NOT_FOUND, &response->message, c,
			"the response does not repeat one question");
	r = dns_name_read(&response->message, c, &question.name);
	question.type = cursor_u16(c);
	question.class = cursor_u16(c);
	if (r != 0 || c->failed)
		return fault(error, r != 0 ? r : ERROR_TRUNCATED, &response->message, c,
			"the question is broken");
	if (question.type != query->question.type || question.class != query->question.class ||
		!dns_name_equal(&question.name, &query->question.name))
		return fault(error, ERROR_NOT_FOUND, &response->message, c,
			"the response is to another question");
	return 0;
}

int dns_response_read(const uint8_t *bytes, size_t length, const struct dns_query *query,
	struct dns_response *ret_response, struct error *error)
{
	struct cursor c = cursor_of(bytes, length);
	struct dns_response response = { .message = c };
	uint16_t flags, questions;
	int r;

	response.id = cursor_u16(&c);
	flags = cursor_u16(&c);
	questions = cursor_u16(&c);
	response.answer_count = cursor_u16(&c);
	response.authority_count = cursor_u16(&c);
	response.additional_count = cursor_u16(&c);
	if (c.failed)
		return fault(error, ERROR_TRUNCATED, &response.message, &c,
			"the message is shorter than its header");
	if (response.id != query->id ||
		(flags & (FLAG_RESPONSE | FLAG_OPCODE)) != FLAG_RESPONSE)
		return fault(error, ERROR_NOT_FOUND, &response.message, &c,
			"the message is not a response to this query");
	response.authoritative = (flags & FLAG_AUTHORITATIVE) != 0;
	response.truncated = (flags & FLAG_TRUNCATED) != 0;
	response.recursion_available = (flags & FLAG_RECURSION_AVAILABLE) != 0;
	response.rcode = flags & FLAG_RCODE;
	r = question_check(&c, questions, query, &response, error);
	if (r != 0)
		return r;
	r = sections_read(c, &response);
	if (r != 0)
		return fault(error, r, &response.message, &c, "a record is broken");
	*ret_response = response;
	return 0;
}

struct dns_answers dns_answers_of(const struct dns_response *response)
{
	return (struct dns_answers){ .message = response->message,
		.rest = response->answers,
		.left = response->answer_count };
}

bool dns_answer_next(struct dns_answers *answers, struct dns_record *ret_record)
{
	if (answers->left == 0)
		return false;
	answers->left--;
	return record_read(&answers->message, &answers->rest, ret_record) == 0;
}
