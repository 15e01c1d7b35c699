/* SPDX-License-Identifier: Apache-2.0 */
/* UPDATEs as a test writes them: three fields in hex, and the kind of session they come over.
 */
#ifndef NEARCAST_TESTS_WIRE_UPDATE_H
#define NEARCAST_TESTS_WIRE_UPDATE_H

#include "hex.h"
#include "wire/bgp_update.h"

/* Attributes that a good UPDATE has: AS 65001 announces via 192.0.2.1. */
#define ORIGIN "400101 00"
#define PATH   "400206 0201 0000fde9"
#define PATH_2 "400204 0201 fde9" /* with two-octet numbers */
#define HOP    "400304 c0000201"
#define BASE   ORIGIN PATH HOP
#define BASE_2 ORIGIN PATH_2 HOP
#define NET    "18 c63364" /* 198.51.100.0/24 */

/* 2001:db8:1::/48 via 2001:db8::1. */
#define HOP_6   "20010db8 00000000 00000000 00000001"
#define NET_6   "30 20010db80001"
#define REACH   "800e1c 0002 01 10" HOP_6 "00" NET_6
#define UNREACH "800f0a 0002 01" NET_6

enum session {
	EXTERNAL, /* four-octet numbers, both families */
	INTERNAL,
	OLD, /* external, two-octet numbers */
	OLD_INTERNAL,
	ONLY_IPV4, /* external, one family */
	ONLY_IPV6,
	NEXT_HOP_6, /* external, IPv4 over IPv6 next hops agreed */
	ADD_PATH,   /* external, with path identifiers both ways */
	SESSIONS,
};

static inline struct bgp_context context_of(enum session session)
{
	struct bgp_context context = { .message_max = BGP_MESSAGE_MAX };

	context.ibgp = session == INTERNAL || session == OLD_INTERNAL;
	context.four_octet_as = session != OLD && session != OLD_INTERNAL;
	context.family[BGP_IPV4_UNICAST] = session != ONLY_IPV6;
	context.family[BGP_IPV6_UNICAST] = session != ONLY_IPV4;
	context.extended_next_hop[BGP_IPV4_UNICAST] = session == NEXT_HOP_6;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		context.add_path_receive[f] = context.add_path_send[f] = session == ADD_PATH;
	return context;
}

/* The body of an UPDATE with right lengths. Gives its size. */
static inline size_t update_make(const char *withdrawn, const char *attributes,
	const char *nlri, uint8_t *body, size_t room)
{
	size_t at = 2, length;

	length = hex_read(withdrawn, body + at, room - at);
	bytes_put_u16(body, (uint16_t)length);
	at += length + 2;
	length = hex_read(attributes, body + at, room - at);
	bytes_put_u16(body + at - 2, (uint16_t)length);
	at += length;
	return at + hex_read(nlri, body + at, room - at);
}

/* The prefixes of one field as text, blank between. */
static inline const char *nlri_text(const struct bgp_nlri *nlri, char *text, size_t size)
{
	struct bgp_nlri walk = *nlri;
	struct prefix prefix;
	uint32_t path_id;
	size_t at = 0;

	text[0] = '\0';
	while (bgp_nlri_next(&walk, &prefix, &path_id)) {
		char one[PREFIX_TEXT_MAX];

		at += (size_t)snprintf(text + at, size - at, "%s%s", at == 0 ? "" : " ",
			prefix_format(&prefix, one));
		if (nlri->add_path)
			at += (size_t)snprintf(text + at, size - at, "#%u", path_id);
	}
	return text;
}

#endif
