/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RPKI to Router protocol: RFC 6810 (version 0), RFC 8210 (version 1) and
 * draft-ietf-sidrops-8210bis-27 (version 2, with the ASPA PDU). Router and cache, both ways.
 */
#ifndef NEARCAST_WIRE_RTR_H
#define NEARCAST_WIRE_RTR_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"

#define RTR_VERSION_MAX 2
#define RTR_HEADER_SIZE 8u
/* The longest PDU that is read or written: an ASPA of 16,381 providers. */
#define RTR_PDU_MAX 65536u

enum rtr_type { /* RFC 8210 section 5 */
	RTR_SERIAL_NOTIFY = 0,
	RTR_SERIAL_QUERY = 1,
	RTR_RESET_QUERY = 2,
	RTR_CACHE_RESPONSE = 3,
	RTR_IPV4_PREFIX = 4,
	RTR_IPV6_PREFIX = 6,
	RTR_END_OF_DATA = 7,
	RTR_CACHE_RESET = 8,
	RTR_ROUTER_KEY = 9, /* version 1 and above */
	RTR_ERROR_REPORT = 10,
	RTR_ASPA = 11, /* version 2 */
	RTR_TYPES,
};

enum rtr_error { /* RFC 8210 section 12; 9: 8210bis section 5.12 */
	RTR_ERROR_CORRUPT_DATA = 0,
	RTR_ERROR_INTERNAL = 1,
	RTR_ERROR_NO_DATA = 2,
	RTR_ERROR_INVALID_REQUEST = 3,
	RTR_ERROR_UNSUPPORTED_VERSION = 4,
	RTR_ERROR_UNSUPPORTED_TYPE = 5,
	RTR_ERROR_WITHDRAWAL_OF_UNKNOWN = 6,
	RTR_ERROR_DUPLICATE = 7,
	RTR_ERROR_UNEXPECTED_VERSION = 8,
	RTR_ERROR_ASPA_PROVIDERS = 9,
	RTR_ERRORS,
};

struct rtr_prefix { /* RFC 8210 sections 5.6 and 5.7 */
	bool announce;
	uint8_t max_length; /* prefix.length..32 or 128 */
	struct prefix prefix;
	uint32_t asn;
};

struct rtr_end_of_data { /* RFC 8210 section 5.8 */
	uint32_t serial;
	uint32_t refresh_s, retry_s, expire_s; /* as said, any value; 0 in version 0 */
};

struct rtr_router_key { /* RFC 8210 section 5.10 */
	bool announce;
	uint8_t ski[20];
	uint32_t asn;
	const uint8_t *key; /* SubjectPublicKeyInfo */
	uint32_t key_length;
};

/*
 * 8210bis section 5.12. Until revision 10 of that draft the PDU said for which address family
 * it is, and StayRTR 0.5 still sends it so. The two forms cannot be mistaken for each other
 * (see rtr.c), and both are read: family is FAMILY_NONE for today's form.
 */
struct rtr_aspa {
	bool announce;
	uint8_t family; /* enum family */
	uint32_t customer;
	const uint8_t *providers; /* count * 4 bytes, network order */
	uint32_t count;
};

struct rtr_error_report {   /* RFC 8210 section 5.11 */
	uint16_t code;      /* enum rtr_error, or one that we do not know */
	const uint8_t *pdu; /* a copy of the PDU in error, perhaps cut; may be empty */
	uint32_t pdu_length;
	const char *text; /* UTF-8 by the RFC, anything in truth; not NUL-terminated */
	uint32_t text_length;
};

/* One PDU. What it points to belongs to who gave the bytes. */
struct rtr_pdu {
	uint8_t version;
	uint8_t type;        /* enum rtr_type */
	uint16_t session_id; /* serial notify and query, cache response, end of data */
	union {
		uint32_t serial; /* serial notify and query */
		struct rtr_prefix prefix;
		struct rtr_end_of_data end;
		struct rtr_router_key key;
		struct rtr_aspa aspa;
		struct rtr_error_report error;
	};
};

/* What is wrong with a PDU: what an error report says. */
struct rtr_fault {
	uint16_t code;         /* enum rtr_error */
	const char *reason;    /* static */
	const char *reference; /* static: "RFC 8210 section 5.6" */
};

enum rtr_status {
	RTR_MORE,  /* the PDU is not complete yet, what is there is good */
	RTR_WHOLE, /* *ret_pdu is set; the PDU is *ret_length bytes long */
	RTR_FAULT, /* *ret_fault is set; the stream cannot be read on */
};

/* Read the first PDU of length bytes, any split of the stream. *ret_length is how long the PDU
 * is, as soon as 8 bytes are there, and else 0. A fault is found as soon as the bytes that
 * prove it are there. */
enum rtr_status rtr_read(const uint8_t *bytes, size_t length, struct rtr_pdu *ret_pdu,
	size_t *ret_length, struct rtr_fault *ret_fault);

/* Write one PDU; the writer fails if there is no room, or if it would pass RTR_PDU_MAX. */
void rtr_write(struct writer *w, const struct rtr_pdu *pdu);

/* Write an error report about the bytes in error (cut to RTR_ERROR_COPY_MAX). */
#define RTR_ERROR_COPY_MAX 64u
#define RTR_ERROR_TEXT_MAX 256u
void rtr_write_error(struct writer *w, uint8_t version, const struct rtr_fault *fault,
	const uint8_t *bytes, size_t length);

/* "IPv4 prefix"; "unknown". */
const char *rtr_type_name(uint8_t type);
/* "no data available"; "unknown error". */
const char *rtr_error_name(uint16_t code);

/* Provider number i of an ASPA, host order; i < aspa->count. */
static inline uint32_t rtr_aspa_provider(const struct rtr_aspa *aspa, uint32_t i)
{
	const uint8_t *at = aspa->providers + (size_t)i * 4;

	return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) |
	       at[3];
}

#endif
