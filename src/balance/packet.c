/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP packets to fields.
 *
 * Invariants:
 *  1. Nothing behind the IP packet's own length is looked at, even if the frame is longer.
 *  2. A later fragment has neither ports nor flags nor types, whatever its bytes are.
 *
 * RFC 791 section 3.1, RFC 8200 sections 3 and 4, RFC 9293 section 3.1, RFC 8955 section 4.2.2.
 */
#include "balance/packet.h"

enum protocol {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AUTHENTICATION = 51,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_OPTIONS = 60,
};

/* `more` and offset of the fragment's field as it is on the wire, flags in the low or high bits
 * masked out by the caller. */
static uint8_t fragment_bits(bool offset, bool more)
{
	if (offset)
		return more ? ABSORB_IS_FRAGMENT : ABSORB_IS_FRAGMENT | ABSORB_LAST_FRAGMENT;
	return more ? ABSORB_FIRST_FRAGMENT : 0;
}

static enum packet_state transport(struct cursor c, struct absorb_packet *packet)
{
	uint8_t icmp = packet->family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;

	if (packet->fragment & ABSORB_IS_FRAGMENT)
		return PACKET_GOOD;
	if (packet->protocol == PROTOCOL_TCP || packet->protocol == PROTOCOL_UDP) {
		packet->source_port = cursor_u16(&c);
		packet->destination_port = cursor_u16(&c);
		if (packet->protocol == PROTOCOL_UDP) {
			cursor_skip(&c, 4);
		} else {
			cursor_skip(&c, 8);
			packet->tcp_flags = cursor_u16(&c) & 0x0fff;
			cursor_skip(&c, 6);
			packet->has |= ABSORB_HAS_TCP;
		}
		packet->has |= ABSORB_HAS_PORTS;
	} else if (packet->protocol == icmp) {
		packet->icmp_type = cursor_u8(&c);
		packet->icmp_code = cursor_u8(&c);
		cursor_skip(&c, 2);
		packet->has |= ABSORB_HAS_ICMP;
	}
	return c.failed ? PACKET_TRUNCATED : PACKET_GOOD;
}

static enum packet_state ipv4(struct cursor c, struct absorb_packet *packet)
{
	size_t frame = cursor_left(&c);
	uint8_t first = cursor_u8(&c), header = (first & 15) * 4;
	uint16_t field;

	packet->family = 4;
	packet->dscp = cursor_u8(&c) >> 2;
	packet->length = cursor_u16(&c);
	cursor_skip(&c, 2);
	field = cursor_u16(&c);
	cursor_skip(&c, 1);
	packet->protocol = cursor_u8(&c);
	cursor_skip(&c, 2);
	cursor_copy(&c, packet->source, 4);
	cursor_copy(&c, packet->destination, 4);
	if (c.failed || header < 20 || packet->length < header || packet->length > frame)
		return PACKET_TRUNCATED;
	c = cursor_sub(&c, packet->length - 20u);
	cursor_skip(&c, header - 20u);
	packet->fragment = fragment_bits((field & 0x1fff) != 0, (field & 0x2000) != 0);
	if (field & 0x4000)
		packet->fragment |= ABSORB_DONT_FRAGMENT;
	return transport(c, packet);
}

/* One extension header; false if protocol is none. */
static bool extension(struct cursor *c, struct absorb_packet *packet)
{
	uint8_t kind = packet->protocol, length;
	uint16_t field;

	if (packet->fragment & ABSORB_IS_FRAGMENT)
		return false;
	switch (kind) {
	case PROTOCOL_FRAGMENT:
		packet->protocol = cursor_u8(c);
		cursor_skip(c, 1);
		field = cursor_u16(c);
		cursor_skip(c, 4);
		packet->fragment = fragment_bits((field & 0xfff8) != 0, field & 1);
		return true;
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_OPTIONS:
	case PROTOCOL_AUTHENTICATION:
		packet->protocol = cursor_u8(c);
		length = cursor_u8(c);
		cursor_skip(c, kind == PROTOCOL_AUTHENTICATION ? (length + 2u) * 4u - 2u
							       : (length + 1u) * 8u - 2u);
		return true;
	default:
		return false;
	}
}

static enum packet_state ipv6(struct cursor c, struct absorb_packet *packet)
{
	uint32_t first = cursor_u32(&c), payload = cursor_u16(&c);

	packet->family = 6;
	packet->dscp = (uint8_t)(first >> 22) & 63;
	packet->flow_label = first & 0xfffff;
	packet->length = payload + 40 > 65535 ? 65535 : (uint16_t)(payload + 40);
	packet->protocol = cursor_u8(&c);
	cursor_skip(&c, 1);
	cursor_copy(&c, packet->source, 16);
	cursor_copy(&c, packet->destination, 16);
	packet->has = ABSORB_HAS_LABEL;
	if (c.failed || payload > cursor_left(&c))
		return PACKET_TRUNCATED;
	c = cursor_sub(&c, payload);
	for (unsigned i = 0; i < PACKET_HEADERS_MAX && extension(&c, packet); i++)
		if (c.failed)
			return PACKET_TRUNCATED;
	return transport(c, packet);
}

enum packet_state packet_decode(struct cursor bytes, struct absorb_packet *ret_packet)
{
	struct cursor peek = bytes;
	uint8_t version = cursor_u8(&peek) >> 4;

	memset(ret_packet, 0, sizeof(*ret_packet));
	if (peek.failed)
		return PACKET_TRUNCATED;
	switch (version) {
	case 4:
		return ipv4(bytes, ret_packet);
	case 6:
		return ipv6(bytes, ret_packet);
	default:
		return PACKET_NOT_IP;
	}
}
