/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From BMP to MRT.
 *
 *     PEER UP          -> state change OpenConfirm -> Established
 *     ROUTE MONITORING -> message, if it is of the view that is kept
 *     PEER DOWN, end   -> state change Established -> Idle
 *
 * Invariants:
 *  1. peers holds those that are up, and only those: a state change up is followed by one down.
 *  2. A message is written only between the two.
 */
#include "wire/bmp_mrt.h"

#include <stdlib.h>

#include "wire/bgp_attribute_table.h"
#include "wire/bgp_open.h"

#define STATE_OPEN_CONFIRM 5 /* RFC 6396 section 4.4.1 */

struct bmp_mrt_peer {
	uint8_t type; /* enum bmp_peer_type */
	uint64_t distinguisher;
	struct address address; /* as in the per-peer header */
	struct address shown, local;
	uint32_t asn, local_asn;
	bool add_path[BGP_UNICAST_COUNT]; /* by enum bgp_family */
};

const char *bmp_mrt_count_text(enum bmp_mrt_count count)
{
	static const char *const texts[BMP_MRT_COUNT_COUNT] = {
		[BMP_MRT_MESSAGES] = "messages",
		[BMP_MRT_STATES] = "changes of state",
		[BMP_MRT_OTHER_VIEW] = "messages of another view",
		[BMP_MRT_OTHER_TABLE] = "messages of a VPN's table",
		[BMP_MRT_STRANGERS] = "routes of a peer that never came up",
		[BMP_MRT_TOO_MANY] = "sessions beyond the cap of 4096",
		[BMP_MRT_ODD] = "sessions with addresses that no record can carry",
	};

	return texts[count];
}

/* ---- Peers. ---- */

static struct bmp_mrt_peer *peer_find(struct bmp_mrt *router, const struct bmp_peer *header)
{
	for (uint32_t i = 0; i < router->count; i++) {
		struct bmp_mrt_peer *peer = &router->peers[i];

		if (peer->type == header->type &&
			peer->distinguisher == header->distinguisher &&
			address_equal(&peer->address, &header->address))
			return peer;
	}
	return NULL;
}

/* NULL: no memory. */
static struct bmp_mrt_peer *peer_add(struct bmp_mrt *router)
{
	if (router->count == router->room) {
		uint32_t room = router->room == 0 ? 16 : router->room * 2;
		struct bmp_mrt_peer *peers = realloc(router->peers, room * sizeof(*peers));

		if (peers == NULL)
			return NULL;
		router->peers = peers;
		router->room = room;
	}
	return &router->peers[router->count++];
}

static bool open_of(struct cursor message, struct bgp_open *ret_open)
{
	struct bgp_fault fault;
	struct bgp_frame frame;

	return bgp_frame_read(message.at, cursor_left(&message), BGP_EXTENDED_MESSAGE_MAX,
		       &frame, &fault) == BGP_FRAME_WHOLE &&
	       frame.type == BGP_OPEN && bgp_open_read(frame.body, ret_open, &fault) == 0;
}

/* What the OPENs say: our number, and which families come with path identifiers (RFC 7911
 * section 4). An OPEN that can't be read says nothing. */
static void peer_learn(struct bmp_mrt_peer *peer, const struct bmp_peer_up *up)
{
	struct bgp_open sent = { 0 }, received = { 0 };
	bool both = open_of(up->sent_open, &sent);

	peer->local_asn = sent.asn;
	both = open_of(up->received_open, &received) && both;
	for (int f = 0; both && f < BGP_UNICAST_COUNT; f++)
		peer->add_path[f] =
			(sent.capabilities.add_path[f] & BGP_ADD_PATH_RECEIVE) != 0 &&
			(received.capabilities.add_path[f] & BGP_ADD_PATH_SEND) != 0;
}

static struct address any_of(enum family family)
{
	static const uint8_t zeroes[16];

	return address_from_bytes(family, zeroes);
}

static int state_tell(const struct bmp_mrt_peer *peer, bool up, struct wall_time time,
	const struct bmp_mrt_sink *sink)
{
	const struct mrt_message message = { .peer_asn = peer->asn,
		.local_asn = peer->local_asn,
		.peer = peer->shown,
		.local = peer->local,
		.four_octet_as = true,
		.state_change = true,
		.old_state = up ? STATE_OPEN_CONFIRM : MRT_STATE_ESTABLISHED,
		.new_state = up ? MRT_STATE_ESTABLISHED : MRT_STATE_IDLE };

	return sink->message(sink->context, time, &message);
}

static int peer_end(struct bmp_mrt *router, struct bmp_mrt_peer *peer, struct wall_time time,
	const struct bmp_mrt_sink *sink)
{
	const struct bmp_mrt_peer gone = *peer;

	*peer = router->peers[--router->count];
	router->counts[BMP_MRT_STATES]++;
	return state_tell(&gone, false, time, sink);
}

static int up_take(struct bmp_mrt *router, const struct bmp_message *message,
	struct wall_time time, const struct bmp_mrt_sink *sink)
{
	struct bmp_mrt_peer *old = peer_find(router, &message->peer), *peer;
	bool local = message->peer.type == BMP_PEER_LOC_RIB;
	int code = old == NULL ? 0 : peer_end(router, old, time, sink);

	if (code != 0)
		return code;
	if (router->count == BMP_MRT_PEERS_MAX) {
		router->counts[BMP_MRT_TOO_MANY]++;
		return 0;
	}
	if (!local && message->peer.address.family == FAMILY_NONE) {
		router->counts[BMP_MRT_ODD]++;
		return 0;
	}
	peer = peer_add(router);
	if (peer == NULL)
		return ERROR_MEMORY;
	*peer = (struct bmp_mrt_peer){ .type = message->peer.type,
		.distinguisher = message->peer.distinguisher,
		.address = message->peer.address,
		.shown = local ? router->router : message->peer.address,
		.local = message->up.local,
		.asn = message->peer.asn };
	if (peer->local.family != peer->shown.family)
		peer->local = any_of(peer->shown.family);
	peer_learn(peer, &message->up);
	router->counts[BMP_MRT_STATES]++;
	return state_tell(peer, true, time, sink);
}

/* ---- Messages. ---- */

/* The family of the routes of an UPDATE: that of the first MP attribute, else IPv4. */
static enum bgp_family update_family(struct cursor message)
{
	struct cursor attributes;

	cursor_skip(&message, BGP_HEADER_SIZE);
	cursor_skip(&message, cursor_u16(&message));
	attributes = cursor_sub(&message, cursor_u16(&message));
	while (!attributes.failed && cursor_left(&attributes) > 0) {
		uint8_t flags = cursor_u8(&attributes), code = cursor_u8(&attributes);
		size_t length = flags & ATTRIBUTE_EXTENDED ? cursor_u16(&attributes)
							   : cursor_u8(&attributes);
		struct cursor value = cursor_sub(&attributes, length);

		if (code == BGP_ATTRIBUTE_MP_REACH || code == BGP_ATTRIBUTE_MP_UNREACH)
			return cursor_u16(&value) == BGP_AFI_IPV6 ? BGP_IPV6_UNICAST
								  : BGP_IPV4_UNICAST;
	}
	return BGP_IPV4_UNICAST;
}

static int update_take(struct bmp_mrt *router, const struct bmp_message *message,
	struct wall_time time, const struct bmp_mrt_sink *sink)
{
	const struct bmp_mrt_peer *peer = peer_find(router, &message->peer);
	struct mrt_message record;

	if (peer == NULL) {
		router->counts[BMP_MRT_STRANGERS]++;
		return 0;
	}
	record = (struct mrt_message){ .peer_asn = peer->asn,
		.local_asn = peer->local_asn,
		.peer = peer->shown,
		.local = peer->local,
		.four_octet_as = (message->peer.flags & BMP_FLAG_AS_2) == 0 ||
				 peer->type == BMP_PEER_LOC_RIB,
		.add_path = peer->add_path[update_family(message->update)],
		.message = message->update };
	/* Numbers of two octets in the path, and longer ones in the record: the record's are
	 * AS_TRANS then (RFC 6793 section 9). */
	if (!record.four_octet_as) {
		record.peer_asn = record.peer_asn > UINT16_MAX ? BGP_AS_TRANS : record.peer_asn;
		record.local_asn =
			record.local_asn > UINT16_MAX ? BGP_AS_TRANS : record.local_asn;
	}
	router->counts[BMP_MRT_MESSAGES]++;
	return sink->message(sink->context, time, &record);
}

/* ---- What is kept. ---- */

static bool is_of_view(const struct bmp_mrt *router, const struct bmp_peer *peer)
{
	if (peer->type == BMP_PEER_LOC_RIB)
		return router->view == BMP_MRT_BEST;
	if (peer->flags & BMP_FLAG_ADJ_RIB_OUT)
		return false;
	return router->view ==
	       (peer->flags & BMP_FLAG_POST_POLICY ? BMP_MRT_ACCEPTED : BMP_MRT_RECEIVED);
}

/* Sessions are told once, whatever the view of their flags; those of the loc-RIB apart. */
static bool is_of_sessions(const struct bmp_mrt *router, const struct bmp_peer *peer)
{
	return (peer->type == BMP_PEER_LOC_RIB) == (router->view == BMP_MRT_BEST);
}

int bmp_mrt_take(struct bmp_mrt *router, const struct bmp_message *message,
	struct wall_time now, const struct bmp_mrt_sink *sink)
{
	const struct bmp_peer *header = &message->peer;
	struct wall_time time = header->time.ns > 0 ? header->time : now;
	bool update = message->type == BMP_ROUTE_MONITORING;
	struct bmp_mrt_peer *peer;

	if (!update && message->type != BMP_PEER_UP && message->type != BMP_PEER_DOWN)
		return 0;
	if (header->type == BMP_PEER_DISTINGUISHED) {
		router->counts[BMP_MRT_OTHER_TABLE]++;
		return 0;
	}
	if (update ? !is_of_view(router, header) : !is_of_sessions(router, header)) {
		router->counts[BMP_MRT_OTHER_VIEW] += update;
		return 0;
	}
	if (update)
		return update_take(router, message, time, sink);
	if (message->type == BMP_PEER_UP)
		return up_take(router, message, time, sink);
	peer = peer_find(router, header);
	return peer == NULL ? 0 : peer_end(router, peer, time, sink);
}

int bmp_mrt_end(struct bmp_mrt *router, struct wall_time now, const struct bmp_mrt_sink *sink)
{
	int code = 0;

	while (code == 0 && router->count > 0)
		code = peer_end(router, &router->peers[router->count - 1], now, sink);
	return code;
}

void bmp_mrt_clear(struct bmp_mrt *router)
{
	free(router->peers);
	router->peers = NULL;
	router->count = router->room = 0;
}
