/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP and ICMPv6 echo: write a request, know its reply (RFC 792, RFC 4443 section 4). */
#ifndef NEARCAST_WIRE_ICMP_H
#define NEARCAST_WIRE_ICMP_H

#include "base/address.h"
#include "base/bytes.h"

#define ICMP_ECHO_HEADER_SIZE 8
/* Most payload that an IPv4 packet carries behind an IP header without options. */
#define ICMP_ECHO_PAYLOAD_MAX (65535 - 20 - ICMP_ECHO_HEADER_SIZE)

/* A request. Owns nothing. */
struct icmp_echo {
	uint8_t family;        /* enum family: FAMILY_IPV4 or FAMILY_IPV6 */
	uint16_t id, sequence; /* on a ping socket the kernel puts its own id (the port) */
	const uint8_t *payload;
	uint16_t payload_length; /* bytes, at most ICMP_ECHO_PAYLOAD_MAX */
};

/* Write header and payload. The checksum is right for IPv4 and zero for IPv6, where the kernel
 * computes it from the addresses (RFC 3542 section 3.1). w fails if there is no room. */
void icmp_echo_write(struct writer *w, const struct icmp_echo *request);

/* True if message, an ICMP message without its IP header, is the echo reply to request: type,
 * code, id, sequence and payload all agree, and for IPv4 the checksum too. */
bool icmp_reply_matches(struct cursor message, const struct icmp_echo *request);

/* Skip the IPv4 header that a raw socket puts in front; false (and an empty cursor) if it is
 * not one that carries ICMP. A ping socket and every ICMPv6 socket give none. */
bool icmp_ipv4_header_skip(struct cursor *packet);

/* The checksum of RFC 1071 over length bytes; host order. Over a good message it is zero. */
uint16_t icmp_checksum(const uint8_t *bytes, size_t length);

#endif
