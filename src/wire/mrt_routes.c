/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From records to routes.
 *
 *     PEER_INDEX_TABLE -------------> the peers, until the next one
 *     TABLE_DUMP, TABLE_DUMP_V2 ----> a route an entry
 *     BGP4MP -> frame -> UPDATE ----> a route a prefix
 *     anything else ----------------> a counter
 *
 * Invariants:
 *  1. Nothing in a file ends the reading but the sink: what is odd is counted and passed over.
 *  2. A record that gives no route, state or message adds to a counter.
 *  3. The arena holds one entry's or one message's attributes, never more.
 *
 * RFC 6396, RFC 8050; RFC 7606 for the attributes.
 */
#include "wire/mrt_routes.h"

#include <stdlib.h>

static const struct count_row {
	const char *key, *text;
} count_rows[MRT_COUNT_COUNT] = {
	[MRT_COUNT_PEER_TABLES] = { "peer_tables", "tables of peers" },
	[MRT_COUNT_PREFIXES] = { "prefix_records", "records with the routes of a prefix" },
	[MRT_COUNT_ENTRIES] = { "entries", "routes in tables" },
	[MRT_COUNT_UPDATES] = { "updates", "UPDATE messages" },
	[MRT_COUNT_OTHER_MESSAGES] = { "other_messages", "other BGP messages" },
	[MRT_COUNT_STATE_CHANGES] = { "state_changes", "changes of state" },
	[MRT_COUNT_FULL_MP_REACH] = { "full_mp_reach",
		"routes in tables with a whole MP_REACH_NLRI" },
	[MRT_ODD_OTHER_TYPE] = { "other_type", "records of other types" },
	[MRT_ODD_OTHER_SUBTYPE] = { "other_subtype", "records of other subtypes or families" },
	[MRT_ODD_GENERIC] = { "generic", "RIB_GENERIC records, not read" },
	[MRT_ODD_MALFORMED_RECORD] = { "malformed_record", "records that break their format" },
	[MRT_ODD_ENTRIES_CUT] = { "entries_cut", "records with fewer entries than they say" },
	[MRT_ODD_TRAILING_BYTES] = { "trailing_bytes", "records with bytes behind their end" },
	[MRT_ODD_UNKNOWN_PEER] = { "unknown_peer", "routes of peers that no table names" },
	[MRT_ODD_HOST_BITS] = { "host_bits", "prefixes with bits behind their length" },
	[MRT_ODD_MALFORMED_MESSAGE] = { "malformed_message",
		"BGP messages whose prefixes cannot be told" },
	[MRT_ODD_MALFORMED_ATTRIBUTES] = { "malformed_attributes",
		"attribute lists that a router would treat as a withdrawal" },
	[MRT_ODD_DISCARDED_ATTRIBUTES] = { "discarded_attributes",
		"attribute lists with an attribute that a router would discard" },
	[MRT_ODD_UNKNOWN_ATTRIBUTES] = { "unknown_attributes",
		"attributes that are not understood" },
	[MRT_ODD_OTHER_FAMILY] = { "other_family", "prefix fields of other families" },
};

const char *mrt_count_key(enum mrt_count count)
{
	return count_rows[count].key;
}

const char *mrt_count_text(enum mrt_count count)
{
	return count_rows[count].text;
}

void mrt_reader_restart(struct mrt_reader *reader)
{
	free(reader->peers);
	free(reader->view_name);
	reader->peers = NULL;
	reader->view_name = NULL;
	reader->peer_count = 0;
}

void mrt_reader_clear(struct mrt_reader *reader)
{
	mrt_reader_restart(reader);
	arena_clear(&reader->arena);
	*reader = (struct mrt_reader){ 0 };
}

/* One record on its way. */
struct turn {
	struct mrt_reader *reader;
	const struct mrt_record *record;
	const struct mrt_sink *sink;
};

static int odd(const struct turn *turn, enum mrt_count count)
{
	turn->reader->counts[count]++;
	return 0;
}

/* ---- Peers. ---- */

static char *view_name_copy(const struct mrt_peer_table *table)
{
	char *name = malloc(table->view_name_length + (size_t)1);

	if (name == NULL)
		return NULL;
	for (unsigned i = 0; i < table->view_name_length; i++) {
		char c = table->view_name[i];

		name[i] = c < 0x20 || c == 0x7f ? '?' : c;
	}
	name[table->view_name_length] = '\0';
	return name;
}

static int read_peers(const struct turn *turn)
{
	struct mrt_reader *reader = turn->reader;
	struct mrt_peer_table table;
	struct mrt_peer *peers;
	char *name;

	if (mrt_peer_table_read(turn->record->body, &table) != 0)
		return odd(turn, MRT_ODD_MALFORMED_RECORD);
	peers = calloc(table.count + (size_t)1, sizeof(*peers));
	name = view_name_copy(&table);
	if (peers == NULL || name == NULL) {
		free(peers);
		free(name);
		return ERROR_MEMORY;
	}
	free(reader->peers);
	free(reader->view_name);
	reader->peers = peers;
	reader->view_name = name;
	reader->peer_count = table.count;
	reader->collector_id = table.collector_id;
	for (unsigned i = 0; i < reader->peer_count; i++)
		(void)mrt_peer_next(&table, &peers[i]);
	if (cursor_left(&table.peers) > 0)
		odd(turn, MRT_ODD_TRAILING_BYTES);
	reader->counts[MRT_COUNT_PEER_TABLES]++;
	return turn->sink->peers == NULL
		       ? 0
		       : turn->sink->peers(turn->sink->context, reader, turn->record);
}

/* ---- Attributes. ---- */

/* All that a session may carry: nothing was negotiated with a file. LOCAL_PREF and what else is
 * for internal sessions is kept, as collectors write it down. */
static struct bgp_context context_of(bool four_octet_as, bool add_path)
{
	return (struct bgp_context){
		.four_octet_as = four_octet_as,
		.ibgp = true,
		.family = { true, true },
		.extended_next_hop = { true, true },
		.add_path_receive = { add_path, add_path },
		.message_max = BGP_EXTENDED_MESSAGE_MAX,
	};
}

static void count_verdict(const struct turn *turn, const struct bgp_update *update)
{
	uint64_t *counts = turn->reader->counts;

	counts[MRT_ODD_UNKNOWN_ATTRIBUTES] += update->unknown_attributes;
	if (update->verdict >= BGP_VERDICT_SESSION_RESET)
		counts[MRT_ODD_MALFORMED_MESSAGE]++;
	else if (update->verdict >= BGP_VERDICT_TREAT_AS_WITHDRAW)
		counts[MRT_ODD_MALFORMED_ATTRIBUTES]++;
	else if (update->verdict == BGP_VERDICT_ATTRIBUTE_DISCARD)
		counts[MRT_ODD_DISCARDED_ATTRIBUTES]++;
}

static bool wanted(const struct mrt_sink *sink, const struct mrt_route *route)
{
	return sink->route != NULL &&
	       (sink->wanted == NULL || sink->wanted(sink->context, route));
}

/* ---- Table dumps. ---- */

static int read_entry(const struct turn *turn, const struct mrt_rib *rib,
	const struct mrt_rib_entry *entry, struct mrt_route *route)
{
	struct mrt_reader *reader = turn->reader;
	struct bgp_context context = context_of(!rib->in_one, false);
	struct bgp_update update;
	int code;

	reader->counts[MRT_COUNT_ENTRIES]++;
	if (rib->in_one)
		route->peer = entry->peer;
	else if (entry->peer_index < reader->peer_count)
		route->peer = reader->peers[entry->peer_index];
	else
		odd(turn, MRT_ODD_UNKNOWN_PEER);
	route->peer_index = entry->peer_index;
	route->originated_s = entry->originated_s;
	route->path_id = entry->path_id;
	route->attribute_bytes = entry->attributes;
	route->attributes = NULL;
	if (!wanted(turn->sink, route))
		return 0;
	arena_reset(&reader->arena);
	code = bgp_attributes_read(entry->attributes, &context, &reader->arena, &update);
	if (code != 0)
		return code;
	count_verdict(turn, &update);
	reader->counts[MRT_COUNT_FULL_MP_REACH] += update.mp_reach_full;
	route->attributes = &update.attributes;
	route->verdict = update.verdict;
	return turn->sink->route(turn->sink->context, route);
}

static int read_rib(const struct turn *turn)
{
	struct mrt_rib rib;
	struct mrt_rib_entry entry;
	int code = mrt_rib_read(turn->record, &rib);

	if (code != 0)
		return odd(turn, MRT_ODD_MALFORMED_RECORD);
	turn->reader->counts[MRT_COUNT_PREFIXES]++;
	if (rib.host_bits)
		odd(turn, MRT_ODD_HOST_BITS);
	while (code == 0 && mrt_rib_next(&rib, &entry)) {
		struct mrt_route route = { .kind = MRT_ROUTE_TABLE,
			.record = turn->record,
			.safi = rib.safi,
			.prefix = rib.prefix,
			.add_path = rib.add_path,
			.four_octet_as = !rib.in_one };

		code = read_entry(turn, &rib, &entry, &route);
	}
	if (code == 0 && rib.taken < rib.count)
		return odd(turn, MRT_ODD_ENTRIES_CUT);
	if (code == 0 && cursor_left(&rib.entries) > 0)
		return odd(turn, MRT_ODD_TRAILING_BYTES);
	return code;
}

/* ---- Messages. ---- */

/* The prefixes of one field of an UPDATE. */
static int read_field(const struct turn *turn, struct bgp_nlri nlri, struct mrt_route *route)
{
	const struct bgp_attributes *attributes = route->attributes;

	route->add_path = nlri.add_path;
	while (bgp_nlri_next(&nlri, &route->prefix, &route->path_id)) {
		int code;

		route->attributes = NULL;
		if (!wanted(turn->sink, route))
			continue;
		route->attributes = attributes;
		code = turn->sink->route(turn->sink->context, route);
		if (code != 0)
			return code;
	}
	route->attributes = attributes;
	return 0;
}

/* The list of attributes in the body of an UPDATE whose field lengths are good. */
static struct cursor attribute_list(struct cursor body)
{
	cursor_skip(&body, cursor_u16(&body));
	return cursor_sub(&body, cursor_u16(&body));
}

static int read_fields(
	const struct turn *turn, const struct bgp_update *update, struct mrt_route *route)
{
	struct bgp_attributes attributes = update->attributes;
	int code = 0;

	route->kind = MRT_ROUTE_WITHDRAW;
	for (unsigned i = 0; i < 2 && code == 0; i++)
		code = read_field(turn, update->withdrawn[i], route);
	route->kind = MRT_ROUTE_ANNOUNCE;
	route->verdict = update->verdict;
	route->attributes = &attributes;
	if (code == 0)
		code = read_field(turn, update->announced[0], route);
	attributes.present &= ~(1ull << BGP_ATTRIBUTE_NEXT_HOP);
	attributes.next_hop = update->mp_next_hop;
	attributes.next_hop_link_local = update->mp_next_hop_link_local;
	return code != 0 ? code : read_field(turn, update->announced[1], route);
}

static int read_update(const struct turn *turn, const struct mrt_message *message,
	const struct bgp_frame *frame)
{
	struct bgp_context context = context_of(message->four_octet_as, message->add_path);
	struct mrt_route route = { .record = turn->record,
		.peer = { .asn = message->peer_asn, .address = message->peer },
		.sent = message->sent,
		.safi = BGP_SAFI_UNICAST,
		.attribute_bytes = attribute_list(frame->body),
		.four_octet_as = message->four_octet_as };
	struct bgp_update update;
	int code;

	turn->reader->counts[MRT_COUNT_UPDATES]++;
	if (turn->sink->route == NULL)
		return 0;
	arena_reset(&turn->reader->arena);
	code = bgp_update_read(frame->body, &context, &turn->reader->arena, &update);
	if (code != 0)
		return code;
	count_verdict(turn, &update);
	turn->reader->counts[MRT_ODD_OTHER_FAMILY] += update.ignored_families;
	if (update.verdict >= BGP_VERDICT_SESSION_RESET)
		return 0;
	return read_fields(turn, &update, &route);
}

static int read_frame(const struct turn *turn, const struct mrt_message *message)
{
	struct cursor bytes = message->message;
	struct bgp_frame frame;
	struct bgp_fault fault;
	int code = 0;

	if (bgp_frame_read(bytes.at, cursor_left(&bytes), BGP_EXTENDED_MESSAGE_MAX, &frame,
		    &fault) != BGP_FRAME_WHOLE)
		return odd(turn, MRT_ODD_MALFORMED_MESSAGE);
	if (frame.length < cursor_left(&bytes))
		odd(turn, MRT_ODD_TRAILING_BYTES);
	if (frame.type != BGP_UPDATE)
		turn->reader->counts[MRT_COUNT_OTHER_MESSAGES]++;
	if (turn->sink->message != NULL)
		code = turn->sink->message(turn->sink->context, turn->record, message, &frame);
	if (code != 0 || frame.type != BGP_UPDATE)
		return code;
	return read_update(turn, message, &frame);
}

static int read_message(const struct turn *turn)
{
	struct mrt_message message;
	int code = mrt_message_read(turn->record, &message);

	if (code != 0)
		return odd(turn, code == ERROR_UNSUPPORTED ? MRT_ODD_OTHER_SUBTYPE
							   : MRT_ODD_MALFORMED_RECORD);
	if (!message.state_change)
		return read_frame(turn, &message);
	turn->reader->counts[MRT_COUNT_STATE_CHANGES]++;
	return turn->sink->state == NULL
		       ? 0
		       : turn->sink->state(turn->sink->context, turn->record, &message);
}

int mrt_reader_read(
	struct mrt_reader *reader, const struct mrt_record *record, const struct mrt_sink *sink)
{
	struct turn turn = { reader, record, sink };

	if (record->type == MRT_BGP4MP || record->type == MRT_BGP4MP_ET)
		return read_message(&turn);
	if (mrt_is_rib(record))
		return read_rib(&turn);
	if (record->type == MRT_TABLE_DUMP)
		return odd(&turn, MRT_ODD_OTHER_SUBTYPE);
	if (record->type != MRT_TABLE_DUMP_V2)
		return odd(&turn, MRT_ODD_OTHER_TYPE);
	if (record->subtype == MRT_PEER_INDEX_TABLE)
		return read_peers(&turn);
	if (record->subtype == MRT_RIB_GENERIC || record->subtype == MRT_RIB_GENERIC_ADDPATH)
		return odd(&turn, MRT_ODD_GENERIC);
	return odd(&turn, MRT_ODD_OTHER_SUBTYPE);
}
