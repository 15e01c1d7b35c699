/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing what MRT files hold: for people, as bgpdump -m does, as JSON.
 *
 * The fields of bgpdump -m, with | between:
 *
 *     type | time | B, A | peer | AS | prefix | path | origin | next hop | LOCAL_PREF | MED |
 *         communities | AG, NAG | aggregator |
 *     type | time | W | peer | AS | prefix
 *     type | time | STATE | peer | AS | old | new
 *
 * With path identifiers, type ends in _AP and the identifier stands behind the prefix.
 */
#include "cli/mrt_print.h"

#define HAS(attributes, code) bgp_attribute_present(attributes, BGP_ATTRIBUTE_##code)

/* ---- As bgpdump -m. ---- */

static const char *origin_name(const struct bgp_attributes *attributes)
{
	static const char *const names[] = { "IGP", "EGP", "INCOMPLETE" };

	return attributes->origin <= BGP_ORIGIN_INCOMPLETE ? names[attributes->origin] : "";
}

static void machine_community(struct lines *lines, uint32_t community)
{
	static const struct {
		uint32_t community;
		const char *name;
	} names[] = {
		{ BGP_COMMUNITY_NO_EXPORT, "no-export" },
		{ BGP_COMMUNITY_NO_ADVERTISE, "no-advertise" },
		{ BGP_COMMUNITY_NO_EXPORT_SUBCONFED, "local-AS" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].community != community)
			continue;
		lines_text(lines, names[i].name);
		return;
	}
	lines_number(lines, community >> 16);
	lines_char(lines, ':');
	lines_number(lines, community & 0xffff);
}

/* The record's type; bgpdump marks those whose routes have path identifiers. */
static void machine_type(struct lines *lines, const struct mrt_record *record, bool add_path)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ MRT_TABLE_DUMP, "TABLE_DUMP" },
		{ MRT_TABLE_DUMP_V2, "TABLE_DUMP2" },
		{ MRT_BGP4MP, "BGP4MP" },
		{ MRT_BGP4MP_ET, "BGP4MP_ET" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == record->type)
			lines_text(lines, names[i].name);
	lines_text(lines, add_path ? "_AP|" : "|");
}

static void machine_head(struct lines *lines, const struct mrt_record *record, const char *kind,
	const struct address *peer, uint32_t asn)
{
	lines_number(lines, (uint64_t)(record->time.ns / 1000000000));
	if (record->type == MRT_BGP4MP_ET) {
		lines_char(lines, '.');
		lines_digits(lines, (uint32_t)(record->time.ns % 1000000000 / 1000), 6);
	}
	lines_char(lines, '|');
	lines_text(lines, kind);
	lines_char(lines, '|');
	lines_address(lines, peer);
	lines_char(lines, '|');
	lines_number(lines, asn);
}

static void machine_attributes(struct lines *lines, const struct bgp_attributes *a)
{
	lines_char(lines, '|');
	lines_path(lines, a);
	lines_char(lines, '|');
	lines_text(lines, origin_name(a));
	lines_char(lines, '|');
	if (a->next_hop.family != FAMILY_NONE)
		lines_address(lines, &a->next_hop);
	lines_char(lines, '|');
	lines_number(lines, a->local_pref);
	lines_char(lines, '|');
	lines_number(lines, a->med);
	lines_char(lines, '|');
	for (unsigned i = 0; i < a->community_count; i++) {
		if (i > 0)
			lines_char(lines, ' ');
		machine_community(lines, a->communities[i]);
	}
	lines_text(lines, a->atomic_aggregate ? "|AG|" : "|NAG|");
	if (HAS(a, AGGREGATOR)) {
		lines_number(lines, a->aggregator_asn);
		lines_char(lines, ' ');
		lines_address(lines, &a->aggregator_address);
	}
	lines_char(lines, '|');
}

static void machine_route(struct lines *lines, const struct mrt_route *route)
{
	static const char *const kinds[] = {
		[MRT_ROUTE_TABLE] = "B",
		[MRT_ROUTE_ANNOUNCE] = "A",
		[MRT_ROUTE_WITHDRAW] = "W",
	};

	machine_type(lines, route->record, route->add_path);
	machine_head(lines, route->record, kinds[route->kind], &route->peer.address,
		route->peer.asn);
	lines_char(lines, '|');
	lines_prefix(lines, &route->prefix);
	if (route->add_path) {
		lines_char(lines, '|');
		lines_number(lines, route->path_id);
	}
	if (route->attributes != NULL)
		machine_attributes(lines, route->attributes);
	lines_char(lines, '\n');
}

static void machine_state(
	struct lines *lines, const struct mrt_record *record, const struct mrt_message *message)
{
	machine_type(lines, record, false);
	machine_head(lines, record, "STATE", &message->peer, message->peer_asn);
	lines_char(lines, '|');
	lines_number(lines, message->old_state);
	lines_char(lines, '|');
	lines_number(lines, message->new_state);
	lines_char(lines, '\n');
}

const struct mrt_printer mrt_printer_machine = { machine_route, machine_state, NULL };

/* ---- For people. ---- */

static void text_head(struct lines *lines, const struct mrt_record *record, const char *kind)
{
	lines_time(lines, record->time);
	lines_char(lines, ' ');
	lines_text(lines, kind);
}

static void text_peer(
	struct lines *lines, const char *before, const struct address *peer, uint32_t asn)
{
	lines_text(lines, before);
	lines_text(lines, "AS");
	lines_number(lines, asn);
	lines_char(lines, ' ');
	lines_address(lines, peer);
}

static void text_communities(struct lines *lines, const struct bgp_attributes *a)
{
	char text[BGP_COMMUNITY_TEXT_MAX];

	if (a->community_count + a->large_community_count + a->extended_community_count > 0)
		lines_text(lines, " communities");
	for (unsigned i = 0; i < a->community_count; i++) {
		lines_char(lines, ' ');
		lines_text(lines, bgp_community_format(a->communities[i], text));
	}
	for (unsigned i = 0; i < a->large_community_count; i++) {
		lines_char(lines, ' ');
		lines_text(lines, bgp_large_community_format(&a->large_communities[i], text));
	}
	for (unsigned i = 0; i < a->extended_community_count; i++) {
		lines_char(lines, ' ');
		lines_text(
			lines, bgp_extended_community_format(a->extended_communities[i], text));
	}
}

static void text_attributes(struct lines *lines, const struct bgp_attributes *a)
{
	lines_text(lines, " via ");
	lines_address(lines, &a->next_hop);
	lines_text(lines, " path ");
	lines_path(lines, a);
	lines_text(lines, a->as_path_size > 0 ? " " : "");
	lines_text(lines, origin_name(a));
	if (HAS(a, LOCAL_PREF)) {
		lines_text(lines, " pref ");
		lines_number(lines, a->local_pref);
	}
	if (HAS(a, MED)) {
		lines_text(lines, " med ");
		lines_number(lines, a->med);
	}
	text_communities(lines, a);
	if (a->atomic_aggregate)
		lines_text(lines, " atomic");
	if (HAS(a, AGGREGATOR))
		text_peer(lines, " aggregator ", &a->aggregator_address, a->aggregator_asn);
	if (HAS(a, ONLY_TO_CUSTOMER)) {
		lines_text(lines, " only-to-customer AS");
		lines_number(lines, a->only_to_customer);
	}
}

static void text_route(struct lines *lines, const struct mrt_route *route)
{
	static const char *const kinds[] = {
		[MRT_ROUTE_TABLE] = "table ",
		[MRT_ROUTE_ANNOUNCE] = "announce ",
		[MRT_ROUTE_WITHDRAW] = "withdraw ",
	};

	text_head(lines, route->record, kinds[route->kind]);
	lines_prefix(lines, &route->prefix);
	if (route->safi == BGP_SAFI_MULTICAST)
		lines_text(lines, " multicast");
	if (route->add_path) {
		lines_text(lines, " path-id ");
		lines_number(lines, route->path_id);
	}
	text_peer(
		lines, route->sent ? " to " : " from ", &route->peer.address, route->peer.asn);
	if (route->attributes != NULL)
		text_attributes(lines, route->attributes);
	if (route->verdict != BGP_VERDICT_GOOD) {
		lines_text(lines, " malformed: ");
		lines_text(lines, bgp_verdict_name(route->verdict));
	}
	lines_char(lines, '\n');
}

static const char *state_name(uint16_t state)
{
	static const char *const names[] = { "0", "Idle", "Connect", "Active", "OpenSent",
		"OpenConfirm", "Established" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static void text_state(
	struct lines *lines, const struct mrt_record *record, const struct mrt_message *message)
{
	text_head(lines, record, "state ");
	lines_text(lines, state_name(message->old_state));
	lines_text(lines, " -> ");
	lines_text(lines, state_name(message->new_state));
	text_peer(lines, " of ", &message->peer, message->peer_asn);
	lines_char(lines, '\n');
}

static void text_notification(struct lines *lines, const struct bgp_frame *frame)
{
	struct bgp_notification notification;
	char name[128];

	if (bgp_notification_read(frame->body, &notification) != 0)
		return;
	lines_char(lines, ' ');
	lines_text(lines, bgp_notification_name(
				  notification.code, notification.subcode, name, sizeof(name)));
	if (notification.text[0] == '\0')
		return;
	lines_text(lines, ": ");
	lines_text(lines, notification.text);
}

static const char *message_name(uint8_t type)
{
	static const char *const names[] = { [BGP_OPEN] = "open",
		[BGP_UPDATE] = "update",
		[BGP_NOTIFICATION] = "notification",
		[BGP_KEEPALIVE] = "keepalive",
		[BGP_ROUTE_REFRESH] = "route-refresh" };

	return type < sizeof(names) / sizeof(names[0]) && names[type] != NULL ? names[type]
									      : "unknown";
}

static void text_message(struct lines *lines, const struct mrt_record *record,
	const struct mrt_message *message, const struct bgp_frame *frame)
{
	text_head(lines, record, message_name(frame->type));
	text_peer(lines, message->sent ? " to " : " from ", &message->peer, message->peer_asn);
	if (frame->type == BGP_NOTIFICATION)
		text_notification(lines, frame);
	lines_char(lines, '\n');
}

const struct mrt_printer mrt_printer_text = { text_route, text_state, text_message };

/* ---- As JSON: an object a line, keys as in docs/mrt.md. ---- */

/* ,"key": */
static void json_key(struct lines *lines, const char *key)
{
	lines_text(lines, ",\"");
	lines_text(lines, key);
	lines_text(lines, "\":");
}

static void json_number(struct lines *lines, const char *key, uint64_t number)
{
	json_key(lines, key);
	lines_number(lines, number);
}

/* text needs no escapes. */
static void json_word(struct lines *lines, const char *key, const char *text)
{
	json_key(lines, key);
	lines_char(lines, '"');
	lines_text(lines, text);
	lines_char(lines, '"');
}

static void json_address(struct lines *lines, const char *key, const struct address *address)
{
	json_key(lines, key);
	lines_char(lines, '"');
	lines_address(lines, address);
	lines_char(lines, '"');
}

static void json_head(struct lines *lines, const struct mrt_record *record, const char *kind,
	const struct address *peer, uint32_t asn)
{
	lines_text(lines, "{\"kind\":\"");
	lines_text(lines, kind);
	lines_text(lines, "\",\"time\":\"");
	lines_time(lines, record->time);
	lines_char(lines, '"');
	json_address(lines, "peer", peer);
	json_number(lines, "peer_asn", asn);
}

/* A list of count texts, made one by one by format. */
static void json_list(struct lines *lines, const char *key, unsigned count,
	const struct bgp_attributes *a,
	const char *(*format)(const struct bgp_attributes *a, unsigned i, char *text))
{
	char text[BGP_COMMUNITY_TEXT_MAX];

	if (count == 0)
		return;
	json_key(lines, key);
	for (unsigned i = 0; i < count; i++) {
		lines_text(lines, i == 0 ? "[\"" : "\",\"");
		lines_text(lines, format(a, i, text));
	}
	lines_text(lines, "\"]");
}

static const char *community_at(const struct bgp_attributes *a, unsigned i, char *text)
{
	return bgp_community_format(a->communities[i], text);
}

static const char *large_community_at(const struct bgp_attributes *a, unsigned i, char *text)
{
	return bgp_large_community_format(&a->large_communities[i], text);
}

static const char *extended_community_at(const struct bgp_attributes *a, unsigned i, char *text)
{
	return bgp_extended_community_format(a->extended_communities[i], text);
}

static void json_attributes(struct lines *lines, const struct bgp_attributes *a)
{
	json_key(lines, "as_path");
	lines_char(lines, '"');
	lines_path(lines, a);
	lines_char(lines, '"');
	json_word(lines, "origin", origin_name(a));
	if (a->next_hop.family != FAMILY_NONE)
		json_address(lines, "next_hop", &a->next_hop);
	if (a->next_hop_link_local.family != FAMILY_NONE)
		json_address(lines, "next_hop_link_local", &a->next_hop_link_local);
	if (HAS(a, LOCAL_PREF))
		json_number(lines, "local_pref", a->local_pref);
	if (HAS(a, MED))
		json_number(lines, "med", a->med);
	json_list(lines, "communities", a->community_count, a, community_at);
	json_list(lines, "large_communities", a->large_community_count, a, large_community_at);
	json_list(lines, "extended_communities", a->extended_community_count, a,
		extended_community_at);
	if (a->atomic_aggregate)
		lines_text(lines, ",\"atomic_aggregate\":true");
	if (HAS(a, AGGREGATOR)) {
		json_number(lines, "aggregator_asn", a->aggregator_asn);
		json_address(lines, "aggregator", &a->aggregator_address);
	}
	if (HAS(a, ONLY_TO_CUSTOMER))
		json_number(lines, "only_to_customer", a->only_to_customer);
}

static void json_route(struct lines *lines, const struct mrt_route *route)
{
	static const char *const kinds[] = {
		[MRT_ROUTE_TABLE] = "table",
		[MRT_ROUTE_ANNOUNCE] = "announce",
		[MRT_ROUTE_WITHDRAW] = "withdraw",
	};

	json_head(lines, route->record, kinds[route->kind], &route->peer.address,
		route->peer.asn);
	if (route->sent)
		lines_text(lines, ",\"sent\":true");
	json_key(lines, "prefix");
	lines_char(lines, '"');
	lines_prefix(lines, &route->prefix);
	lines_char(lines, '"');
	if (route->safi == BGP_SAFI_MULTICAST)
		lines_text(lines, ",\"multicast\":true");
	if (route->add_path)
		json_number(lines, "path_id", route->path_id);
	if (route->kind == MRT_ROUTE_TABLE)
		json_number(lines, "originated", route->originated_s);
	if (route->attributes != NULL)
		json_attributes(lines, route->attributes);
	if (route->verdict != BGP_VERDICT_GOOD)
		json_word(lines, "malformed", bgp_verdict_name(route->verdict));
	lines_text(lines, "}\n");
}

static void json_state(
	struct lines *lines, const struct mrt_record *record, const struct mrt_message *message)
{
	json_head(lines, record, "state", &message->peer, message->peer_asn);
	json_word(lines, "old", state_name(message->old_state));
	json_word(lines, "new", state_name(message->new_state));
	lines_text(lines, "}\n");
}

static void json_message(struct lines *lines, const struct mrt_record *record,
	const struct mrt_message *message, const struct bgp_frame *frame)
{
	struct bgp_notification notification;

	json_head(lines, record, message_name(frame->type), &message->peer, message->peer_asn);
	if (message->sent)
		lines_text(lines, ",\"sent\":true");
	if (frame->type == BGP_NOTIFICATION &&
		bgp_notification_read(frame->body, &notification) == 0) {
		json_number(lines, "code", notification.code);
		json_number(lines, "subcode", notification.subcode);
	}
	lines_text(lines, "}\n");
}

const struct mrt_printer mrt_printer_json = { json_route, json_state, json_message };
