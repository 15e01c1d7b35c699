/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MRT files: RFC 6396, RFC 8050. From bytes to records, and from a record to what it holds.
 * What a record says about routes, one by one, is in wire/mrt_routes.h; writing is in
 * wire/mrt_write.h.
 *
 * Everything but struct mrt_stream is a pure function of its bytes: what is decoded points into
 * the record.
 */
#ifndef NEARCAST_WIRE_MRT_H
#define NEARCAST_WIRE_MRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/instant.h"

#define MRT_HEADER_SIZE 12u /* RFC 6396 section 2 */
/* Most bytes in a record: 65535 entries of 250 bytes. Longer ones are passed over unread. */
#define MRT_RECORD_MAX (16u << 20)

enum mrt_type { /* RFC 6396 section 4 */
	MRT_TABLE_DUMP = 12,
	MRT_TABLE_DUMP_V2 = 13,
	MRT_BGP4MP = 16,
	MRT_BGP4MP_ET = 17,
};

enum mrt_table_dump_v2_subtype { /* RFC 6396 section 4.3, RFC 8050 section 4 */
	MRT_PEER_INDEX_TABLE = 1,
	MRT_RIB_IPV4_UNICAST = 2,
	MRT_RIB_IPV4_MULTICAST = 3,
	MRT_RIB_IPV6_UNICAST = 4,
	MRT_RIB_IPV6_MULTICAST = 5,
	MRT_RIB_GENERIC = 6,
	MRT_RIB_IPV4_UNICAST_ADDPATH = 8,
	MRT_RIB_IPV4_MULTICAST_ADDPATH = 9,
	MRT_RIB_IPV6_UNICAST_ADDPATH = 10,
	MRT_RIB_IPV6_MULTICAST_ADDPATH = 11,
	MRT_RIB_GENERIC_ADDPATH = 12,
};

enum mrt_bgp4mp_subtype { /* RFC 6396 section 4.4, RFC 8050 section 3 */
	MRT_STATE_CHANGE = 0,
	MRT_MESSAGE = 1,
	MRT_MESSAGE_AS4 = 4,
	MRT_STATE_CHANGE_AS4 = 5,
	MRT_MESSAGE_LOCAL = 6,
	MRT_MESSAGE_AS4_LOCAL = 7,
	MRT_MESSAGE_ADDPATH = 8,
	MRT_MESSAGE_AS4_ADDPATH = 9,
	MRT_MESSAGE_LOCAL_ADDPATH = 10,
	MRT_MESSAGE_AS4_LOCAL_ADDPATH = 11,
};

/* The states of STATE_CHANGE: RFC 6396 section 4.4.1. */
enum mrt_state {
	MRT_STATE_IDLE = 1,
	MRT_STATE_ESTABLISHED = 6,
};

/* One record. Points into the bytes that it was read from. */
struct mrt_record {
	struct wall_time time; /* microseconds with the _ET types, else whole seconds */
	uint16_t type;         /* enum mrt_type, or another */
	uint16_t subtype;
	struct cursor body; /* behind the header; failed if an _ET record has no microseconds */
	const uint8_t *bytes; /* the whole record */
	size_t length;
};

enum mrt_frame_status {
	MRT_FRAME_MORE,  /* fewer bytes than a whole record */
	MRT_FRAME_WHOLE, /* *ret_record is there */
	MRT_FRAME_LONG,  /* longer than MRT_RECORD_MAX: ret_record->length says how long */
};

/* Look at the start of a byte stream. */
enum mrt_frame_status mrt_frame_read(
	const uint8_t *bytes, size_t length, struct mrt_record *ret_record);

/*
 * Records out of bytes that come in any pieces. Owns one buffer, as long as the longest record
 * so far. Zero-initialised is an empty stream.
 */
struct mrt_stream {
	uint8_t *buffer;
	size_t room, begin, end; /* what waits is [begin, end) */
	uint64_t skip;           /* bytes of a record that is too long, still to come */
	uint64_t bytes;          /* taken in so far */
	uint64_t records;        /* given out */
	uint64_t long_records;   /* passed over: longer than MRT_RECORD_MAX */
};

void mrt_stream_clear(struct mrt_stream *stream);
/* Where the next bytes go: at least `least` of them. NULL: no memory. Call it only after
 * mrt_stream_next gave false; records given out before are gone then. */
uint8_t *mrt_stream_room(struct mrt_stream *stream, size_t least, size_t *ret_room);
/* So many bytes, at most what mrt_stream_room told, were put there. */
void mrt_stream_filled(struct mrt_stream *stream, size_t length);
/* Take the next record; it is valid until mrt_stream_room. False: more bytes are needed. */
bool mrt_stream_next(struct mrt_stream *stream, struct mrt_record *ret_record);
/* At the end of the input: bytes of a record that did not come to its end. */
size_t mrt_stream_left(const struct mrt_stream *stream);

/* ---- What records hold. ERROR_MALFORMED: the record breaks its format. ---- */

struct mrt_peer {
	uint32_t router_id; /* host order; 0 where the format has none */
	uint32_t asn;
	struct address address;
};

/* PEER_INDEX_TABLE: RFC 6396 section 4.3.1. */
struct mrt_peer_table {
	uint32_t collector_id; /* host order */
	const char *view_name; /* in the record, not terminated */
	uint16_t view_name_length;
	uint16_t count;
	struct cursor peers; /* checked: count calls of mrt_peer_next succeed */
};

int mrt_peer_table_read(struct cursor body, struct mrt_peer_table *ret_table);
/* Take the next peer; false at the end. */
bool mrt_peer_next(struct mrt_peer_table *table, struct mrt_peer *ret_peer);

/* The routes of one prefix: RFC 6396 sections 4.2 and 4.3.2, RFC 8050 section 4. */
struct mrt_rib {
	uint32_t sequence;
	struct prefix prefix; /* host bits are cleared */
	uint8_t safi;         /* enum bgp_safi */
	bool add_path;
	bool host_bits; /* there were some */
	bool in_one;    /* TABLE_DUMP: the only entry carries its peer */
	uint16_t count; /* entries, as announced */
	uint16_t taken; /* entries, by mrt_rib_next */
	struct cursor entries;
};

struct mrt_rib_entry {
	uint16_t peer_index;   /* TABLE_DUMP: 0 */
	struct mrt_peer peer;  /* TABLE_DUMP only */
	uint32_t originated_s; /* seconds since 1970 */
	uint32_t path_id;      /* 0 without ADD-PATH */
	struct cursor attributes;
};

/* True for the types that mrt_rib_read reads. */
bool mrt_is_rib(const struct mrt_record *record);
int mrt_rib_read(const struct mrt_record *record, struct mrt_rib *ret_rib);
/* Take the next entry. False at the end, or when the rest is no entry: then rib->taken is less
 * than rib->count. */
bool mrt_rib_next(struct mrt_rib *rib, struct mrt_rib_entry *ret_entry);

/* BGP4MP and BGP4MP_ET: RFC 6396 section 4.4, RFC 8050 section 3. */
struct mrt_message {
	uint32_t peer_asn, local_asn;
	uint16_t interface;
	struct address peer, local;
	bool four_octet_as; /* of the numbers in the record and in the message */
	bool sent;          /* _LOCAL: the collector sent it */
	bool add_path;
	bool state_change;
	uint16_t old_state, new_state; /* enum mrt_state and what is between */
	struct cursor message;         /* with its BGP header; empty for a state change */
};

/* ERROR_UNSUPPORTED: a subtype or an address family that is not known. */
int mrt_message_read(const struct mrt_record *record, struct mrt_message *ret_message);

/* "TABLE_DUMP_V2/RIB_IPV4_UNICAST", "type 11/2". Always NUL-terminated. */
#define MRT_NAME_MAX 64
const char *mrt_name(uint16_t type, uint16_t subtype, char text[MRT_NAME_MAX]);

#endif
