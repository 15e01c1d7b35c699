/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of DNS messages.
 *
 *     header (12) | question | answers | authority | additional (OPT: EDNS, NSID)
 *
 * Invariants:
 *  1. A reply is whole or has TC set and no records; either way it is not longer than allowed.
 *  2. A response is never answered, so two servers can't talk to each other for ever.
 *
 * RFC 1035 section 4, RFC 2181 section 9, RFC 5001, RFC 6891 sections 6 and 7.
 */
#include "wire/dns_serve.h"

#include <assert.h>

#define FLAG_RESPONSE          0x8000u
#define FLAG_AUTHORITATIVE     0x0400u
#define FLAG_TRUNCATED         0x0200u
#define FLAG_RECURSION_DESIRED 0x0100u
#define OPCODE_SHIFT           11
#define OPCODE_MASK            0x0fu
#define RCODE_MASK             0x0fu

#define OPTION_NSID 3 /* RFC 5001 section 4 */
/* Where the question's name is, as a compression pointer: RFC 1035 section 4.1.4. */
#define QUESTION_POINTER (0xc000u | DNS_HEADER_SIZE)

/* ---- Queries ---- */

static int fault(struct error *error, enum error_code code, const char *text)
{
	if (error != NULL)
		error->reference = "RFC 1035 section 4";
	return error_set(error, code, "%s", text);
}

static int question_read(
	const struct cursor *message, struct cursor *c, struct dns_request *request)
{
	int r = dns_name_read(message, c, &request->question.name);

	request->question.type = cursor_u16(c);
	request->question.class = cursor_u16(c);
	if (r != 0 || c->failed)
		return r != 0 ? r : ERROR_TRUNCATED;
	request->has_question = true;
	return 0;
}

static int options_read(struct cursor options, struct dns_request *request)
{
	while (cursor_left(&options) > 0) {
		uint16_t code = cursor_u16(&options);

		cursor_skip(&options, cursor_u16(&options));
		if (options.failed)
			return ERROR_MALFORMED;
		request->nsid = request->nsid || code == OPTION_NSID;
	}
	return 0;
}

/* RFC 6891 section 6.1.1: more than one OPT, or one that is not the root's, is an error. */
static int opt_read(const struct dns_name *owner, uint16_t payload, uint32_t ttl,
	struct cursor rdata, struct dns_request *request)
{
	if (request->edns || owner->length != 1)
		return ERROR_MALFORMED;
	request->edns = true;
	request->edns_version = (uint8_t)(ttl >> 16);
	/* RFC 6891 section 6.2.3: values below 512 mean 512. */
	if (payload > request->udp_payload)
		request->udp_payload = payload;
	return options_read(rdata, request);
}

static int record_read(
	const struct cursor *message, struct cursor *c, struct dns_request *request)
{
	struct dns_name owner = { 0 };
	struct cursor rdata;
	uint16_t type, class;
	uint32_t ttl;
	int r = dns_name_read(message, c, &owner);

	if (r != 0)
		return r;
	type = cursor_u16(c);
	class = cursor_u16(c);
	ttl = cursor_u32(c);
	rdata = cursor_sub(c, cursor_u16(c));
	if (c->failed)
		return ERROR_TRUNCATED;
	return type == DNS_TYPE_OPT ? opt_read(&owner, class, ttl, rdata, request) : 0;
}

int dns_request_read(const uint8_t *bytes, size_t length, struct dns_request *ret_request,
	struct error *error)
{
	struct cursor c = cursor_of(bytes, length);
	const struct cursor message = c;
	struct dns_request request = { .udp_payload = DNS_UDP_PAYLOAD_LEAST };
	uint16_t flags, questions;
	uint32_t records;
	int r = 0;

	*ret_request = request;
	request.id = cursor_u16(&c);
	flags = cursor_u16(&c);
	questions = cursor_u16(&c);
	records = cursor_u16(&c);
	records += cursor_u16(&c);
	records += cursor_u16(&c);
	if (c.failed)
		return fault(error, ERROR_NOT_FOUND, "the message is shorter than its header");
	if ((flags & FLAG_RESPONSE) != 0)
		return fault(error, ERROR_NOT_FOUND, "the message is a response");
	request.opcode = (flags >> OPCODE_SHIFT) & OPCODE_MASK;
	request.recursion_desired = (flags & FLAG_RECURSION_DESIRED) != 0;
	if (questions == 1)
		r = question_read(&message, &c, &request);
	else
		r = ERROR_MALFORMED;
	for (uint32_t i = 0; r == 0 && i < records; i++)
		r = record_read(&message, &c, &request);
	*ret_request = request;
	return r == 0 ? 0 : fault(error, r, "the query is broken");
}

/* ---- Replies ---- */

void dns_reply_begin(struct dns_reply *reply, void *buffer, size_t size,
	const struct dns_request *request, uint16_t rcode, bool authoritative)
{
	assert(size >= DNS_UDP_PAYLOAD_LEAST);
	*reply = (struct dns_reply){ .request = request,
		.writer = writer_of(buffer, size),
		.rcode = rcode,
		.flags = FLAG_RESPONSE };
	reply->flags |= (uint16_t)(request->opcode << OPCODE_SHIFT);
	reply->flags |= authoritative ? FLAG_AUTHORITATIVE : 0;
	reply->flags |= request->recursion_desired ? FLAG_RECURSION_DESIRED : 0;
	writer_reserve(&reply->writer, DNS_HEADER_SIZE);
	if (request->has_question) {
		writer_bytes(&reply->writer, request->question.name.bytes,
			request->question.name.length);
		writer_u16(&reply->writer, request->question.type);
		writer_u16(&reply->writer, request->question.class);
	}
	reply->question_end = writer_length(&reply->writer);
}

void dns_reply_record(struct dns_reply *reply, enum dns_section section,
	const struct dns_name *owner, uint16_t type, uint32_t ttl_s, const void *rdata,
	uint16_t rdata_length)
{
	struct writer *w = &reply->writer;

	if (owner == NULL)
		writer_u16(w, QUESTION_POINTER);
	else
		writer_bytes(w, owner->bytes, owner->length);
	writer_u16(w, type);
	writer_u16(w, reply->request->question.class);
	writer_u32(w, ttl_s);
	writer_u16(w, rdata_length);
	writer_bytes(w, rdata, rdata_length);
	reply->counts[section]++;
}

static void opt_write(struct dns_reply *reply, const void *nsid, uint16_t nsid_length)
{
	struct writer *w = &reply->writer;
	bool named = reply->request->nsid && nsid != NULL;

	writer_u8(w, 0); /* the root */
	writer_u16(w, DNS_TYPE_OPT);
	writer_u16(w, DNS_UDP_PAYLOAD);
	writer_u32(w, (uint32_t)(reply->rcode >> 4) << 24);
	writer_u16(w, named ? (uint16_t)(4 + nsid_length) : 0);
	if (named) {
		writer_u16(w, OPTION_NSID);
		writer_u16(w, nsid_length);
		writer_bytes(w, nsid, nsid_length);
	}
	reply->counts[DNS_SECTION_ADDITIONAL]++;
}

/* Only the question stays, and EDNS, for which there is always room. */
static void cut_short(struct dns_reply *reply)
{
	struct writer *w = &reply->writer;

	w->at = w->start + reply->question_end;
	w->failed = false;
	memset(reply->counts, 0, sizeof(reply->counts));
	reply->flags |= FLAG_TRUNCATED;
	if (reply->request->edns)
		opt_write(reply, NULL, 0);
}

size_t dns_reply_end(struct dns_reply *reply, const void *nsid, uint16_t nsid_length)
{
	struct writer *w = &reply->writer;
	uint8_t *header = w->start;

	if (reply->request->edns)
		opt_write(reply, nsid, nsid_length);
	if (w->failed)
		cut_short(reply);
	bytes_put_u16(header, reply->request->id);
	bytes_put_u16(header + 2, (uint16_t)(reply->flags | (reply->rcode & RCODE_MASK)));
	bytes_put_u16(header + 4, reply->request->has_question ? 1 : 0);
	for (unsigned i = 0; i < DNS_SECTION_COUNT; i++)
		bytes_put_u16(header + 6 + 2 * i, reply->counts[i]);
	return writer_length(w);
}
