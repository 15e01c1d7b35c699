/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing an UPDATE, as full as it goes.
 *
 * Invariants:
 *  1. What is written decodes to itself; nothing is written when it would not.
 *  2. A message never exceeds context->message_max nor the writer.
 *  3. MP_REACH_NLRI or MP_UNREACH_NLRI stands first (RFC 7606 section 5.1), the other
 * attributes follow by rising code (RFC 4271 appendix F.3).
 */
#include "wire/bgp_attribute_table.h"
#include "wire/bgp_nlri.h"

#define PRESENT(attributes, code) bgp_attribute_present(attributes, code)

/* How the prefixes travel. */
enum carriage {
	CARRIAGE_CLASSIC, /* the NLRI field with NEXT_HOP */
	CARRIAGE_MP,      /* MP_REACH_NLRI */
	CARRIAGE_NONE,    /* there is no next hop that fits */
};

static enum carriage carriage_of(const struct bgp_context *context, enum bgp_family family,
	const struct bgp_attributes *attributes)
{
	enum family next_hop = attributes->next_hop.family;

	if (family == BGP_IPV4_UNICAST && next_hop == FAMILY_IPV4)
		return CARRIAGE_CLASSIC;
	if (family == BGP_IPV6_UNICAST)
		return next_hop == FAMILY_IPV6 ? CARRIAGE_MP : CARRIAGE_NONE;
	return next_hop == FAMILY_IPV6 && context->extended_next_hop[family] ? CARRIAGE_MP
									     : CARRIAGE_NONE;
}

/* Whether the row is to be written, for this neighbour and carriage. */
static bool row_wanted(const struct attribute_row *row, const struct bgp_context *context,
	const struct bgp_attributes *attributes, enum carriage carriage)
{
	struct as_path path = { attributes->as_path, attributes->as_path_size };

	switch (row->code) {
	case BGP_ATTRIBUTE_MP_REACH:
	case BGP_ATTRIBUTE_MP_UNREACH:
		return false;
	case BGP_ATTRIBUTE_ORIGIN:
	case BGP_ATTRIBUTE_AS_PATH:
		return true;
	case BGP_ATTRIBUTE_NEXT_HOP:
		return carriage == CARRIAGE_CLASSIC;
	case BGP_ATTRIBUTE_AS4_PATH:
		return !context->four_octet_as && as_path_needs_as4(&path);
	case BGP_ATTRIBUTE_AS4_AGGREGATOR:
		return !context->four_octet_as &&
		       PRESENT(attributes, BGP_ATTRIBUTE_AGGREGATOR) &&
		       attributes->aggregator_asn > UINT16_MAX;
	default:
		return PRESENT(attributes, row->code) && (context->ibgp || !row->ibgp_only);
	}
}

/* Flags, code, length, value. The length's size is known only afterwards: the value moves by
 * one byte when it needs two. */
static void row_write(struct writer *w, const struct attribute_row *row,
	const struct bgp_context *context, const struct bgp_attributes *attributes)
{
	uint8_t *head = writer_reserve(w, 3);
	uint8_t *value = w->at;
	size_t length;

	row->write(w, context, attributes);
	length = (size_t)(w->at - value);
	if (head != NULL && length > UINT8_MAX)
		(void)writer_reserve(w, 1);
	if (w->failed || head == NULL)
		return;
	head[0] = row->flags;
	head[1] = row->code;
	head[2] = (uint8_t)length;
	if (length <= UINT8_MAX)
		return;
	memmove(value + 1, value, length);
	head[0] |= ATTRIBUTE_EXTENDED;
	bytes_put_u16(head + 2, (uint16_t)length);
}

static void attributes_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes, enum carriage carriage)
{
	const struct attribute_row *row;

	for (size_t i = 0; (row = attribute_row_at(i)) != NULL; i++)
		if (row_wanted(row, context, attributes, carriage))
			row_write(w, row, context, attributes);
}

/* Begin MP_REACH_NLRI; returns where its length goes. */
static uint8_t *mp_reach_begin(
	struct writer *w, enum bgp_family family, const struct bgp_attributes *attributes)
{
	const struct address *next_hop = &attributes->next_hop;
	bool both = attributes->next_hop_link_local.family != FAMILY_NONE;
	uint8_t *length;

	writer_u8(w, ATTRIBUTE_OPTIONAL | ATTRIBUTE_EXTENDED);
	writer_u8(w, BGP_ATTRIBUTE_MP_REACH);
	length = writer_reserve(w, 2);
	writer_u16(w, bgp_family_afi(family));
	writer_u8(w, bgp_family_safi(family));
	writer_u8(w, both ? 32 : 16);
	writer_bytes(w, next_hop->bytes, 16);
	if (both)
		writer_bytes(w, attributes->next_hop_link_local.bytes, 16);
	writer_u8(w, 0);
	return length;
}

/* A writer over the part of w that one message may fill. */
static struct writer message_room(const struct writer *w, const struct bgp_context *context)
{
	struct writer part = *w;

	if ((size_t)(part.end - part.at) > context->message_max)
		part.end = part.at + context->message_max;
	return part;
}

/* One message of either carriage. The attributes were written to `list` before, so that the
 * room left for prefixes is known; MP_REACH_NLRI goes in front of them. */
static size_t message_write(struct writer *m, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes,
	const struct writer *list, enum carriage carriage, const struct bgp_route_key *keys,
	size_t count)
{
	uint8_t *start = bgp_message_begin(m, BGP_UPDATE), *total, *mp = NULL, *end = m->end;
	bool add_path = context->add_path_send[family];
	size_t list_size = writer_length(list), written = 0;

	writer_u16(m, 0);
	total = writer_reserve(m, 2);
	if (carriage == CARRIAGE_MP) {
		mp = mp_reach_begin(m, family, attributes);
		if (m->failed || writer_room(m) < list_size)
			return 0;
		m->end -= list_size;
		written = nlri_write(m, add_path, keys, count);
		m->end = end;
		bytes_put_u16(mp, (uint16_t)(m->at - mp - 2));
	}
	writer_bytes(m, list->start, list_size);
	if (m->failed)
		return 0;
	bytes_put_u16(total, (uint16_t)(m->at - total - 2));
	if (carriage == CARRIAGE_CLASSIC)
		written = nlri_write(m, add_path, keys, count);
	bgp_message_end(m, start);
	return m->failed ? 0 : written;
}

int bgp_update_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes,
	const struct bgp_route_key *keys, size_t count, size_t *ret_written)
{
	enum carriage carriage = carriage_of(context, family, attributes);
	uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX];
	struct writer list = writer_of(bytes, sizeof(bytes));
	struct writer message = message_room(w, context);
	size_t written;

	*ret_written = 0;
	if (carriage == CARRIAGE_NONE)
		return ERROR_RANGE;
	attributes_write(&list, context, attributes, carriage);
	if (list.failed)
		return ERROR_FULL;
	written = message_write(
		&message, context, family, attributes, &list, carriage, keys, count);
	if (written == 0)
		return ERROR_FULL;
	w->at = message.at;
	*ret_written = written;
	return 0;
}

int bgp_withdraw_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_route_key *keys, size_t count,
	size_t *ret_written)
{
	struct writer m = message_room(w, context);
	uint8_t *start = bgp_message_begin(&m, BGP_UPDATE), *length, *total;
	bool add_path = context->add_path_send[family];

	*ret_written = 0;
	length = writer_reserve(&m, 2);
	if (family == BGP_IPV4_UNICAST) {
		/* Two bytes must be left for the total attribute length. */
		if (writer_room(&m) < 2)
			return ERROR_FULL;
		m.end -= 2;
		*ret_written = nlri_write(&m, add_path, keys, count);
		m.end += 2;
		bytes_put_u16(length, (uint16_t)(m.at - length - 2));
		writer_u16(&m, 0);
	} else {
		uint8_t *mp;

		total = writer_reserve(&m, 2);
		writer_u8(&m, ATTRIBUTE_OPTIONAL | ATTRIBUTE_EXTENDED);
		writer_u8(&m, BGP_ATTRIBUTE_MP_UNREACH);
		mp = writer_reserve(&m, 2);
		writer_u16(&m, bgp_family_afi(family));
		writer_u8(&m, bgp_family_safi(family));
		*ret_written = nlri_write(&m, add_path, keys, count);
		if (!m.failed) {
			bytes_put_u16(length, 0);
			bytes_put_u16(mp, (uint16_t)(m.at - mp - 2));
			bytes_put_u16(total, (uint16_t)(m.at - total - 2));
		}
	}
	bgp_message_end(&m, start);
	if (m.failed || *ret_written == 0) {
		*ret_written = 0;
		return ERROR_FULL;
	}
	w->at = m.at;
	return 0;
}

void bgp_end_of_rib_write(struct writer *w, enum bgp_family family)
{
	uint8_t *start = bgp_message_begin(w, BGP_UPDATE);

	writer_u16(w, 0);
	if (family == BGP_IPV4_UNICAST) {
		writer_u16(w, 0);
	} else {
		writer_u16(w, 6);
		writer_u8(w, ATTRIBUTE_OPTIONAL);
		writer_u8(w, BGP_ATTRIBUTE_MP_UNREACH);
		writer_u8(w, 3);
		writer_u16(w, bgp_family_afi(family));
		writer_u8(w, bgp_family_safi(family));
	}
	bgp_message_end(w, start);
}
