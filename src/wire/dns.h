/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages as a checker needs them: write one question, read the answer to it. RFC 1035,
 * RFC 2181, RFC 3597 (unknown types), RFC 5001 (NSID), RFC 6891 (EDNS).
 *
 * Everything is a pure function of its bytes. A decoded response points into the message, which
 * must stay. Over TCP each message is preceded by its length in two bytes (RFC 1035 section
 * 4.2.2), which the caller writes and takes off.
 */
#ifndef NEARCAST_WIRE_DNS_H
#define NEARCAST_WIRE_DNS_H

#include "base/bytes.h"
#include "base/error.h"

#define DNS_PORT          53
#define DNS_HEADER_SIZE   12
#define DNS_MESSAGE_MAX   65535
#define DNS_UDP_PAYLOAD   1232 /* bytes: goes through nearly every path unfragmented */
#define DNS_NAME_MAX      255  /* bytes on the wire: RFC 1035 section 2.3.4 */
#define DNS_NAME_TEXT_MAX 1025 /* every byte as \DDD, and the NUL */
#define DNS_CODE_TEXT_MAX 16
/* Names are followed through at most this many pointers, each to an earlier place. */
#define DNS_POINTERS_MAX 64

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_DS = 43,
	DNS_TYPE_TLSA = 52,
	DNS_TYPE_ANY = 255,
	DNS_TYPE_CAA = 257,
};

enum dns_class {
	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3, /* CHAOS: version.bind, id.server (RFC 4892) */
	DNS_CLASS_ANY = 255,
};

enum dns_rcode {
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5,
	DNS_RCODE_BADVERS = 16, /* RFC 6891 */
};

/* A name in wire form without compression: labels, then the root's zero byte. */
struct dns_name {
	uint8_t length; /* bytes used, 1..255 */
	uint8_t bytes[DNS_NAME_MAX];
};

struct dns_question {
	struct dns_name name;
	uint16_t type, class;
};

struct dns_query {
	uint16_t id; /* should be hard to guess over UDP: RFC 5452 */
	bool recursion_desired;
	struct dns_question question;
	uint16_t udp_payload; /* EDNS: bytes that we take; 0: no EDNS at all */
	bool nsid;            /* ask for the server's identifier; only with EDNS */
};

struct dns_response {
	uint16_t id;
	bool authoritative, truncated, recursion_available;
	bool question_absent; /* an error answer without the question */
	uint16_t rcode;       /* with the upper bits of EDNS */
	uint16_t answer_count, authority_count, additional_count;
	bool edns;
	const uint8_t *nsid; /* in the message; NULL if none was given */
	uint16_t nsid_length;
	struct cursor message; /* all of it: compressed names point into it */
	struct cursor answers; /* from the first answer record on */
};

struct dns_record {
	struct dns_name name;
	uint16_t type, class;
	uint32_t ttl_s;
	struct cursor rdata;
};

/* From the text form, with or without a final dot; "." is the root; \. and \DDD are understood
 * (RFC 1035 section 5.1). ERROR_MALFORMED: empty label or broken escape; ERROR_RANGE: a label
 * above 63 bytes or a name above 255. */
int dns_name_parse(const char *text, struct dns_name *ret_name);
/* "www.example.com.", always with the final dot. */
const char *dns_name_format(const struct dns_name *name, char text[DNS_NAME_TEXT_MAX]);
/* ASCII letters of both cases are the same: RFC 4343. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
/*
 * Take a name, compressed or not, that starts at *c, which lies inside message; *c moves behind
 * it. A pointer must lead to a place before the one where the labels that it continues began,
 * so that no chain of them has a loop. ERROR_TRUNCATED or ERROR_MALFORMED; then *c has failed.
 */
int dns_name_read(const struct cursor *message, struct cursor *c, struct dns_name *ret_name);

/* Write a whole query. w fails if there is no room: 300 bytes are always enough. */
void dns_query_write(struct writer *w, const struct dns_query *query);

/*
 * Read the answer to query. Checks the framing of every record of all sections, so that
 * dns_answer_next cannot fail; of a truncated message, whatever records are whole. 0, or
 * ERROR_TRUNCATED or ERROR_MALFORMED (not DNS), or ERROR_NOT_FOUND: well-formed, but not an
 * answer to this query (another id, a question, another name): go on waiting. error (may be
 * NULL) says where.
 */
int dns_response_read(const uint8_t *bytes, size_t length, const struct dns_query *query,
	struct dns_response *ret_response, struct error *error);

/* Walks over the answer section. */
struct dns_answers {
	struct cursor message, rest;
	uint16_t left;
};
struct dns_answers dns_answers_of(const struct dns_response *response);
/* Take the next record; false at the end. */
bool dns_answer_next(struct dns_answers *answers, struct dns_record *ret_record);

/*
 * RDATA in presentation form (RFC 1035 section 5.1, names with their final dot, strings in
 * quotes); of an unknown type or wrong shape, in the form of RFC 3597 section 5: "\# 4
 * 0A000001". Always NUL-terminated, cut if size (at least 1) does not suffice.
 */
const char *dns_rdata_format(const struct dns_response *response,
	const struct dns_record *record, char *text, size_t size);
/* Bytes as text: printable ASCII as it is, anything else and the backslash escaped. For NSID.
 */
const char *dns_bytes_format(const uint8_t *bytes, size_t length, char *text, size_t size);

const char *dns_rcode_name(uint16_t rcode, char text[DNS_CODE_TEXT_MAX]); /* "NXDOMAIN" */
const char *dns_type_name(uint16_t type, char text[DNS_CODE_TEXT_MAX]);   /* "AAAA", "TYPE99" */

#endif
