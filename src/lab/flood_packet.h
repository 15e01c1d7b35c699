/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of a flood in the lab: IPv4 with UDP, DNS over UDP, or a TCP SYN. Pure. */
#ifndef NEARCAST_LAB_FLOOD_PACKET_H
#define NEARCAST_LAB_FLOOD_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/random.h"

#define FLOOD_PAYLOAD_MAX 1400 /* bytes of UDP */
#define FLOOD_PACKET_MAX  (28 + FLOOD_PAYLOAD_MAX)

enum flood_kind {
	FLOOD_UDP, /* payload bytes of zeroes */
	FLOOD_SYN, /* connections that begin and never go on */
	FLOOD_DNS, /* id.server. CH TXT */
};

struct flood_form {
	enum flood_kind kind;
	struct address target; /* IPv4 */
	uint16_t port;
	struct prefix sources; /* IPv4: each packet's source is any address in it */
	uint16_t payload;      /* of FLOOD_UDP, bytes, at most FLOOD_PAYLOAD_MAX */
};

/* Write the next packet, with its IP header, into bytes; gives its length. Source address and
 * port, DNS id and sequence number are random; all checksums are right (UDP's is left out, as
 * RFC 768 allows). */
size_t flood_packet_write(
	const struct flood_form *form, struct random *random, uint8_t bytes[FLOOD_PACKET_MAX]);

#endif
