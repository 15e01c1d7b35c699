/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing of the BGP byte stream, and what does not fit elsewhere: families, KEEPALIVE.
 *
 * Invariants:
 *  1. A frame is given out only if marker, length and type are good.
 *  2. A fault is found as soon as the bytes that prove it are there.
 *
 * RFC 4271 sections 4.1 and 6.1; RFC 8654 section 4.
 */
#include "wire/bgp.h"

static const struct family_row {
	uint16_t afi;
	uint8_t safi;
	const char *name;
} families[BGP_FAMILY_COUNT] = {
	[BGP_IPV4_UNICAST] = { BGP_AFI_IPV4, BGP_SAFI_UNICAST, "ipv4" },
	[BGP_IPV6_UNICAST] = { BGP_AFI_IPV6, BGP_SAFI_UNICAST, "ipv6" },
	[BGP_IPV4_FLOWSPEC] = { BGP_AFI_IPV4, BGP_SAFI_FLOWSPEC, "ipv4-flowspec" },
	[BGP_IPV6_FLOWSPEC] = { BGP_AFI_IPV6, BGP_SAFI_FLOWSPEC, "ipv6-flowspec" },
};

/* Least length of each type: RFC 4271 section 6.1, RFC 2918 section 3. Only OPEN and KEEPALIVE
 * stay at 4096 when extended messages were agreed (RFC 8654 section 4). */
static const struct type_row {
	uint16_t least;
	uint16_t most; /* 0: whatever was agreed */
} types[] = {
	[BGP_OPEN] = { 29, BGP_MESSAGE_MAX },
	[BGP_UPDATE] = { 23, 0 },
	[BGP_NOTIFICATION] = { 21, 0 },
	[BGP_KEEPALIVE] = { 19, 19 },
	[BGP_ROUTE_REFRESH] = { 23, 0 },
};

int bgp_family_of(uint16_t afi, uint8_t safi)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (families[f].afi == afi && families[f].safi == safi)
			return f;
	return -1;
}

uint16_t bgp_family_afi(enum bgp_family family)
{
	return families[family].afi;
}

uint8_t bgp_family_safi(enum bgp_family family)
{
	return families[family].safi;
}

const char *bgp_family_name(enum bgp_family family)
{
	return (unsigned)family < BGP_FAMILY_COUNT ? families[family].name : "unknown";
}

enum family bgp_family_addresses(enum bgp_family family)
{
	return families[family].afi == BGP_AFI_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
}

static enum bgp_frame_status header_fault(struct bgp_fault *ret_fault,
	enum bgp_header_error subcode, const void *data, uint16_t length)
{
	*ret_fault = (struct bgp_fault){
		.code = BGP_ERROR_HEADER, .subcode = (uint8_t)subcode, .data_length = length
	};
	if (length > 0)
		memcpy(ret_fault->data, data, length);
	return BGP_FRAME_FAULT;
}

enum bgp_frame_status bgp_frame_read(const uint8_t *bytes, size_t length, size_t message_max,
	struct bgp_frame *ret_frame, struct bgp_fault *ret_fault)
{
	size_t most, marker = length < 16 ? length : 16;
	uint16_t size;
	uint8_t type;

	for (size_t i = 0; i < marker; i++)
		if (bytes[i] != 0xff)
			return header_fault(ret_fault, BGP_HEADER_NOT_SYNCHRONIZED, NULL, 0);
	if (length < BGP_HEADER_SIZE)
		return BGP_FRAME_MORE;
	size = (uint16_t)((bytes[16] << 8) | bytes[17]);
	type = bytes[18];
	/* RFC 4271 section 6.1: the length field is checked first against the bounds of every
	 * message, then the type, then the bounds of that type; the data is the wrong field. */
	if (size < BGP_HEADER_SIZE || size > message_max)
		return header_fault(ret_fault, BGP_HEADER_BAD_LENGTH, bytes + 16, 2);
	if (type < BGP_OPEN || type > BGP_ROUTE_REFRESH)
		return header_fault(ret_fault, BGP_HEADER_BAD_TYPE, bytes + 18, 1);
	most = types[type].most != 0 ? types[type].most : message_max;
	/* A ROUTE-REFRESH of a wrong length has an error of its own: RFC 7313 section 5. */
	if ((size < types[type].least && type != BGP_ROUTE_REFRESH) || size > most)
		return header_fault(ret_fault, BGP_HEADER_BAD_LENGTH, bytes + 16, 2);
	if (length < size)
		return BGP_FRAME_MORE;
	*ret_frame = (struct bgp_frame){ .type = type,
		.length = size,
		.header = bytes,
		.body = cursor_of(bytes + BGP_HEADER_SIZE, size - (size_t)BGP_HEADER_SIZE) };
	return BGP_FRAME_WHOLE;
}

uint8_t *bgp_message_begin(struct writer *w, enum bgp_message_type type)
{
	uint8_t *start = writer_reserve(w, BGP_HEADER_SIZE);

	if (start == NULL)
		return NULL;
	memset(start, 0xff, 16);
	bytes_put_u16(start + 16, 0);
	start[18] = (uint8_t)type;
	return start;
}

void bgp_message_end(struct writer *w, uint8_t *start)
{
	if (!w->failed && start != NULL)
		bytes_put_u16(start + 16, (uint16_t)(w->at - start));
}

void bgp_keepalive_write(struct writer *w)
{
	bgp_message_end(w, bgp_message_begin(w, BGP_KEEPALIVE));
}
