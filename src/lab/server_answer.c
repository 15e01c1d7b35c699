/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DNS of the lab's server: who am I, and one answer for every name of one zone.
 *
 *     CH TXT id.server. hostname.bind.   the site's name
 *     IN A, AAAA  in the zone            the address that was asked, if it is of that family
 *     IN TXT      in the zone            the site's name
 *     IN anything else in the zone       nothing (the zone's SOA in the authority section)
 *     anything else                      REFUSED
 *
 * An address is the same at every site, so the site's name stands beside it as TXT in the
 * additional section.
 *
 * RFC 1035, RFC 2308 section 2.2 (no data), RFC 4892, RFC 5001, RFC 6891 section 6.1.3.
 */
#include "lab/server_answer.h"

#include <string.h>

#define TTL_S 0 /* so that no cache hides a change of site */

enum subject {
	SUBJECT_IDENTITY,
	SUBJECT_ZONE,
	SUBJECT_OTHER,
};

struct answering {
	const struct server_identity *identity;
	const struct address *local;
	const struct dns_request *request;
	struct dns_reply *reply;
};

static bool name_is(const struct dns_name *name, const char *text)
{
	struct dns_name other;

	return dns_name_parse(text, &other) == 0 && dns_name_equal(name, &other);
}

/* Is name the zone or below it? Labels are taken off until the lengths are the same. */
static bool inside(const struct dns_name *name, const struct dns_name *zone)
{
	size_t at = 0;
	struct dns_name rest;

	while ((size_t)(name->length - at) > zone->length)
		at += 1u + name->bytes[at];
	rest.length = (uint8_t)(name->length - at);
	memcpy(rest.bytes, name->bytes + at, rest.length);
	return dns_name_equal(&rest, zone);
}

static enum subject subject_of(
	const struct server_identity *identity, const struct dns_question *question)
{
	bool text = question->type == DNS_TYPE_TXT || question->type == DNS_TYPE_ANY;

	if (question->class == DNS_CLASS_CH && text &&
		(name_is(&question->name, "id.server") ||
			name_is(&question->name, "hostname.bind")))
		return SUBJECT_IDENTITY;
	if (question->class == DNS_CLASS_IN && inside(&question->name, &identity->zone))
		return SUBJECT_ZONE;
	return SUBJECT_OTHER;
}

static void add_text(const struct answering *a, enum dns_section section)
{
	size_t length = strlen(a->identity->name);
	uint8_t rdata[256];

	if (length > UINT8_MAX)
		length = UINT8_MAX;
	rdata[0] = (uint8_t)length;
	memcpy(rdata + 1, a->identity->name, length);
	dns_reply_record(
		a->reply, section, NULL, DNS_TYPE_TXT, TTL_S, rdata, (uint16_t)(length + 1));
}

/* RFC 2308 section 2.2: no data of this type, and for how long to believe it. */
static void add_soa(const struct answering *a)
{
	static const uint32_t numbers[] = { 1, 3600, 900, 604800, TTL_S };
	const struct dns_name *zone = &a->identity->zone;
	uint8_t rdata[2 * DNS_NAME_MAX + sizeof(numbers)];
	struct writer w = writer_of(rdata, sizeof(rdata));

	writer_bytes(&w, zone->bytes, zone->length);
	writer_bytes(&w, zone->bytes, zone->length);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		writer_u32(&w, numbers[i]);
	dns_reply_record(a->reply, DNS_SECTION_AUTHORITY, zone, DNS_TYPE_SOA, TTL_S, rdata,
		(uint16_t)writer_length(&w));
}

static void answer_zone(const struct answering *a)
{
	uint16_t type = a->request->question.type;
	enum family family = (enum family)a->local->family;

	if (type == DNS_TYPE_TXT) {
		add_text(a, DNS_SECTION_ANSWER);
		return;
	}
	if ((type == DNS_TYPE_A && family == FAMILY_IPV4) ||
		(type == DNS_TYPE_AAAA && family == FAMILY_IPV6)) {
		dns_reply_record(a->reply, DNS_SECTION_ANSWER, NULL, type, TTL_S,
			a->local->bytes, (uint16_t)address_size(a->local));
		add_text(a, DNS_SECTION_ADDITIONAL);
		return;
	}
	add_soa(a);
}

/* What is wrong with a query that was read, or NOERROR. */
static uint16_t refusal(const struct dns_request *request, enum subject subject)
{
	if (request->opcode != 0)
		return DNS_RCODE_NOTIMP;
	if (request->edns && request->edns_version != 0)
		return DNS_RCODE_BADVERS; /* RFC 6891 section 6.1.3 */
	return subject == SUBJECT_OTHER ? DNS_RCODE_REFUSED : DNS_RCODE_NOERROR;
}

static size_t limit(const struct dns_request *request, enum server_transport transport)
{
	if (transport == SERVER_TCP || request->udp_payload > SERVER_ANSWER_MAX)
		return SERVER_ANSWER_MAX;
	return request->udp_payload;
}

size_t server_answer(const struct server_identity *identity, const struct address *local,
	enum server_transport transport, const uint8_t *query, size_t length, uint8_t *out,
	bool *ret_malformed)
{
	struct dns_request request;
	struct dns_reply reply;
	struct answering a = { identity, local, &request, &reply };
	enum subject subject = SUBJECT_OTHER;
	uint16_t rcode = DNS_RCODE_FORMERR;
	int r = dns_request_read(query, length, &request, NULL);

	*ret_malformed = r != 0;
	if (r == ERROR_NOT_FOUND)
		return 0;
	if (r == 0) {
		subject = subject_of(identity, &request.question);
		rcode = refusal(&request, subject);
	}
	dns_reply_begin(&reply, out, limit(&request, transport), &request, rcode,
		rcode == DNS_RCODE_NOERROR);
	if (rcode == DNS_RCODE_NOERROR && subject == SUBJECT_IDENTITY)
		add_text(&a, DNS_SECTION_ANSWER);
	else if (rcode == DNS_RCODE_NOERROR)
		answer_zone(&a);
	return dns_reply_end(&reply, identity->name, (uint16_t)strlen(identity->name));
}
