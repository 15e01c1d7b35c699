/* SPDX-License-Identifier: Apache-2.0 */
/* An IP packet's bytes to the fields that rules look at: the plain reference of what the XDP
 * programs do. */
#ifndef NEARCAST_BALANCE_PACKET_H
#define NEARCAST_BALANCE_PACKET_H

#include "base/bytes.h"
#include "bpf/shared/absorb.h"

#define PACKET_HEADERS_MAX 6 /* extension headers of IPv6 that are looked behind */

enum packet_state {
	PACKET_GOOD,
	PACKET_TRUNCATED, /* a header runs past the end, or its length contradicts another */
	PACKET_NOT_IP,    /* neither version 4 nor 6 */
};

/*
 * Decode the IP packet in the cursor, which ends with the frame (padding may follow the
 * packet). What is not there has no bit in `has`. In IPv6 a chain of more than
 * PACKET_HEADERS_MAX extension headers ends with the next one as its protocol.
 */
enum packet_state packet_decode(struct cursor bytes, struct absorb_packet *ret_packet);

#endif
