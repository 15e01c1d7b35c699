/* SPDX-License-Identifier: Apache-2.0 */
/* See crowd.h. */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECES_MAX  100000u
#define PATIENCE_S  400
#define RESTART_S   4095
#define CHUNK_KEYS  256u
#define EXTRA_BYTES 512u

static void *checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

/* ---- Names. ---- */

struct prefix crowd_prefix(enum bgp_family family, uint32_t number)
{
	struct prefix prefix = { .length = 24 };

	prefix.address = address_ipv4(10u << 24 | number << 8);
	if (family == BGP_IPV4_UNICAST)
		return prefix;
	prefix = (struct prefix){ .address = { FAMILY_IPV6, { 0x20, 1, 0xd, 0xb8 } },
		.length = 48 };
	prefix.address.bytes[4] = (uint8_t)(number >> 8);
	prefix.address.bytes[5] = (uint8_t)number;
	return prefix;
}

static uint32_t number_of(const struct prefix *prefix)
{
	const uint8_t *b = prefix->address.bytes;

	return prefix->address.family == FAMILY_IPV4 ? (uint32_t)b[1] << 8 | b[2]
						     : (uint32_t)b[4] << 8 | b[5];
}

struct address crowd_address(enum family family, uint32_t member)
{
	struct address address = address_ipv4(0xc0000202u + member);

	if (family == FAMILY_IPV4)
		return address;
	address = (struct address){ FAMILY_IPV6, { 0x20, 1, 0xd, 0xb9 } };
	address.bytes[15] = (uint8_t)(2 + member);
	return address;
}

/* ---- The sink. ---- */

static struct crowd_member *member_of(struct crowd *crowd, const struct neighbor *neighbor)
{
	for (uint32_t i = 0; i < crowd->member_count; i++)
		if (crowd->members[i].neighbor == neighbor)
			return &crowd->members[i];
	return NULL;
}

static void on_connect(void *context, struct neighbor *neighbor)
{
	struct crowd *crowd = context;

	(void)neighbor;
	crowd->complaint = "a passive neighbour was connected to";
}

static void heard_forget(struct crowd_member *member, enum bgp_family family)
{
	for (uint32_t i = 0; i < member->crowd->prefixes; i++) {
		free(member->heard[family][i].bytes);
		member->heard[family][i] = (struct crowd_heard){ 0 };
	}
}

static void closed(struct crowd_member *member)
{
	member->open = member->ready = false;
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		heard_forget(member, (enum bgp_family)f);
}

static void on_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct crowd_member *member = member_of(context, neighbor);

	(void)direction;
	(void)last;
	(void)length;
	if (member != NULL)
		closed(member);
}

static void on_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct crowd_member *member = member_of(context, neighbor);

	(void)direction;
	if (member != NULL)
		member->ready = true;
}

static void on_event(void *context, const struct speaker_event *event)
{
	struct crowd *crowd = context;

	if (event->type == SPEAKER_MALFORMED)
		crowd->complaint = "the speaker takes an UPDATE for malformed";
}

/* ---- Hearing. ---- */

static void heard_set(struct crowd_member *member, enum bgp_family family,
	const struct prefix *prefix, const struct bgp_attributes *attributes)
{
	uint32_t number = number_of(prefix);
	struct crowd_heard *heard = &member->heard[family][number];
	uint8_t buffer[BGP_MESSAGE_MAX + EXTRA_BYTES];
	struct writer w = writer_of(buffer, sizeof(buffer));

	if (number >= member->crowd->prefixes) {
		member->crowd->complaint = "a prefix that nobody said";
		return;
	}
	free(heard->bytes);
	*heard = (struct crowd_heard){ 0 };
	if (attributes == NULL)
		return;
	bgp_attributes_write(&w, &member->context, attributes);
	heard->length = writer_length(&w);
	heard->bytes = checked(malloc(heard->length + 1));
	memcpy(heard->bytes, buffer, heard->length);
	heard->path_length = bgp_as_path_length(attributes);
	heard->path_origin = bgp_as_path_origin(attributes);
}

static void heard_all(
	struct crowd_member *member, struct bgp_nlri nlri, const struct bgp_attributes *a)
{
	struct prefix prefix;
	uint32_t path_id;

	while (bgp_nlri_next(&nlri, &prefix, &path_id))
		heard_set(member, (enum bgp_family)nlri.family, &prefix, a);
}

static void update_heard(struct crowd_member *member, const struct bgp_frame *frame)
{
	struct crowd *crowd = member->crowd;
	struct bgp_attributes attributes;
	struct bgp_update update;

	arena_reset(&crowd->arena);
	if (bgp_update_read(frame->body, &member->context, &crowd->arena, &update) != 0)
		abort();
	if (update.verdict != BGP_VERDICT_GOOD)
		crowd->complaint = "the speaker sent a malformed UPDATE";
	for (unsigned which = 0; which < 2; which++)
		heard_all(member, update.withdrawn[which], NULL);
	attributes = update.attributes;
	heard_all(member, update.announced[0], &attributes);
	attributes.next_hop = update.mp_next_hop;
	attributes.next_hop_link_local = update.mp_next_hop_link_local;
	attributes.present &= ~(1ull << BGP_ATTRIBUTE_NEXT_HOP);
	heard_all(member, update.announced[1], &attributes);
}

static void bytes_heard(struct crowd_member *member, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		struct bgp_frame frame;
		struct bgp_fault fault;

		if (bgp_frame_read(bytes, length, BGP_MESSAGE_MAX, &frame, &fault) !=
			BGP_FRAME_WHOLE) {
			member->crowd->complaint = "the speaker sent half a message";
			return;
		}
		if (frame.type == BGP_UPDATE)
			update_heard(member, &frame);
		bytes += frame.length;
		length -= frame.length;
	}
}

void crowd_listen(struct crowd *crowd)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];

	for (uint32_t i = 0; i < crowd->member_count; i++) {
		struct crowd_member *member = &crowd->members[i];

		while (member->open && member->ready && !member->deaf) {
			size_t length = speaker_output(crowd->speaker, member->neighbor,
				CONNECTION_INCOMING, buffer, sizeof(buffer), crowd->now);

			member->ready = length > 0;
			bytes_heard(member, buffer, length);
			if (length > 0)
				speaker_progress(crowd->speaker, member->neighbor,
					CONNECTION_INCOMING, true, crowd->now);
		}
	}
}

/* ---- Time. ---- */

void crowd_tick(struct crowd *crowd, unsigned pieces)
{
	while (pieces-- > 0 && instant_reached(speaker_deadline(crowd->speaker), crowd->now)) {
		speaker_tick(crowd->speaker, crowd->now);
		crowd_listen(crowd);
	}
}

void crowd_wait(struct crowd *crowd, struct duration d)
{
	crowd->now = instant_add(crowd->now, d);
	crowd_tick(crowd, PIECES_MAX);
}

void crowd_settle(struct crowd *crowd)
{
	for (uint32_t i = 0; i < crowd->member_count; i++)
		crowd->members[i].deaf = false;
	crowd_listen(crowd);
	crowd_tick(crowd, PIECES_MAX);
	crowd_listen(crowd);
	if (instant_reached(speaker_deadline(crowd->speaker), crowd->now))
		crowd->complaint = "the speaker has something to do forever";
	if (!speaker_settled(crowd->speaker))
		crowd->complaint = "the speaker does not settle";
}

/* ---- Saying. ---- */

static void send(struct crowd *crowd, struct crowd_member *member, const struct writer *w)
{
	if (w->failed)
		abort();
	if (member->open)
		speaker_received(crowd->speaker, member->neighbor, CONNECTION_INCOMING,
			w->start, writer_length(w), crowd->now);
	crowd_listen(crowd);
}

void crowd_say(struct crowd *crowd, uint32_t index, enum bgp_family family, uint32_t first,
	uint32_t end, uint32_t step, const struct bgp_attributes *attributes)
{
	struct crowd_member *member = &crowd->members[index];
	struct bgp_route_key keys[CHUNK_KEYS];

	while (first < end) {
		uint8_t buffer[BGP_MESSAGE_MAX];
		struct writer w = writer_of(buffer, sizeof(buffer));
		size_t count = 0, written;
		uint32_t at = first;

		for (; at < end && count < CHUNK_KEYS; at += step)
			keys[count++] =
				(struct bgp_route_key){ .prefix = crowd_prefix(family, at) };
		if ((attributes == NULL ? bgp_withdraw_write(&w, &member->context, family, keys,
						  count, &written)
					: bgp_update_write(&w, &member->context, family,
						  attributes, keys, count, &written)) != 0)
			abort();
		first += (uint32_t)written * step;
		send(crowd, member, &w);
	}
}

void crowd_end_of_rib(struct crowd *crowd, uint32_t index, enum bgp_family family)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));

	bgp_end_of_rib_write(&w, family);
	send(crowd, &crowd->members[index], &w);
}

void crowd_refresh(struct crowd *crowd, uint32_t index, enum bgp_family family,
	enum bgp_refresh_subtype subtype)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_refresh refresh = { bgp_family_afi(family), bgp_family_safi(family),
		(uint8_t)subtype };

	if (subtype == BGP_REFRESH_REQUEST)
		heard_forget(&crowd->members[index], family);
	bgp_refresh_write(&w, &refresh);
	send(crowd, &crowd->members[index], &w);
}

/* ---- Sessions. ---- */

static struct bgp_open open_of(
	const struct crowd_member *member, bool restarts, const bool forwarding[2])
{
	struct neighbor_view view;
	struct bgp_open open = { .router_id = member->router_id };
	struct bgp_capabilities *c = &open.capabilities;

	speaker_neighbor_view(member->neighbor, &view);
	open.asn = c->four_octet_asn = view.settings->asn;
	c->multiprotocol = c->route_refresh = c->enhanced_refresh = c->four_octet_as = true;
	c->role = BGP_ROLE_NONE;
	c->graceful_restart = restarts;
	c->restart_notification = restarts;
	c->restart_time_s = RESTART_S;
	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		c->family[f] = view.settings->families[f];
		c->restart_family[f] = restarts && c->family[f];
		c->restart_forwarding[f] = c->restart_family[f] && forwarding[f];
	}
	return open;
}

static struct connection_info info_of(uint32_t index)
{
	struct connection_info info = { .local = address_ipv4(0xc0000201u),
		.remote = crowd_address(FAMILY_IPV4, index),
		.local_port = 179,
		.remote_port = 40000,
		.directly_connected = true };

	info.interface_address[BGP_IPV4_UNICAST] = info.local;
	info.interface_address[BGP_IPV6_UNICAST] = (struct address){ FAMILY_IPV6,
		{ 0x20, 1, 0xd, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } };
	return info;
}

static bool established(const struct crowd_member *member)
{
	struct neighbor_view view;

	speaker_neighbor_view(member->neighbor, &view);
	return view.state == SESSION_ESTABLISHED;
}

bool crowd_connect(struct crowd *crowd, uint32_t index, bool restarts, const bool forwarding[2])
{
	struct crowd_member *member = &crowd->members[index];
	struct bgp_open open = open_of(member, restarts, forwarding);
	struct connection_info info = info_of(index);
	uint8_t buffer[BGP_MESSAGE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));

	member->deaf = false;
	for (unsigned s = 0; s < PATIENCE_S && !member->open; s++) {
		if (speaker_accept_begins(crowd->speaker, member->neighbor, crowd->now)) {
			member->open = true;
			member->open = speaker_accepted(
				crowd->speaker, member->neighbor, &info, crowd->now);
		}
		if (!member->open)
			crowd_wait(crowd, duration_seconds(1));
	}
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		member->context.family[f] = open.capabilities.family[f];
	crowd_listen(crowd);
	bgp_open_write(&w, &open);
	bgp_keepalive_write(&w);
	send(crowd, member, &w);
	return established(member);
}

void crowd_lose(struct crowd *crowd, uint32_t index, bool hard)
{
	static const struct bgp_fault fault = { .code = BGP_ERROR_CEASE,
		.subcode = BGP_CEASE_ADMIN_RESET };
	struct crowd_member *member = &crowd->members[index];
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));

	if (hard) {
		bgp_hard_reset_write(&w, &fault);
		send(crowd, member, &w);
	}
	if (!member->open)
		return;
	closed(member);
	speaker_closed(
		crowd->speaker, member->neighbor, CONNECTION_INCOMING, "lost", crowd->now);
	crowd_listen(crowd);
}

/* ---- Beginning and end. ---- */

void crowd_begin(struct crowd *crowd, uint32_t prefixes, uint64_t seed)
{
	struct speaker_settings settings = {
		.asn = CROWD_ASN, .router_id = 0x0a000001, .seed = seed
	};
	struct speaker_sink sink = { crowd, on_connect, on_disconnect, on_output_ready,
		on_event };

	*crowd = (struct crowd){ .now = { 1000000000 }, .prefixes = prefixes };
	crowd->speaker = checked(speaker_new(&settings, &sink));
}

void crowd_end(struct crowd *crowd)
{
	speaker_free(crowd->speaker);
	for (uint32_t i = 0; i < crowd->member_count; i++)
		for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
			heard_forget(&crowd->members[i], (enum bgp_family)f);
			free(crowd->members[i].heard[f]);
		}
	arena_clear(&crowd->arena);
}

struct neighbor_settings crowd_settings(uint32_t index, uint32_t asn)
{
	struct neighbor_settings settings = { .address = crowd_address(FAMILY_IPV4, index),
		.asn = asn,
		.local_asn = CROWD_ASN,
		.passive = true,
		.role = BGP_ROLE_NONE,
		.families = { true, true },
		.capabilities = true,
		.connect_retry = duration_seconds(5),
		.restart_time_s = RESTART_S,
		.stale_time = duration_seconds(RESTART_S) };

	snprintf(settings.name, sizeof(settings.name), "m%u", index);
	return settings;
}

uint32_t crowd_add(
	struct crowd *crowd, const struct neighbor_settings *settings, uint32_t router_id)
{
	struct crowd_member *member = &crowd->members[crowd->member_count];

	*member = (struct crowd_member){ .crowd = crowd,
		.index = crowd->member_count,
		.router_id = router_id,
		.context = { .four_octet_as = true,
			.ibgp = settings->asn == CROWD_ASN,
			.message_max = BGP_MESSAGE_MAX } };
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		member->heard[f] = checked(calloc(crowd->prefixes, sizeof(*member->heard[f])));
	member->neighbor = checked(speaker_neighbor_add(crowd->speaker, settings, crowd->now));
	return crowd->member_count++;
}

void crowd_replace(struct crowd *crowd, uint32_t index,
	const struct neighbor_settings *settings, uint32_t router_id)
{
	struct crowd_member *member = &crowd->members[index];

	speaker_neighbor_remove(crowd->speaker, member->neighbor, crowd->now);
	member->router_id = router_id;
	member->deaf = false;
	member->neighbor = checked(speaker_neighbor_add(crowd->speaker, settings, crowd->now));
	crowd_listen(crowd);
}
