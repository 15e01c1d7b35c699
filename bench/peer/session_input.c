/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon says: UPDATEs are counted with the least work, all else goes through the
 * codec.
 *
 * An UPDATE is looked at as far as its lengths and its NLRI; attributes are read only to find
 * the MP ones of IPv6, or the sequence number of a probe.
 */
#include <string.h>

#include "session.h"
#include "wire/bgp_open.h"

/* ---- probes */

/* The number in the community of a probe; -1 if there is none. */
static int32_t probe_number(struct cursor attributes)
{
	while (cursor_left(&attributes) > 0) {
		uint8_t flags = cursor_u8(&attributes), code = cursor_u8(&attributes);
		size_t length = flags & 0x10 ? cursor_u16(&attributes) : cursor_u8(&attributes);
		struct cursor value = cursor_sub(&attributes, length);

		if (code != BGP_ATTRIBUTE_COMMUNITIES)
			continue;
		while (cursor_left(&value) >= 4) {
			uint32_t community = cursor_u32(&value);

			if (community >> 16 == 65000)
				return (int32_t)(community & 0xffff);
		}
	}
	return -1;
}

/* A daemon that is late may leave out numbers: each has arrived with the first that is not
 * below it. */
static void probe_seen(struct session *session, struct cursor attributes, uint64_t now_ns)
{
	int32_t number = probe_number(attributes);

	if (number < 0 || session->probe_ns == NULL)
		return;
	while (session->probe_next <= (uint32_t)number)
		session->probe_ns[session->probe_next++] = now_ns;
}

/* ---- UPDATE */

static bool is_watched(const uint8_t *at, size_t length)
{
	static const uint8_t watched[] = { 24, TABLE_WATCHED_IPV4 >> 24,
		TABLE_WATCHED_IPV4 >> 16 & 0xff, TABLE_WATCHED_IPV4 >> 8 & 0xff };

	return length == sizeof(watched) && memcmp(at, watched, sizeof(watched)) == 0;
}

static size_t prefixes_in(const uint8_t *at, const uint8_t *end)
{
	size_t count = 0;

	for (; at < end; count++)
		at += 1 + (*at + 7) / 8;
	return count;
}

static bool take(struct session *session, const uint8_t *at, const uint8_t *end, bool add)
{
	uint64_t *counter = add ? &session->announced : &session->withdrawn;

	if (session->options.duty != SESSION_RECEIVE) {
		*counter += prefixes_in(at, end);
		return true;
	}
	if (!prefix_set_update(&session->reachable, at, end, add))
		return false;
	*counter += prefixes_in(at, end);
	return true;
}

/* MP_REACH_NLRI and MP_UNREACH_NLRI of the family: RFC 4760 sections 3 and 4. */
static bool take_mp(struct session *session, struct cursor attributes)
{
	uint16_t afi = bgp_family_afi(session->options.family);

	while (cursor_left(&attributes) > 0) {
		uint8_t flags = cursor_u8(&attributes), code = cursor_u8(&attributes);
		size_t length = flags & 0x10 ? cursor_u16(&attributes) : cursor_u8(&attributes);
		struct cursor value = cursor_sub(&attributes, length);
		bool reach = code == BGP_ATTRIBUTE_MP_REACH;

		if ((!reach && code != BGP_ATTRIBUTE_MP_UNREACH) || cursor_u16(&value) != afi)
			continue;
		cursor_skip(&value, 1);
		if (reach) {
			cursor_skip(&value, cursor_u8(&value));
			cursor_skip(&value, 1);
		}
		if (value.failed || !take(session, value.at, value.end, reach))
			return false;
	}
	return !attributes.failed;
}

static bool take_update(struct session *session, struct cursor body, uint64_t now_ns)
{
	struct cursor withdrawn = cursor_sub(&body, cursor_u16(&body));
	struct cursor attributes = cursor_sub(&body, cursor_u16(&body));

	session->messages++;
	if (body.failed || withdrawn.failed || attributes.failed)
		return false;
	if (cursor_left(&withdrawn) + cursor_left(&attributes) + cursor_left(&body) == 0)
		return true; /* End-of-RIB */
	if (is_watched(body.at, cursor_left(&body))) {
		probe_seen(session, attributes, now_ns);
		return true;
	}
	session->last_update_ns = now_ns;
	if (session->options.family != BGP_IPV4_UNICAST)
		return take_mp(session, attributes);
	return take(session, withdrawn.at, withdrawn.end, false) &&
	       take(session, body.at, body.end, true);
}

/* ---- the other messages */

static bool take_open(struct session *session, struct cursor body, const char **ret_why)
{
	uint8_t bytes[BGP_HEADER_SIZE];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bgp_fault fault;
	struct bgp_open open;

	if (session->state != SESSION_OPENING || bgp_open_read(body, &open, &fault) != 0) {
		*ret_why = "an OPEN that is not understood";
		return false;
	}
	bgp_keepalive_write(&w);
	session_control(session, &w);
	return true;
}

static void take_keepalive(struct session *session, uint64_t now_ns)
{
	if (session->state == SESSION_OPENING)
		session_established(session, now_ns);
	else if (now_ns - session->last_keepalive_ns > session->keepalive_gap_ns)
		session->keepalive_gap_ns = now_ns - session->last_keepalive_ns;
	session->last_keepalive_ns = now_ns;
}

static bool take_frame(struct session *session, const struct bgp_frame *frame, uint64_t now_ns,
	const char **ret_why)
{
	static char notification[128];
	struct bgp_notification read;

	switch (frame->type) {
	case BGP_UPDATE:
		*ret_why = "an UPDATE that is not understood";
		return take_update(session, frame->body, now_ns);
	case BGP_OPEN:
		return take_open(session, frame->body, ret_why);
	case BGP_KEEPALIVE:
		take_keepalive(session, now_ns);
		return true;
	case BGP_NOTIFICATION:
		*ret_why = "a NOTIFICATION";
		if (bgp_notification_read(frame->body, &read) == 0)
			*ret_why = bgp_notification_name(
				read.code, read.subcode, notification, sizeof(notification));
		return false;
	default:
		return true;
	}
}

bool session_input(struct session *session, uint64_t now_ns, const char **ret_why)
{
	const uint8_t *at = session->input;
	size_t left = session->input_length;
	enum bgp_frame_status status;
	struct bgp_frame frame;
	struct bgp_fault fault;

	while ((status = bgp_frame_read(at, left, BGP_MESSAGE_MAX, &frame, &fault)) ==
		BGP_FRAME_WHOLE) {
		if (!take_frame(session, &frame, now_ns, ret_why))
			return false;
		at += frame.length;
		left -= frame.length;
	}
	*ret_why = "bytes that are not BGP";
	memmove(session->input, at, left);
	session->input_length = left;
	return status == BGP_FRAME_MORE;
}
