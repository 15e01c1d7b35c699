/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages as a small authoritative server needs them: read a query, write the reply to it.
 * RFC 1035, RFC 5001 (NSID), RFC 6891 (EDNS).
 *
 * Everything is a pure function of its bytes. Over TCP each message is preceded by its length
 * in two bytes, which the caller takes off and writes.
 */
#ifndef NEARCAST_WIRE_DNS_SERVE_H
#define NEARCAST_WIRE_DNS_SERVE_H

#include "wire/dns.h"

#define DNS_UDP_PAYLOAD_LEAST 512 /* bytes that every asker takes: RFC 1035 section 2.3.4 */

struct dns_request {
	uint16_t id;
	uint8_t opcode; /* 0: a standard query */
	bool recursion_desired;
	bool has_question;
	struct dns_question question;
	bool edns;
	uint8_t edns_version;
	uint16_t udp_payload; /* bytes that the asker takes over UDP, at least 512 */
	bool nsid;            /* it wants to know who we are */
};

/*
 * Read a query. 0; ERROR_NOT_FOUND: shorter than a header, or a response: must not be answered;
 * ERROR_MALFORMED or ERROR_TRUNCATED: to be answered with FORMERR (id, opcode are valid, and
 * the question if has_question). error may be NULL.
 */
int dns_request_read(const uint8_t *bytes, size_t length, struct dns_request *ret_request,
	struct error *error);

enum dns_section {
	DNS_SECTION_ANSWER,
	DNS_SECTION_AUTHORITY,
	DNS_SECTION_ADDITIONAL,
	DNS_SECTION_COUNT,
};

/* A reply being written. */
struct dns_reply {
	const struct dns_request *request;
	struct writer writer;
	uint16_t rcode, flags;
	uint16_t counts[DNS_SECTION_COUNT];
	size_t question_end;
};

/* Start to write into buffer, at most size bytes in all: over UDP, what request->udp_payload
 * says. request and buffer must stay. size >= 512. */
void dns_reply_begin(struct dns_reply *reply, void *buffer, size_t size,
	const struct dns_request *request, uint16_t rcode, bool authoritative);
/* Sections in their order. owner NULL: the name of the question. Class is the question's. */
void dns_reply_record(struct dns_reply *reply, enum dns_section section,
	const struct dns_name *owner, uint16_t type, uint32_t ttl_s, const void *rdata,
	uint16_t rdata_length);
/*
 * Add EDNS if the query had it, with our identifier if it asked (NULL: none), and the header.
 * Gives the length. What did not fit leaves a reply that is truncated (TC) and has no records:
 * RFC 2181 section 9.
 */
size_t dns_reply_end(struct dns_reply *reply, const void *nsid, uint16_t nsid_length);

#endif
