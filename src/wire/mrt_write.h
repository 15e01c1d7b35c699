/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing MRT: table dumps of version 2 (RFC 6396 section 4.3, RFC 8050 section 4) and streams
 * of messages with microseconds (RFC 6396 sections 3 and 4.4, RFC 8050 section 3). Each
 * function writes one record or a part of one; the writer's sticky failure tells that there was
 * no room.
 */
#ifndef NEARCAST_WIRE_MRT_WRITE_H
#define NEARCAST_WIRE_MRT_WRITE_H

#include "wire/bgp_update.h"
#include "wire/mrt.h"

/* PEER_INDEX_TABLE: what the peer indexes of the records behind it mean. The view's name is cut
 * at 65535 bytes. Room: 32 bytes, the name, 25 a peer. */
void mrt_peer_table_write(struct writer *w, struct wall_time time, uint32_t collector_id,
	const char *view_name, const struct mrt_peer *peers, uint16_t count);

/* One record with the routes of a prefix, as it grows. */
struct mrt_rib_writer {
	struct writer *writer;
	uint8_t *record; /* NULL: no room */
	uint8_t *count_at;
	uint16_t count;
	bool add_path;
};

/* Begin a record; safi is unicast or multicast. */
struct mrt_rib_writer mrt_rib_begin(struct writer *w, struct wall_time time, uint32_t sequence,
	const struct prefix *prefix, enum bgp_safi safi, bool add_path);
/* Add a route with decoded attributes (four-octet numbers, the next hop as bgp_attributes_write
 * has it). At most 65535 routes a record: more fail the writer. path_id is written with
 * ADD-PATH only. */
void mrt_rib_add(struct mrt_rib_writer *rib, uint16_t peer_index, uint32_t originated_s,
	uint32_t path_id, const struct bgp_attributes *attributes);
/* Add a route whose attribute list is there already, in the form that a dump has. */
void mrt_rib_add_bytes(struct mrt_rib_writer *rib, uint16_t peer_index, uint32_t originated_s,
	uint32_t path_id, const uint8_t *attributes, uint16_t length);
void mrt_rib_end(struct mrt_rib_writer *rib);

/*
 * A BGP4MP_ET record of message->message (a whole BGP message) or, if message->state_change, of
 * the two states. The subtype follows from four_octet_as, sent and add_path. peer and local are
 * of one family: ERROR_RANGE if not, or if an AS number does not fit in two octets; nothing is
 * written then.
 */
int mrt_message_write(
	struct writer *w, struct wall_time time, const struct mrt_message *message);

/*
 * Write an attribute list as a table dump has it, from the list of an UPDATE or another dump:
 * MP_REACH_NLRI becomes the next hop alone (that of attributes, which were decoded from the
 * list), MP_UNREACH_NLRI goes, AS numbers of two octets become four; everything else, known or
 * not, stays as it is. ERROR_MALFORMED if the list is cut; what was written then is to be
 * dropped.
 */
int mrt_attributes_convert(struct writer *w, struct cursor list, bool four_octet_as,
	const struct bgp_attributes *attributes);

#endif
