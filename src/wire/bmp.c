/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading BMP messages: for `nearcast collect` and tests; the daemon only writes them.
 *
 * Invariants:
 *  1. No cursor that is given out leaves its message.
 *  2. Every turn over TLVs or statistics takes at least four bytes.
 *
 * RFC 7854 section 4; RFC 8671 section 6; RFC 9069 section 4.
 */
#include "wire/bmp.h"

#include "wire/bgp.h"
#include "wire/bmp_statistic.h"

enum stat_shape stat_shape_of(uint16_t type)
{
	static const uint8_t shapes[BMP_STAT_COUNT] = {
		[BMP_STAT_REJECTED] = STAT_COUNTER,
		[BMP_STAT_DUPLICATE_ANNOUNCED] = STAT_COUNTER,
		[BMP_STAT_DUPLICATE_WITHDRAWN] = STAT_COUNTER,
		[BMP_STAT_CLUSTER_LOOP] = STAT_COUNTER,
		[BMP_STAT_AS_LOOP] = STAT_COUNTER,
		[BMP_STAT_ORIGINATOR_LOOP] = STAT_COUNTER,
		[BMP_STAT_CONFED_LOOP] = STAT_COUNTER,
		[BMP_STAT_ADJ_RIB_IN] = STAT_GAUGE,
		[BMP_STAT_LOC_RIB] = STAT_GAUGE,
		[BMP_STAT_FAMILY_ADJ_RIB_IN] = STAT_FAMILY_GAUGE,
		[BMP_STAT_FAMILY_LOC_RIB] = STAT_FAMILY_GAUGE,
		[BMP_STAT_WITHDRAWN_UPDATES] = STAT_COUNTER,
		[BMP_STAT_WITHDRAWN_PREFIXES] = STAT_COUNTER,
		[BMP_STAT_DUPLICATE_UPDATES] = STAT_COUNTER,
		[BMP_STAT_OUT_PRE_POLICY] = STAT_GAUGE,
		[BMP_STAT_OUT_POST_POLICY] = STAT_GAUGE,
		[BMP_STAT_FAMILY_OUT_PRE_POLICY] = STAT_FAMILY_GAUGE,
		[BMP_STAT_FAMILY_OUT_POST_POLICY] = STAT_FAMILY_GAUGE,
	};

	return type < BMP_STAT_COUNT ? (enum stat_shape)shapes[type] : STAT_UNKNOWN;
}

enum bmp_frame_status bmp_frame_read(
	const uint8_t *bytes, size_t length, struct bmp_frame *ret_frame)
{
	struct cursor c = cursor_of(bytes, length);

	if (length > 0 && bytes[0] != BMP_VERSION)
		return BMP_FRAME_FAULT;
	if (length < BMP_HEADER_SIZE)
		return BMP_FRAME_MORE;
	cursor_skip(&c, 1);
	ret_frame->length = cursor_u32(&c);
	ret_frame->type = cursor_u8(&c);
	if (ret_frame->length < BMP_HEADER_SIZE || ret_frame->length > BMP_MESSAGE_MAX)
		return BMP_FRAME_FAULT;
	if (length < ret_frame->length)
		return BMP_FRAME_MORE;
	ret_frame->body = cursor_sub(&c, ret_frame->length - BMP_HEADER_SIZE);
	return BMP_FRAME_WHOLE;
}

/* Sixteen bytes of which IPv4 uses the last four. */
static struct address address_take(struct cursor *c, bool six)
{
	const uint8_t *bytes = cursor_take(c, 16);

	if (bytes == NULL)
		return (struct address){ 0 };
	return six ? address_from_bytes(FAMILY_IPV6, bytes)
		   : address_from_bytes(FAMILY_IPV4, bytes + 12);
}

static void peer_take(struct cursor *c, struct bmp_peer *peer)
{
	peer->type = cursor_u8(c);
	peer->flags = cursor_u8(c);
	peer->distinguisher = cursor_u64(c);
	peer->address = address_take(c, peer->flags & BMP_FLAG_IPV6);
	if (peer->type == BMP_PEER_LOC_RIB)
		peer->address = (struct address){ 0 };
	peer->asn = cursor_u32(c);
	peer->router_id = cursor_u32(c);
	peer->time.ns = (int64_t)cursor_u32(c) * 1000000000;
	peer->time.ns += (int64_t)cursor_u32(c) * 1000;
}

/* A whole BGP message; empty and failed if there is none. */
static struct cursor bgp_take(struct cursor *c)
{
	struct bgp_frame frame;
	struct bgp_fault fault;

	if (bgp_frame_read(c->at, cursor_left(c), BGP_EXTENDED_MESSAGE_MAX, &frame, &fault) !=
		BGP_FRAME_WHOLE) {
		c->failed = true;
		return (struct cursor){ .failed = true };
	}
	return cursor_sub(c, frame.length);
}

static void up_read(struct cursor *c, struct bmp_message *message)
{
	bool six =
		message->peer.type != BMP_PEER_LOC_RIB && (message->peer.flags & BMP_FLAG_IPV6);

	message->up.local = address_take(c, six);
	if (message->peer.type == BMP_PEER_LOC_RIB)
		message->up.local = (struct address){ 0 };
	message->up.local_port = cursor_u16(c);
	message->up.remote_port = cursor_u16(c);
	message->up.sent_open = bgp_take(c);
	message->up.received_open = bgp_take(c);
	message->up.tlvs = *c;
}

static void down_read(struct cursor *c, struct bmp_message *message)
{
	struct bmp_peer_down *down = &message->down;

	down->reason = cursor_u8(c);
	if (down->reason == BMP_DOWN_LOCAL_EVENT)
		down->event = cursor_u16(c);
	/* Some routers have no NOTIFICATION to show though they say so. */
	else if ((down->reason == BMP_DOWN_LOCAL_NOTIFICATION ||
			 down->reason == BMP_DOWN_REMOTE_NOTIFICATION) &&
		 cursor_left(c) > 0)
		down->notification = bgp_take(c);
}

int bmp_message_read(const struct bmp_frame *frame, struct bmp_message *ret_message)
{
	struct cursor c = frame->body;

	*ret_message = (struct bmp_message){ .type = frame->type };
	if (frame->type == BMP_INITIATION || frame->type == BMP_TERMINATION) {
		ret_message->tlvs = c;
		return 0;
	}
	if (frame->type > BMP_ROUTE_MIRRORING)
		return ERROR_UNSUPPORTED;
	peer_take(&c, &ret_message->peer);
	if (frame->type == BMP_ROUTE_MONITORING) {
		ret_message->update = bgp_take(&c);
	} else if (frame->type == BMP_PEER_UP) {
		up_read(&c, ret_message);
	} else if (frame->type == BMP_PEER_DOWN) {
		down_read(&c, ret_message);
	} else if (frame->type == BMP_STATISTICS) {
		ret_message->statistic_count = cursor_u32(&c);
		ret_message->statistics = c;
	} else {
		ret_message->tlvs = c;
	}
	return c.failed ? ERROR_MALFORMED : 0;
}

bool bmp_tlv_next(struct cursor *tlvs, struct bmp_tlv *ret_tlv)
{
	if (tlvs->failed || cursor_left(tlvs) == 0)
		return false;
	ret_tlv->type = cursor_u16(tlvs);
	ret_tlv->value = cursor_sub(tlvs, cursor_u16(tlvs));
	return !tlvs->failed;
}

bool bmp_stat_next(struct cursor *statistics, struct bmp_stat *ret_stat)
{
	struct bmp_tlv tlv;

	while (bmp_tlv_next(statistics, &tlv)) {
		enum stat_shape shape = stat_shape_of(tlv.type);

		if (shape == STAT_UNKNOWN || cursor_left(&tlv.value) != (size_t)shape)
			continue;
		*ret_stat = (struct bmp_stat){ .type = tlv.type };
		if (shape == STAT_FAMILY_GAUGE) {
			ret_stat->afi = cursor_u16(&tlv.value);
			ret_stat->safi = cursor_u8(&tlv.value);
		}
		ret_stat->value =
			shape == STAT_COUNTER ? cursor_u32(&tlv.value) : cursor_u64(&tlv.value);
		return true;
	}
	return false;
}
