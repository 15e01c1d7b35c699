/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BGP-4 messages on the wire: framing and the fixed message types. The attribute codec is in
 * wire/bgp_attribute.h, UPDATE in wire/bgp_update.h, capabilities in wire/bgp_open.h.
 *
 * Everything here is a pure function of its bytes. Decoded values point into the message or
 * into the arena that the caller gave; nothing is owned here.
 */
#ifndef NEARCAST_WIRE_BGP_H
#define NEARCAST_WIRE_BGP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"

#define BGP_PORT                 179
#define BGP_HEADER_SIZE          19    /* RFC 4271 section 4.1 */
#define BGP_MESSAGE_MAX          4096  /* RFC 4271 section 4.1 */
#define BGP_EXTENDED_MESSAGE_MAX 65535 /* RFC 8654 */
#define BGP_AS_TRANS             23456 /* RFC 6793 section 9 */

enum bgp_message_type {
	BGP_OPEN = 1,
	BGP_UPDATE = 2,
	BGP_NOTIFICATION = 3,
	BGP_KEEPALIVE = 4,
	BGP_ROUTE_REFRESH = 5, /* RFC 2918 */
};

/* IANA address family numbers, and the subsequent ones. */
enum bgp_afi {
	BGP_AFI_IPV4 = 1,
	BGP_AFI_IPV6 = 2,
};

enum bgp_safi {
	BGP_SAFI_UNICAST = 1,
	BGP_SAFI_MULTICAST = 2,
	BGP_SAFI_FLOWSPEC = 133,
};

/* The families that this software speaks, as a small index for tables of per-family state. */
enum bgp_family {
	BGP_IPV4_UNICAST = 0,
	BGP_IPV6_UNICAST = 1,
	BGP_UNICAST_COUNT =
		2, /* those below have prefixes; the others rules: wire/flowspec.h */
	BGP_IPV4_FLOWSPEC = 2,
	BGP_IPV6_FLOWSPEC = 3,
	BGP_FAMILY_COUNT = 4,
};

/* -1 if this software does not speak it. */
int bgp_family_of(uint16_t afi, uint8_t safi);
uint16_t bgp_family_afi(enum bgp_family family);
uint8_t bgp_family_safi(enum bgp_family family);
const char *bgp_family_name(enum bgp_family family); /* "ipv4", "ipv6-flowspec" */
static inline bool bgp_family_is_flowspec(unsigned family)
{
	return family >= BGP_UNICAST_COUNT;
}
/* The family of the addresses. */
enum family bgp_family_addresses(enum bgp_family family);

/* NOTIFICATION codes: RFC 4271 section 4.5, RFC 7313, RFC 4486, RFC 8538, RFC 9384, RFC 9687.
 */
enum bgp_error_code {
	BGP_ERROR_NONE = 0,
	BGP_ERROR_HEADER = 1,
	BGP_ERROR_OPEN = 2,
	BGP_ERROR_UPDATE = 3,
	BGP_ERROR_HOLD_TIMER = 4,
	BGP_ERROR_FSM = 5,
	BGP_ERROR_CEASE = 6,
	BGP_ERROR_ROUTE_REFRESH = 7,
	BGP_ERROR_SEND_HOLD_TIMER = 8,
};

enum bgp_header_error {
	BGP_HEADER_NOT_SYNCHRONIZED = 1,
	BGP_HEADER_BAD_LENGTH = 2,
	BGP_HEADER_BAD_TYPE = 3,
};

enum bgp_open_error {
	BGP_OPEN_UNSPECIFIC = 0,
	BGP_OPEN_BAD_VERSION = 1,
	BGP_OPEN_BAD_PEER_AS = 2,
	BGP_OPEN_BAD_IDENTIFIER = 3,
	BGP_OPEN_UNSUPPORTED_PARAMETER = 4,
	BGP_OPEN_UNACCEPTABLE_HOLD_TIME = 6,
	BGP_OPEN_UNSUPPORTED_CAPABILITY = 7,
	BGP_OPEN_ROLE_MISMATCH = 11, /* RFC 9234 */
};

enum bgp_update_error {
	BGP_UPDATE_MALFORMED_ATTRIBUTES = 1,
	BGP_UPDATE_UNRECOGNIZED_WELL_KNOWN = 2,
	BGP_UPDATE_MISSING_WELL_KNOWN = 3,
	BGP_UPDATE_ATTRIBUTE_FLAGS = 4,
	BGP_UPDATE_ATTRIBUTE_LENGTH = 5,
	BGP_UPDATE_INVALID_ORIGIN = 6,
	BGP_UPDATE_INVALID_NEXT_HOP = 8,
	BGP_UPDATE_OPTIONAL_ATTRIBUTE = 9,
	BGP_UPDATE_INVALID_NETWORK = 10,
	BGP_UPDATE_MALFORMED_AS_PATH = 11,
};

enum bgp_fsm_error { /* RFC 6608 */
	BGP_FSM_UNSPECIFIED = 0,
	BGP_FSM_IN_OPEN_SENT = 1,
	BGP_FSM_IN_OPEN_CONFIRM = 2,
	BGP_FSM_IN_ESTABLISHED = 3,
};

enum bgp_cease_error { /* RFC 4486, RFC 8538, RFC 9384 */
	BGP_CEASE_MAX_PREFIXES = 1,
	BGP_CEASE_ADMIN_SHUTDOWN = 2,
	BGP_CEASE_PEER_DECONFIGURED = 3,
	BGP_CEASE_ADMIN_RESET = 4,
	BGP_CEASE_CONNECTION_REJECTED = 5,
	BGP_CEASE_CONFIG_CHANGE = 6,
	BGP_CEASE_COLLISION = 7,
	BGP_CEASE_OUT_OF_RESOURCES = 8,
	BGP_CEASE_HARD_RESET = 9,
	BGP_CEASE_BFD_DOWN = 10,
};

enum bgp_refresh_error { /* RFC 7313 section 5 */
	BGP_REFRESH_INVALID_LENGTH = 1,
};

/* What a decoder found wrong enough to end the session: goes into a NOTIFICATION as it stands.
 */
struct bgp_fault {
	uint8_t code; /* enum bgp_error_code; 0: no fault */
	uint8_t subcode;
	uint16_t data_length;
	uint8_t data[64];
	/* Of what is longer: the data_length bytes themselves, in the message that was read,
	 * and good for as long as that is. NULL: they are in data. */
	const uint8_t *borrowed;
};

/* Framing: RFC 4271 sections 4.1 and 6.1. */
enum bgp_frame_status {
	BGP_FRAME_MORE,  /* fewer bytes than a whole message: read on */
	BGP_FRAME_WHOLE, /* *ret_frame is a message */
	BGP_FRAME_FAULT, /* not BGP: send *ret_fault and close */
};

struct bgp_frame {
	uint8_t type;          /* enum bgp_message_type */
	uint16_t length;       /* of the whole message, header included */
	struct cursor body;    /* without the header */
	const uint8_t *header; /* the 19 bytes and what follows, for logs and MRT */
};

/*
 * Look at the start of a byte stream. message_max is BGP_MESSAGE_MAX or, once both sides
 * announced it, BGP_EXTENDED_MESSAGE_MAX for all but OPEN and KEEPALIVE (RFC 8654 section 4).
 * Checks marker, length range per type, and type. Needs no more than the header to find a
 * fault.
 */
enum bgp_frame_status bgp_frame_read(const uint8_t *bytes, size_t length, size_t message_max,
	struct bgp_frame *ret_frame, struct bgp_fault *ret_fault);

/* Begin a message at w: marker, zero length, type. Returns the start, or NULL if no room. */
uint8_t *bgp_message_begin(struct writer *w, enum bgp_message_type type);
/* Fill in the length of the message that starts at start and ends at w->at. */
void bgp_message_end(struct writer *w, uint8_t *start);

void bgp_keepalive_write(struct writer *w);

#define BGP_SHUTDOWN_TEXT_MAX 255 /* bytes of UTF-8: RFC 9003 */

struct bgp_notification {
	uint8_t code, subcode;
	bool hard_reset; /* RFC 8538: the code and subcode are the encapsulated ones */
	const uint8_t
		*data; /* in the message; after the shutdown text was taken, still all of it */
	uint16_t data_length;
	/* Shutdown communication (RFC 9003) of a Cease/2 or /4: valid UTF-8 with control
	 * characters replaced, always NUL-terminated; empty if none or invalid. */
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];
	bool text_invalid; /* there was one, but not valid */
};

/* ERROR_TRUNCATED only if there are fewer than two bytes. */
int bgp_notification_read(struct cursor body, struct bgp_notification *ret_notification);
/* Data that is too long for a message of 4096 bytes is cut. */
void bgp_notification_write(struct writer *w, const struct bgp_fault *fault);
/* The same inside a Hard Reset (RFC 8538 section 3.1): its data is the NOTIFICATION that it
 * stands for. */
void bgp_hard_reset_write(struct writer *w, const struct bgp_fault *fault);
/* A Cease with a shutdown communication; text (NULL: none) longer than 255 bytes is cut at a
 * character, as is all from the first byte on that is not UTF-8. With hard_reset, wrapped as
 * RFC 8538 section 3.1 says. subcode: enum bgp_cease_error. */
void bgp_cease_write(struct writer *w, uint8_t subcode, const char *text, bool hard_reset);
/* "Cease/Administrative Shutdown", for people. Always NUL-terminated. */
const char *bgp_notification_name(uint8_t code, uint8_t subcode, char *buffer, size_t size);

enum bgp_refresh_subtype { /* RFC 7313 section 3 */
	BGP_REFRESH_REQUEST = 0,
	BGP_REFRESH_BEGIN = 1,
	BGP_REFRESH_END = 2,
};

struct bgp_refresh {
	uint16_t afi;
	uint8_t safi;
	uint8_t subtype;
};

/* A fault for a wrong length with subtype 1 or 2 (RFC 7313 section 5); ERROR_MALFORMED then. */
int bgp_refresh_read(
	struct cursor body, struct bgp_refresh *ret_refresh, struct bgp_fault *ret_fault);
void bgp_refresh_write(struct writer *w, const struct bgp_refresh *refresh);

#endif
