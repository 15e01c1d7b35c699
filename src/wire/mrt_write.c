/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing MRT.
 *
 * Invariants:
 *  1. What is written reads back as the same.
 *  2. A record's length and its count of entries are filled in when it ends, and only if all of
 *     it had room.
 *
 * RFC 6396 sections 2, 3, 4.3, 4.4; RFC 8050.
 */
#include "wire/mrt_write.h"

#include "wire/bgp_attribute_table.h"

/* ---- Records. ---- */

static uint8_t *record_begin(
	struct writer *w, struct wall_time time, uint16_t type, uint16_t subtype)
{
	uint8_t *record = writer_reserve(w, MRT_HEADER_SIZE);

	if (record != NULL) {
		bytes_put_u32(record, (uint32_t)(time.ns / 1000000000));
		bytes_put_u16(record + 4, type);
		bytes_put_u16(record + 6, subtype);
	}
	/* RFC 6396 section 3: counted in the length. */
	if (type == MRT_BGP4MP_ET)
		writer_u32(w, (uint32_t)(time.ns % 1000000000 / 1000));
	return record;
}

static void record_end(struct writer *w, uint8_t *record)
{
	if (!w->failed && record != NULL)
		bytes_put_u32(
			record + 8, (uint32_t)((size_t)(w->at - record) - MRT_HEADER_SIZE));
}

static void address_write(struct writer *w, const struct address *address)
{
	writer_bytes(w, address->bytes, address_size(address));
}

/* ---- Table dumps. ---- */

static void peer_write(struct writer *w, const struct mrt_peer *peer)
{
	bool six = peer->address.family == FAMILY_IPV6, as4 = peer->asn > UINT16_MAX;
	struct address any = address_ipv4(0);

	writer_u8(w, (uint8_t)((six ? 1 : 0) | (as4 ? 2 : 0)));
	writer_u32(w, peer->router_id);
	address_write(w, peer->address.family == FAMILY_NONE ? &any : &peer->address);
	if (as4)
		writer_u32(w, peer->asn);
	else
		writer_u16(w, (uint16_t)peer->asn);
}

void mrt_peer_table_write(struct writer *w, struct wall_time time, uint32_t collector_id,
	const char *view_name, const struct mrt_peer *peers, uint16_t count)
{
	uint8_t *record = record_begin(w, time, MRT_TABLE_DUMP_V2, MRT_PEER_INDEX_TABLE);
	size_t length = strlen(view_name);

	if (length > UINT16_MAX)
		length = UINT16_MAX;
	writer_u32(w, collector_id);
	writer_u16(w, (uint16_t)length);
	writer_bytes(w, view_name, length);
	writer_u16(w, count);
	for (unsigned i = 0; i < count; i++)
		peer_write(w, &peers[i]);
	record_end(w, record);
}

static uint16_t rib_subtype(const struct prefix *prefix, enum bgp_safi safi, bool add_path)
{
	unsigned subtype = prefix->address.family == FAMILY_IPV6 ? MRT_RIB_IPV6_UNICAST
								 : MRT_RIB_IPV4_UNICAST;

	if (safi == BGP_SAFI_MULTICAST)
		subtype += MRT_RIB_IPV4_MULTICAST - MRT_RIB_IPV4_UNICAST;
	if (add_path)
		subtype += MRT_RIB_IPV4_UNICAST_ADDPATH - MRT_RIB_IPV4_UNICAST;
	return (uint16_t)subtype;
}

struct mrt_rib_writer mrt_rib_begin(struct writer *w, struct wall_time time, uint32_t sequence,
	const struct prefix *prefix, enum bgp_safi safi, bool add_path)
{
	struct mrt_rib_writer rib = { .writer = w, .add_path = add_path };

	rib.record =
		record_begin(w, time, MRT_TABLE_DUMP_V2, rib_subtype(prefix, safi, add_path));
	writer_u32(w, sequence);
	writer_u8(w, prefix->length);
	writer_bytes(w, prefix->address.bytes, (prefix->length + 7u) / 8u);
	rib.count_at = writer_reserve(w, 2);
	return rib;
}

/* The fields in front of the attributes; gives where their length goes. */
static uint8_t *entry_begin(struct mrt_rib_writer *rib, uint16_t peer_index,
	uint32_t originated_s, uint32_t path_id)
{
	struct writer *w = rib->writer;

	if (rib->count == UINT16_MAX)
		w->failed = true;
	writer_u16(w, peer_index);
	writer_u32(w, originated_s);
	if (rib->add_path)
		writer_u32(w, path_id);
	rib->count++;
	return writer_reserve(w, 2);
}

void mrt_rib_add(struct mrt_rib_writer *rib, uint16_t peer_index, uint32_t originated_s,
	uint32_t path_id, const struct bgp_attributes *attributes)
{
	/* RFC 6396 section 4.3.4: AS numbers have four octets. */
	static const struct bgp_context context = { .four_octet_as = true, .ibgp = true };
	uint8_t *length_at = entry_begin(rib, peer_index, originated_s, path_id);
	uint8_t *start = rib->writer->at;

	bgp_attributes_write(rib->writer, &context, attributes);
	if (rib->writer->at - start > UINT16_MAX)
		rib->writer->failed = true;
	if (!rib->writer->failed && length_at != NULL)
		bytes_put_u16(length_at, (uint16_t)(rib->writer->at - start));
}

void mrt_rib_add_bytes(struct mrt_rib_writer *rib, uint16_t peer_index, uint32_t originated_s,
	uint32_t path_id, const uint8_t *attributes, uint16_t length)
{
	uint8_t *length_at = entry_begin(rib, peer_index, originated_s, path_id);

	writer_bytes(rib->writer, attributes, length);
	if (!rib->writer->failed && length_at != NULL)
		bytes_put_u16(length_at, length);
}

void mrt_rib_end(struct mrt_rib_writer *rib)
{
	if (rib->writer->failed || rib->count_at == NULL)
		return;
	bytes_put_u16(rib->count_at, rib->count);
	record_end(rib->writer, rib->record);
}

/* ---- Messages. ---- */

/* By state_change, sent, add_path, four_octet_as. */
static uint16_t message_subtype(const struct mrt_message *message)
{
	static const uint8_t subtypes[2][2][2] = {
		{ { MRT_MESSAGE, MRT_MESSAGE_AS4 },
			{ MRT_MESSAGE_ADDPATH, MRT_MESSAGE_AS4_ADDPATH } },
		{ { MRT_MESSAGE_LOCAL, MRT_MESSAGE_AS4_LOCAL },
			{ MRT_MESSAGE_LOCAL_ADDPATH, MRT_MESSAGE_AS4_LOCAL_ADDPATH } },
	};

	if (message->state_change)
		return message->four_octet_as ? MRT_STATE_CHANGE_AS4 : MRT_STATE_CHANGE;
	return subtypes[message->sent][message->add_path][message->four_octet_as];
}

static void as_write(struct writer *w, uint32_t asn, bool four_octet_as)
{
	if (four_octet_as)
		writer_u32(w, asn);
	else
		writer_u16(w, (uint16_t)asn);
}

int mrt_message_write(
	struct writer *w, struct wall_time time, const struct mrt_message *message)
{
	uint8_t *record;

	if (message->peer.family != message->local.family ||
		message->peer.family == FAMILY_NONE ||
		(!message->four_octet_as &&
			(message->peer_asn > UINT16_MAX || message->local_asn > UINT16_MAX)))
		return ERROR_RANGE;
	record = record_begin(w, time, MRT_BGP4MP_ET, message_subtype(message));
	as_write(w, message->peer_asn, message->four_octet_as);
	as_write(w, message->local_asn, message->four_octet_as);
	writer_u16(w, message->interface);
	writer_u16(w, message->peer.family == FAMILY_IPV6 ? BGP_AFI_IPV6 : BGP_AFI_IPV4);
	address_write(w, &message->peer);
	address_write(w, &message->local);
	if (message->state_change) {
		writer_u16(w, message->old_state);
		writer_u16(w, message->new_state);
	} else {
		writer_bytes(w, message->message.at, cursor_left(&message->message));
	}
	record_end(w, record);
	return 0;
}

/* ---- Attribute lists from elsewhere. ---- */

#define BIT(code) (1ull << BGP_ATTRIBUTE_##code)

int mrt_attributes_convert(struct writer *w, struct cursor list, bool four_octet_as,
	const struct bgp_attributes *attributes)
{
	static const struct bgp_context context = { .four_octet_as = true, .ibgp = true };
	const uint64_t numbers =
		BIT(AS_PATH) | BIT(AGGREGATOR) | BIT(AS4_PATH) | BIT(AS4_AGGREGATOR);
	const uint64_t next_hops = BIT(NEXT_HOP) | BIT(MP_REACH) | BIT(MP_UNREACH);
	uint64_t made = next_hops | (four_octet_as ? 0 : numbers), add;

	if (attributes->next_hop.family == FAMILY_IPV6)
		mp_next_hop_write(w, attributes);
	if (attribute_list_copy(w, list, made) != 0)
		return ERROR_MALFORMED;
	add = four_octet_as ? 0 : attributes->present & numbers;
	if (attributes->next_hop.family == FAMILY_IPV4)
		add |= BIT(NEXT_HOP);
	attribute_rows_write(w, &context, attributes, add);
	return 0;
}
