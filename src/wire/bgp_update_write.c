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

	if (bgp_family_is_flowspec(family))
		return CARRIAGE_MP;
	if (family == BGP_IPV4_UNICAST && next_hop == FAMILY_IPV4)
		return CARRIAGE_CLASSIC;
	if (family == BGP_IPV6_UNICAST)
		return next_hop == FAMILY_IPV6 ? CARRIAGE_MP : CARRIAGE_NONE;
	return next_hop == FAMILY_IPV6 && context->extended_next_hop[family] ? CARRIAGE_MP
									     : CARRIAGE_NONE;
}

/* Nothing malformed is ever sent: what the rows could not write, or a reader would refuse. */
static bool attributes_sane(const struct bgp_context *context, enum bgp_family family,
	const struct bgp_attributes *a)
{
	struct cursor path = cursor_of(a->as_path, a->as_path_size);

	return a->origin <= BGP_ORIGIN_INCOMPLETE &&
	       (bgp_family_is_flowspec(family) || attribute_next_hop_sane(&a->next_hop)) &&
	       (!PRESENT(a, BGP_ATTRIBUTE_AGGREGATOR) || a->aggregator_asn != 0) &&
	       as_path_check(path, true, context->ibgp) == NULL;
}

#define BIT(code) (1ull << BGP_ATTRIBUTE_##code)

/* A list without elements is no attribute: RFC 7606 section 4. */
static uint64_t empty_lists(const struct bgp_attributes *a)
{
	return (a->community_count == 0 ? BIT(COMMUNITIES) : 0) |
	       (a->cluster_count == 0 ? BIT(CLUSTER_LIST) : 0) |
	       (a->extended_community_count == 0 ? BIT(EXTENDED_COMMUNITIES) : 0) |
	       (a->large_community_count == 0 ? BIT(LARGE_COMMUNITIES) : 0);
}

/* RFC 6793 section 4.2.2: what an OLD speaker cannot see otherwise. */
static uint64_t as4_wanted(const struct bgp_context *context, const struct bgp_attributes *a)
{
	struct as_path path = { a->as_path, a->as_path_size };
	uint64_t wanted = 0;

	if (context->four_octet_as)
		return 0;
	if (as_path_needs_as4(&path))
		wanted |= BIT(AS4_PATH);
	if (PRESENT(a, BGP_ATTRIBUTE_AGGREGATOR) && a->aggregator_asn > UINT16_MAX)
		wanted |= BIT(AS4_AGGREGATOR);
	return wanted;
}

/* What is to be written for this neighbour and carriage, a bit a code. */
static uint64_t attributes_wanted(const struct bgp_context *context,
	const struct bgp_attributes *a, enum carriage carriage)
{
	static const uint64_t decided_apart = BIT(NEXT_HOP) | BIT(MP_REACH) | BIT(MP_UNREACH) |
					      BIT(AS4_PATH) | BIT(AS4_AGGREGATOR);
	uint64_t wanted = a->present & ~decided_apart & ~empty_lists(a);

	if (carriage == CARRIAGE_CLASSIC)
		wanted |= BIT(NEXT_HOP);
	return wanted | BIT(ORIGIN) | BIT(AS_PATH) | as4_wanted(context, a);
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

void attribute_rows_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes, uint64_t codes)
{
	for (; codes != 0; codes &= codes - 1) {
		const struct attribute_row *row =
			attribute_row_of((uint8_t)__builtin_ctzll(codes));

		if (row != NULL && row->write != NULL && (context->ibgp || !row->ibgp_only))
			row_write(w, row, context, attributes);
	}
}

static void attributes_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes, enum carriage carriage)
{
	attribute_rows_write(
		w, context, attributes, attributes_wanted(context, attributes, carriage));
}

/* Bytes: flow specifications have no next hop. */
static uint8_t mp_next_hop_size(enum bgp_family family, const struct bgp_attributes *attributes)
{
	if (bgp_family_is_flowspec(family))
		return 0;
	return attributes->next_hop_link_local.family != FAMILY_NONE ? 32 : 16;
}

/* Bytes of MP_REACH_NLRI in front of its prefixes. */
static size_t mp_reach_size(enum bgp_family family, const struct bgp_attributes *attributes)
{
	return 4u + 3 + 1 + mp_next_hop_size(family, attributes) + 1;
}

static void mp_reach_write(struct writer *w, enum bgp_family family,
	const struct bgp_attributes *attributes, size_t nlri_size)
{
	uint8_t length = mp_next_hop_size(family, attributes);

	writer_u8(w, ATTRIBUTE_OPTIONAL | ATTRIBUTE_EXTENDED);
	writer_u8(w, BGP_ATTRIBUTE_MP_REACH);
	writer_u16(w, (uint16_t)(mp_reach_size(family, attributes) - 4 + nlri_size));
	writer_u16(w, bgp_family_afi(family));
	writer_u8(w, bgp_family_safi(family));
	writer_u8(w, length);
	if (length > 0)
		writer_bytes(w, attributes->next_hop.bytes, 16);
	if (length > 16)
		writer_bytes(w, attributes->next_hop_link_local.bytes, 16);
	writer_u8(w, 0);
}

/* A writer over the part of w that one message may fill. */
static struct writer message_room(const struct writer *w, const struct bgp_context *context)
{
	struct writer part = *w;

	if ((size_t)(part.end - part.at) > context->message_max)
		part.end = part.at + context->message_max;
	return part;
}

/* Put MP_REACH_NLRI with as many prefixes as fit in front of the attributes, which were written
 * from `list` on: they move up. Gives how many prefixes that is. */
static size_t mp_reach_insert(struct writer *m, uint8_t *list, bool add_path,
	enum bgp_family family, const struct bgp_attributes *attributes,
	const struct bgp_route_key *keys, size_t count)
{
	size_t list_size = (size_t)(m->at - list), head = mp_reach_size(family, attributes),
	       nlri_size;
	struct writer w = writer_of(list, writer_room(m) + list_size);
	size_t written;

	if (writer_room(m) < head)
		return 0;
	written = nlri_fit(add_path, keys, count, writer_room(m) - head, &nlri_size);
	memmove(list + head + nlri_size, list, list_size);
	mp_reach_write(&w, family, attributes, nlri_size);
	nlri_write(&w, add_path, keys, written);
	m->at += head + nlri_size;
	return written;
}

int attribute_list_copy(struct writer *w, struct cursor list, uint64_t without)
{
	while (cursor_left(&list) > 0) {
		const uint8_t *start = list.at;
		uint8_t flags = cursor_u8(&list), code = cursor_u8(&list);

		cursor_skip(&list,
			flags & ATTRIBUTE_EXTENDED ? cursor_u16(&list) : cursor_u8(&list));
		if (list.failed)
			return ERROR_MALFORMED;
		if (code >= 64 || !((without >> code) & 1))
			writer_bytes(w, start, (size_t)(list.at - start));
	}
	return 0;
}

/* The attributes: those of a list that stands alone, if there is one. */
static int source_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes, const struct cursor *list,
	enum carriage carriage)
{
	if (list == NULL) {
		attributes_write(w, context, attributes, carriage);
		return 0;
	}
	if (carriage == CARRIAGE_CLASSIC)
		attribute_rows_write(w, context, attributes, BIT(NEXT_HOP));
	return attribute_list_copy(w, *list, BIT(NEXT_HOP) | BIT(MP_REACH) | BIT(MP_UNREACH));
}

static int update_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes,
	const struct cursor *list, const struct bgp_route_key *keys, size_t count,
	size_t *ret_written)
{
	enum carriage carriage = carriage_of(context, family, attributes);
	struct writer m = message_room(w, context);
	bool add_path = context->add_path_send[family];
	uint8_t *start, *total;
	size_t written = 0, size;

	*ret_written = 0;
	if (carriage == CARRIAGE_NONE)
		return ERROR_RANGE;
	start = bgp_message_begin(&m, BGP_UPDATE);
	writer_u16(&m, 0);
	total = writer_reserve(&m, 2);
	if (source_write(&m, context, attributes, list, carriage) != 0)
		return ERROR_RANGE;
	if (m.failed || total == NULL)
		return ERROR_FULL;
	if (carriage == CARRIAGE_MP)
		written = mp_reach_insert(
			&m, total + 2, add_path, family, attributes, keys, count);
	bytes_put_u16(total, (uint16_t)(m.at - total - 2));
	if (carriage == CARRIAGE_CLASSIC) {
		written = nlri_fit(add_path, keys, count, writer_room(&m), &size);
		nlri_write(&m, add_path, keys, written);
	}
	if (written == 0)
		return ERROR_FULL;
	bgp_message_end(&m, start);
	w->at = m.at;
	*ret_written = written;
	return 0;
}

int bgp_update_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes,
	const struct bgp_route_key *keys, size_t count, size_t *ret_written)
{
	*ret_written = 0;
	if (!attributes_sane(context, family, attributes))
		return ERROR_RANGE;
	return update_write(w, context, family, attributes, NULL, keys, count, ret_written);
}

int bgp_update_write_list(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes, struct cursor list,
	const struct bgp_route_key *keys, size_t count, size_t *ret_written)
{
	return update_write(w, context, family, attributes, &list, keys, count, ret_written);
}

/* The Withdrawn Routes field, and no attributes. */
static size_t classic_withdraw(
	struct writer *m, bool add_path, const struct bgp_route_key *keys, size_t count)
{
	size_t size, written;

	if (writer_room(m) < 4)
		return 0;
	written = nlri_fit(add_path, keys, count, writer_room(m) - 4, &size);
	writer_u16(m, (uint16_t)size);
	nlri_write(m, add_path, keys, written);
	writer_u16(m, 0);
	return written;
}

/* MP_UNREACH_NLRI, and no other attribute. */
static size_t mp_withdraw(struct writer *m, bool add_path, enum bgp_family family,
	const struct bgp_route_key *keys, size_t count)
{
	size_t head = 2 + 2 + 4 + 3, size, written;

	if (writer_room(m) < head)
		return 0;
	written = nlri_fit(add_path, keys, count, writer_room(m) - head, &size);
	writer_u16(m, 0);
	writer_u16(m, (uint16_t)(4 + 3 + size));
	writer_u8(m, ATTRIBUTE_OPTIONAL | ATTRIBUTE_EXTENDED);
	writer_u8(m, BGP_ATTRIBUTE_MP_UNREACH);
	writer_u16(m, (uint16_t)(3 + size));
	writer_u16(m, bgp_family_afi(family));
	writer_u8(m, bgp_family_safi(family));
	nlri_write(m, add_path, keys, written);
	return written;
}

void mp_next_hop_write(struct writer *w, const struct bgp_attributes *attributes)
{
	bool both = attributes->next_hop_link_local.family != FAMILY_NONE;
	uint8_t length = both ? 32 : 16;

	writer_u8(w, ATTRIBUTE_OPTIONAL);
	writer_u8(w, BGP_ATTRIBUTE_MP_REACH);
	writer_u8(w, (uint8_t)(length + 1));
	writer_u8(w, length);
	writer_bytes(w, attributes->next_hop.bytes, 16);
	if (both)
		writer_bytes(w, attributes->next_hop_link_local.bytes, 16);
}

void bgp_attributes_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	bool classic = attributes->next_hop.family == FAMILY_IPV4;

	if (attributes->next_hop.family == FAMILY_IPV6)
		mp_next_hop_write(w, attributes);
	attributes_write(w, context, attributes, classic ? CARRIAGE_CLASSIC : CARRIAGE_MP);
}

int bgp_withdraw_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_route_key *keys, size_t count,
	size_t *ret_written)
{
	struct writer m = message_room(w, context);
	uint8_t *start = bgp_message_begin(&m, BGP_UPDATE);
	bool add_path = context->add_path_send[family];

	*ret_written = family == BGP_IPV4_UNICAST
			       ? classic_withdraw(&m, add_path, keys, count)
			       : mp_withdraw(&m, add_path, family, keys, count);
	if (*ret_written == 0)
		return ERROR_FULL;
	bgp_message_end(&m, start);
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
