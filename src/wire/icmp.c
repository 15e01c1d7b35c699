/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP echo, both families.
 *
 * Invariant: a message is called a reply only if every byte of it is what an honest echo of the
 * request must be; whatever else arrives on a raw socket is somebody else's.
 *
 * RFC 792, RFC 1071 (checksum), RFC 4443 sections 4.1 and 4.2.
 */
#include "wire/icmp.h"

enum icmp_type {
	ICMP_ECHO_REPLY_IPV4 = 0,
	ICMP_ECHO_REQUEST_IPV4 = 8,
	ICMP_ECHO_REQUEST_IPV6 = 128,
	ICMP_ECHO_REPLY_IPV6 = 129,
};

#define IPV4_HEADER_MIN    20u
#define IPV4_PROTOCOL_AT   9u
#define IPV4_PROTOCOL_ICMP 1u

uint16_t icmp_checksum(const uint8_t *bytes, size_t length)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint64_t)((bytes[i] << 8) | bytes[i + 1]);
	if (length % 2 != 0)
		sum += (uint64_t)bytes[length - 1] << 8;
	while (sum > UINT16_MAX)
		sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)~sum;
}

void icmp_echo_write(struct writer *w, const struct icmp_echo *request)
{
	bool ipv4 = request->family == FAMILY_IPV4;
	size_t size = (size_t)ICMP_ECHO_HEADER_SIZE + request->payload_length;
	uint8_t *start = w->at;

	/* All or nothing: half a message is of no use to anyone. */
	if (writer_room(w) < size) {
		w->failed = true;
		return;
	}
	writer_u8(w, ipv4 ? ICMP_ECHO_REQUEST_IPV4 : ICMP_ECHO_REQUEST_IPV6);
	writer_u8(w, 0);
	writer_u16(w, 0);
	writer_u16(w, request->id);
	writer_u16(w, request->sequence);
	writer_bytes(w, request->payload, request->payload_length);
	if (ipv4)
		bytes_put_u16(start + 2, icmp_checksum(start, size));
}

bool icmp_reply_matches(struct cursor message, const struct icmp_echo *request)
{
	bool ipv4 = request->family == FAMILY_IPV4;
	size_t length = cursor_left(&message);
	const uint8_t *start = message.at;
	const uint8_t *payload;
	bool same;

	if (length != (size_t)ICMP_ECHO_HEADER_SIZE + request->payload_length)
		return false;
	if (ipv4 && icmp_checksum(start, length) != 0)
		return false;
	same = cursor_u8(&message) == (ipv4 ? ICMP_ECHO_REPLY_IPV4 : ICMP_ECHO_REPLY_IPV6);
	same &= cursor_u8(&message) == 0;
	cursor_skip(&message, 2);
	same &= cursor_u16(&message) == request->id;
	same &= cursor_u16(&message) == request->sequence;
	payload = cursor_take(&message, request->payload_length);
	return same && payload != NULL &&
	       (request->payload_length == 0 ||
		       memcmp(payload, request->payload, request->payload_length) == 0);
}

bool icmp_ipv4_header_skip(struct cursor *packet)
{
	size_t length;

	if (cursor_left(packet) >= IPV4_HEADER_MIN) {
		length = (packet->at[0] & 0x0fu) * 4u;
		if (packet->at[0] >> 4 == 4 && length >= IPV4_HEADER_MIN &&
			packet->at[IPV4_PROTOCOL_AT] == IPV4_PROTOCOL_ICMP)
			return cursor_take(packet, length) != NULL;
	}
	packet->failed = true;
	packet->at = packet->end;
	return false;
}
