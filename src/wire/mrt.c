/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MRT: from a stream of bytes to records, and the fields of a record.
 *
 *     bytes in any pieces -> mrt_stream -> record -> peer table | routes of a prefix | message
 *
 * Invariants:
 *  1. Each record that is given out or passed over took at least MRT_HEADER_SIZE bytes.
 *  2. The buffer never exceeds MRT_RECORD_MAX, a header and what the caller asked room for.
 *  3. A record's cursor never leaves the record, an entry's never the entry.
 *  4. Of a peer table that is given out, every peer can be read.
 *
 * RFC 6396 sections 2, 3, 4.2, 4.3, 4.4; RFC 8050.
 */
#include "wire/mrt.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "wire/bgp.h"

/* ---- Records out of bytes. ---- */

static uint32_t number_u32(const uint8_t *b)
{
	return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

enum mrt_frame_status mrt_frame_read(
	const uint8_t *bytes, size_t length, struct mrt_record *ret_record)
{
	struct cursor c = cursor_of(bytes, length);
	uint64_t size;

	if (length < MRT_HEADER_SIZE)
		return MRT_FRAME_MORE;
	ret_record->time.ns = (int64_t)cursor_u32(&c) * 1000000000;
	ret_record->type = cursor_u16(&c);
	ret_record->subtype = cursor_u16(&c);
	size = cursor_u32(&c);
	ret_record->length = MRT_HEADER_SIZE + (size_t)size;
	ret_record->bytes = bytes;
	if (size > MRT_RECORD_MAX)
		return MRT_FRAME_LONG;
	if (size > cursor_left(&c))
		return MRT_FRAME_MORE;
	ret_record->body = cursor_sub(&c, (size_t)size);
	if (ret_record->type == MRT_BGP4MP_ET)
		ret_record->time.ns += (int64_t)cursor_u32(&ret_record->body) * 1000;
	return MRT_FRAME_WHOLE;
}

void mrt_stream_clear(struct mrt_stream *stream)
{
	free(stream->buffer);
	*stream = (struct mrt_stream){ 0 };
}

/* Bytes that the record at the front needs in all; 0 if that is not known yet. */
static size_t stream_wanted(const struct mrt_stream *stream)
{
	if (stream->end - stream->begin < MRT_HEADER_SIZE)
		return 0;
	return MRT_HEADER_SIZE + (size_t)number_u32(stream->buffer + stream->begin + 8);
}

uint8_t *mrt_stream_room(struct mrt_stream *stream, size_t least, size_t *ret_room)
{
	size_t waiting = stream->end - stream->begin, wanted = stream_wanted(stream);
	size_t needed = (wanted > waiting ? wanted : waiting) + least;

	if (needed > stream->room) {
		size_t room = stream->room * 2 > needed ? stream->room * 2 : needed;
		uint8_t *buffer = malloc(room);

		if (buffer == NULL)
			return NULL;
		if (waiting > 0)
			memcpy(buffer, stream->buffer + stream->begin, waiting);
		free(stream->buffer);
		stream->buffer = buffer;
		stream->room = room;
	} else if (stream->begin > 0 && waiting > 0) {
		memmove(stream->buffer, stream->buffer + stream->begin, waiting);
	}
	stream->begin = 0;
	stream->end = waiting;
	*ret_room = stream->room - waiting;
	return stream->buffer + waiting;
}

/* Leave out what belongs to a record that is too long. */
static void stream_skip(struct mrt_stream *stream)
{
	size_t waiting = stream->end - stream->begin;
	size_t less = stream->skip < waiting ? (size_t)stream->skip : waiting;

	stream->begin += less;
	stream->skip -= less;
}

void mrt_stream_filled(struct mrt_stream *stream, size_t length)
{
	stream->end += length;
	stream->bytes += length;
	stream_skip(stream);
}

bool mrt_stream_next(struct mrt_stream *stream, struct mrt_record *ret_record)
{
	while (stream->begin < stream->end) {
		switch (mrt_frame_read(stream->buffer + stream->begin,
			stream->end - stream->begin, ret_record)) {
		case MRT_FRAME_MORE:
			return false;
		case MRT_FRAME_WHOLE:
			stream->begin += ret_record->length;
			stream->records++;
			return true;
		case MRT_FRAME_LONG:
			stream->long_records++;
			stream->skip = ret_record->length;
			stream_skip(stream);
			break;
		}
	}
	return false;
}

size_t mrt_stream_left(const struct mrt_stream *stream)
{
	return stream->end - stream->begin;
}

/* ---- Peers. ---- */

#define PEER_IPV6 0x01 /* RFC 6396 section 4.3.1: the bits of a peer's type */
#define PEER_AS4  0x02

static struct address address_take(struct cursor *c, enum family family)
{
	struct address address = { .family = (uint8_t)family };

	cursor_copy(c, address.bytes, address_size(&address));
	return address;
}

static struct mrt_peer peer_take(struct cursor *c)
{
	uint8_t type = cursor_u8(c);
	struct mrt_peer peer = { .router_id = cursor_u32(c) };

	peer.address = address_take(c, type & PEER_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4);
	peer.asn = type & PEER_AS4 ? cursor_u32(c) : cursor_u16(c);
	return peer;
}

int mrt_peer_table_read(struct cursor body, struct mrt_peer_table *ret_table)
{
	struct cursor check;

	ret_table->collector_id = cursor_u32(&body);
	ret_table->view_name_length = cursor_u16(&body);
	ret_table->view_name = (const char *)cursor_take(&body, ret_table->view_name_length);
	ret_table->count = cursor_u16(&body);
	ret_table->peers = check = body;
	for (unsigned i = 0; i < ret_table->count && !check.failed; i++)
		(void)peer_take(&check);
	return check.failed ? ERROR_MALFORMED : 0;
}

bool mrt_peer_next(struct mrt_peer_table *table, struct mrt_peer *ret_peer)
{
	if (table->count == 0)
		return false;
	table->count--;
	*ret_peer = peer_take(&table->peers);
	return !table->peers.failed;
}

/* ---- Routes of a prefix. ---- */

/* By subtype of TABLE_DUMP_V2; a row without a family is none with routes that we read. */
static const struct rib_row {
	uint8_t family, safi;
	bool add_path;
} rib_rows[] = {
	[MRT_RIB_IPV4_UNICAST] = { FAMILY_IPV4, BGP_SAFI_UNICAST, false },
	[MRT_RIB_IPV4_MULTICAST] = { FAMILY_IPV4, BGP_SAFI_MULTICAST, false },
	[MRT_RIB_IPV6_UNICAST] = { FAMILY_IPV6, BGP_SAFI_UNICAST, false },
	[MRT_RIB_IPV6_MULTICAST] = { FAMILY_IPV6, BGP_SAFI_MULTICAST, false },
	[MRT_RIB_IPV4_UNICAST_ADDPATH] = { FAMILY_IPV4, BGP_SAFI_UNICAST, true },
	[MRT_RIB_IPV4_MULTICAST_ADDPATH] = { FAMILY_IPV4, BGP_SAFI_MULTICAST, true },
	[MRT_RIB_IPV6_UNICAST_ADDPATH] = { FAMILY_IPV6, BGP_SAFI_UNICAST, true },
	[MRT_RIB_IPV6_MULTICAST_ADDPATH] = { FAMILY_IPV6, BGP_SAFI_MULTICAST, true },
};

static const struct rib_row *rib_row_of(uint16_t subtype)
{
	if (subtype >= sizeof(rib_rows) / sizeof(rib_rows[0]) ||
		rib_rows[subtype].family == FAMILY_NONE)
		return NULL;
	return &rib_rows[subtype];
}

static enum family family_of_afi(uint16_t afi)
{
	return afi == BGP_AFI_IPV4   ? FAMILY_IPV4
	       : afi == BGP_AFI_IPV6 ? FAMILY_IPV6
				     : FAMILY_NONE;
}

bool mrt_is_rib(const struct mrt_record *record)
{
	if (record->type == MRT_TABLE_DUMP)
		return family_of_afi(record->subtype) != FAMILY_NONE;
	return record->type == MRT_TABLE_DUMP_V2 && rib_row_of(record->subtype) != NULL;
}

static void prefix_clean(struct mrt_rib *rib)
{
	struct prefix clean = rib->prefix;

	prefix_normalise(&clean);
	rib->host_bits = !prefix_equal(&clean, &rib->prefix);
	rib->prefix = clean;
}

/* RFC 6396 section 4.2: the whole address, then its length; the entry keeps to the same family.
 * The view number in front says nothing about the route. */
static int table_dump_read(const struct mrt_record *record, struct mrt_rib *ret_rib)
{
	struct cursor c = record->body;

	cursor_skip(&c, 2);
	ret_rib->sequence = cursor_u16(&c);
	ret_rib->safi = BGP_SAFI_UNICAST;
	ret_rib->prefix.address = address_take(&c, family_of_afi(record->subtype));
	ret_rib->prefix.length = cursor_u8(&c);
	if (c.failed || ret_rib->prefix.length > family_bits(ret_rib->prefix.address.family))
		return ERROR_MALFORMED;
	prefix_clean(ret_rib);
	ret_rib->in_one = true;
	ret_rib->count = 1;
	ret_rib->entries = c;
	return 0;
}

int mrt_rib_read(const struct mrt_record *record, struct mrt_rib *ret_rib)
{
	struct cursor c = record->body;
	const struct rib_row *row;

	*ret_rib = (struct mrt_rib){ 0 };
	if (record->type == MRT_TABLE_DUMP)
		return table_dump_read(record, ret_rib);
	row = rib_row_of(record->subtype);
	if (row == NULL)
		return ERROR_MALFORMED;
	ret_rib->sequence = cursor_u32(&c);
	ret_rib->safi = row->safi;
	ret_rib->add_path = row->add_path;
	ret_rib->prefix.address.family = row->family;
	ret_rib->prefix.length = cursor_u8(&c);
	if (ret_rib->prefix.length > family_bits((enum family)row->family))
		return ERROR_MALFORMED;
	cursor_copy(&c, ret_rib->prefix.address.bytes, (ret_rib->prefix.length + 7u) / 8u);
	ret_rib->count = cursor_u16(&c);
	ret_rib->entries = c;
	prefix_clean(ret_rib);
	return c.failed ? ERROR_MALFORMED : 0;
}

/* RFC 6396 section 4.2: a status that is always one, the time, the peer, the attributes. */
static void table_dump_entry(struct cursor *c, enum family family, struct mrt_rib_entry *entry)
{
	cursor_skip(c, 1);
	entry->originated_s = cursor_u32(c);
	entry->peer.address = address_take(c, family);
	entry->peer.asn = cursor_u16(c);
	entry->attributes = cursor_sub(c, cursor_u16(c));
}

bool mrt_rib_next(struct mrt_rib *rib, struct mrt_rib_entry *ret_entry)
{
	struct cursor *c = &rib->entries;

	if (rib->taken == rib->count || c->failed)
		return false;
	*ret_entry = (struct mrt_rib_entry){ 0 };
	if (rib->in_one) {
		table_dump_entry(c, (enum family)rib->prefix.address.family, ret_entry);
	} else {
		ret_entry->peer_index = cursor_u16(c);
		ret_entry->originated_s = cursor_u32(c);
		ret_entry->path_id = rib->add_path ? cursor_u32(c) : 0;
		ret_entry->attributes = cursor_sub(c, cursor_u16(c));
	}
	if (c->failed)
		return false;
	rib->taken++;
	return true;
}

/* ---- Messages and changes of state. ---- */

#define FLAG_AS4      0x01
#define FLAG_LOCAL    0x02
#define FLAG_ADD_PATH 0x04
#define FLAG_STATE    0x08
#define FLAG_KNOWN    0x80

static const uint8_t message_flags[] = {
	[MRT_STATE_CHANGE] = FLAG_KNOWN | FLAG_STATE,
	[MRT_MESSAGE] = FLAG_KNOWN,
	[MRT_MESSAGE_AS4] = FLAG_KNOWN | FLAG_AS4,
	[MRT_STATE_CHANGE_AS4] = FLAG_KNOWN | FLAG_STATE | FLAG_AS4,
	[MRT_MESSAGE_LOCAL] = FLAG_KNOWN | FLAG_LOCAL,
	[MRT_MESSAGE_AS4_LOCAL] = FLAG_KNOWN | FLAG_LOCAL | FLAG_AS4,
	[MRT_MESSAGE_ADDPATH] = FLAG_KNOWN | FLAG_ADD_PATH,
	[MRT_MESSAGE_AS4_ADDPATH] = FLAG_KNOWN | FLAG_ADD_PATH | FLAG_AS4,
	[MRT_MESSAGE_LOCAL_ADDPATH] = FLAG_KNOWN | FLAG_ADD_PATH | FLAG_LOCAL,
	[MRT_MESSAGE_AS4_LOCAL_ADDPATH] = FLAG_KNOWN | FLAG_ADD_PATH | FLAG_LOCAL | FLAG_AS4,
};

int mrt_message_read(const struct mrt_record *record, struct mrt_message *ret_message)
{
	struct cursor c = record->body;
	uint8_t flags =
		record->subtype < sizeof(message_flags) ? message_flags[record->subtype] : 0;
	enum family family;

	*ret_message = (struct mrt_message){ 0 };
	if (flags == 0)
		return ERROR_UNSUPPORTED;
	ret_message->four_octet_as = flags & FLAG_AS4;
	ret_message->sent = flags & FLAG_LOCAL;
	ret_message->add_path = flags & FLAG_ADD_PATH;
	ret_message->state_change = flags & FLAG_STATE;
	ret_message->peer_asn = flags & FLAG_AS4 ? cursor_u32(&c) : cursor_u16(&c);
	ret_message->local_asn = flags & FLAG_AS4 ? cursor_u32(&c) : cursor_u16(&c);
	ret_message->interface = cursor_u16(&c);
	family = family_of_afi(cursor_u16(&c));
	if (c.failed)
		return ERROR_MALFORMED;
	if (family == FAMILY_NONE)
		return ERROR_UNSUPPORTED;
	ret_message->peer = address_take(&c, family);
	ret_message->local = address_take(&c, family);
	if (flags & FLAG_STATE) {
		ret_message->old_state = cursor_u16(&c);
		ret_message->new_state = cursor_u16(&c);
	} else {
		ret_message->message = c;
	}
	return c.failed ? ERROR_MALFORMED : 0;
}

/* ---- Names. ---- */

static const char *const table_dump_v2_names[] = {
	[MRT_PEER_INDEX_TABLE] = "PEER_INDEX_TABLE",
	[MRT_RIB_IPV4_UNICAST] = "RIB_IPV4_UNICAST",
	[MRT_RIB_IPV4_MULTICAST] = "RIB_IPV4_MULTICAST",
	[MRT_RIB_IPV6_UNICAST] = "RIB_IPV6_UNICAST",
	[MRT_RIB_IPV6_MULTICAST] = "RIB_IPV6_MULTICAST",
	[MRT_RIB_GENERIC] = "RIB_GENERIC",
	[7] = "GEO_PEER_TABLE", /* RFC 6397 */
	[MRT_RIB_IPV4_UNICAST_ADDPATH] = "RIB_IPV4_UNICAST_ADDPATH",
	[MRT_RIB_IPV4_MULTICAST_ADDPATH] = "RIB_IPV4_MULTICAST_ADDPATH",
	[MRT_RIB_IPV6_UNICAST_ADDPATH] = "RIB_IPV6_UNICAST_ADDPATH",
	[MRT_RIB_IPV6_MULTICAST_ADDPATH] = "RIB_IPV6_MULTICAST_ADDPATH",
	[MRT_RIB_GENERIC_ADDPATH] = "RIB_GENERIC_ADDPATH",
};

static const char *const bgp4mp_names[] = {
	[MRT_STATE_CHANGE] = "STATE_CHANGE",
	[MRT_MESSAGE] = "MESSAGE",
	[MRT_MESSAGE_AS4] = "MESSAGE_AS4",
	[MRT_STATE_CHANGE_AS4] = "STATE_CHANGE_AS4",
	[MRT_MESSAGE_LOCAL] = "MESSAGE_LOCAL",
	[MRT_MESSAGE_AS4_LOCAL] = "MESSAGE_AS4_LOCAL",
	[MRT_MESSAGE_ADDPATH] = "MESSAGE_ADDPATH",
	[MRT_MESSAGE_AS4_ADDPATH] = "MESSAGE_AS4_ADDPATH",
	[MRT_MESSAGE_LOCAL_ADDPATH] = "MESSAGE_LOCAL_ADDPATH",
	[MRT_MESSAGE_AS4_LOCAL_ADDPATH] = "MESSAGE_AS4_LOCAL_ADDPATH",
};

static const char *const table_dump_names[] = {
	[BGP_AFI_IPV4] = "AFI_IPv4",
	[BGP_AFI_IPV6] = "AFI_IPv6",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct type_row {
	uint16_t type;
	const char *name;
	const char *const *subtypes;
	size_t count;
} type_rows[] = {
	{ MRT_TABLE_DUMP, "TABLE_DUMP", table_dump_names, COUNT(table_dump_names) },
	{ MRT_TABLE_DUMP_V2, "TABLE_DUMP_V2", table_dump_v2_names, COUNT(table_dump_v2_names) },
	{ MRT_BGP4MP, "BGP4MP", bgp4mp_names, COUNT(bgp4mp_names) },
	{ MRT_BGP4MP_ET, "BGP4MP_ET", bgp4mp_names, COUNT(bgp4mp_names) },
};

const char *mrt_name(uint16_t type, uint16_t subtype, char text[MRT_NAME_MAX])
{
	for (size_t i = 0; i < COUNT(type_rows); i++) {
		const struct type_row *row = &type_rows[i];

		if (row->type != type)
			continue;
		if (subtype < row->count && row->subtypes[subtype] != NULL)
			snprintf(
				text, MRT_NAME_MAX, "%s/%s", row->name, row->subtypes[subtype]);
		else
			snprintf(text, MRT_NAME_MAX, "%s/%u", row->name, subtype);
		return text;
	}
	snprintf(text, MRT_NAME_MAX, "type %u/%u", type, subtype);
	return text;
}
