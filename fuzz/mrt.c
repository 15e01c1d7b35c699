/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MRT: any bytes, in pieces of a size that the first byte chooses, give the same records as in
 * one piece; every record gives something or adds to a counter; and what was read from it -
 * peers, routes, messages, states - is written and reads back the same.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/mrt_routes.h"
#include "wire/mrt_write.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t buffer[1u << 20], converted[1u << 17];
static const struct wall_time now = { 1700000000123456000 };

/* What was written is one record, to the byte. */
static bool back(const struct writer *w, struct mrt_record *ret_record)
{
	if (w->failed)
		return false;
	expect(mrt_frame_read(buffer, writer_length(w), ret_record) == MRT_FRAME_WHOLE);
	expect(ret_record->length == writer_length(w));
	return true;
}

/* ---- Peers. ---- */

static int peers_seen(
	void *context, const struct mrt_reader *reader, const struct mrt_record *record)
{
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct mrt_peer_table table;
	struct mrt_record again;
	struct mrt_peer peer;

	(void)context;
	(void)record;
	mrt_peer_table_write(&w, now, reader->collector_id, reader->view_name, reader->peers,
		reader->peer_count);
	if (!back(&w, &again))
		return 0;
	expect(mrt_peer_table_read(again.body, &table) == 0);
	expect(table.count == reader->peer_count && table.collector_id == reader->collector_id);
	for (unsigned i = 0; i < reader->peer_count; i++) {
		expect(mrt_peer_next(&table, &peer));
		expect(peer.asn == reader->peers[i].asn &&
			peer.router_id == reader->peers[i].router_id &&
			address_equal(&peer.address, &reader->peers[i].address));
	}
	expect(!mrt_peer_next(&table, &peer) && cursor_left(&table.peers) == 0);
	return 0;
}

/* ---- Routes. ---- */

static void entry_same(const struct mrt_route *route, const struct mrt_rib_entry *entry,
	struct arena *arena, struct bgp_update *ret_update)
{
	struct bgp_context context = { .four_octet_as = true, .ibgp = true };

	expect(entry->peer_index == (uint16_t)route->peer_index);
	expect(entry->originated_s == route->originated_s);
	expect(entry->path_id == (route->add_path ? route->path_id : 0));
	expect(bgp_attributes_read(entry->attributes, &context, arena, ret_update) == 0);
}

/* A route that is good stays good and the same, through a table dump, both ways of writing. */
static void check_written(const struct mrt_route *route)
{
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct writer c = writer_of(converted, sizeof(converted));
	struct mrt_rib_writer rib = mrt_rib_begin(
		&w, now, 7, &route->prefix, (enum bgp_safi)route->safi, route->add_path);
	struct arena arena = { 0 };
	struct bgp_update first, second;
	struct mrt_rib_entry entry;
	struct mrt_record again;
	struct mrt_rib read;

	mrt_rib_add(&rib, (uint16_t)route->peer_index, route->originated_s, route->path_id,
		route->attributes);
	expect(mrt_attributes_convert(&c, route->attribute_bytes, route->four_octet_as,
		       route->attributes) == 0);
	if (writer_length(&c) > UINT16_MAX)
		return;
	mrt_rib_add_bytes(&rib, (uint16_t)route->peer_index, route->originated_s,
		route->path_id, converted, (uint16_t)writer_length(&c));
	mrt_rib_end(&rib);
	if (!back(&w, &again))
		return;
	expect(mrt_is_rib(&again) && mrt_rib_read(&again, &read) == 0);
	expect(prefix_equal(&read.prefix, &route->prefix) && read.safi == route->safi);
	expect(read.count == 2 && read.sequence == 7 && read.add_path == route->add_path);
	expect(mrt_rib_next(&read, &entry));
	entry_same(route, &entry, &arena, &first);
	expect(mrt_rib_next(&read, &entry));
	entry_same(route, &entry, &arena, &second);
	expect(!mrt_rib_next(&read, &entry) && cursor_left(&read.entries) == 0);
	expect(first.verdict == BGP_VERDICT_GOOD);
	expect(bgp_attributes_equal(&first.attributes, &second.attributes));
	expect(address_equal(&first.attributes.next_hop, &route->attributes->next_hop));
	expect(bgp_as_path_length(&first.attributes) == bgp_as_path_length(route->attributes));
	arena_clear(&arena);
}

static int route_seen(void *context, const struct mrt_route *route)
{
	struct prefix clean = route->prefix;
	unsigned *budget = context;

	prefix_normalise(&clean);
	expect(prefix_equal(&clean, &route->prefix));
	expect((route->attributes == NULL) == (route->kind == MRT_ROUTE_WITHDRAW));
	if (route->kind != MRT_ROUTE_WITHDRAW && route->verdict == BGP_VERDICT_GOOD &&
		*budget > 0) {
		--*budget;
		check_written(route);
	}
	return 0;
}

/* ---- Messages. ---- */

static void check_message(const struct mrt_message *message)
{
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct mrt_message read;
	struct mrt_record again;

	expect(mrt_message_write(&w, now, message) == 0);
	if (!back(&w, &again))
		return;
	expect(again.type == MRT_BGP4MP_ET && again.time.ns == now.ns);
	expect(mrt_message_read(&again, &read) == 0);
	expect(read.peer_asn == message->peer_asn && read.local_asn == message->local_asn);
	expect(address_equal(&read.peer, &message->peer));
	expect(address_equal(&read.local, &message->local));
	expect(read.interface == message->interface && read.sent == message->sent);
	expect(read.four_octet_as == message->four_octet_as);
	expect(read.add_path == message->add_path);
	expect(read.state_change == message->state_change);
	expect(read.old_state == message->old_state && read.new_state == message->new_state);
	expect(cursor_left(&read.message) == cursor_left(&message->message));
	expect(cursor_left(&read.message) == 0 ||
		memcmp(read.message.at, message->message.at, cursor_left(&read.message)) == 0);
}

static int state_seen(
	void *context, const struct mrt_record *record, const struct mrt_message *message)
{
	(void)context;
	(void)record;
	check_message(message);
	return 0;
}

static int message_seen(void *context, const struct mrt_record *record,
	const struct mrt_message *message, const struct bgp_frame *frame)
{
	expect(frame->length <= cursor_left(&message->message));
	return state_seen(context, record, message);
}

/* ---- The whole. ---- */

struct total {
	uint64_t records, bytes, odd;
	size_t left;
};

static struct total run(const uint8_t *bytes, size_t length, size_t piece, bool check)
{
	unsigned budget = 64;
	const struct mrt_sink checks = { &budget, NULL, route_seen, state_seen, message_seen,
		peers_seen };
	const struct mrt_sink nothing = { 0 };
	struct mrt_reader reader = { 0 };
	struct mrt_stream stream = { 0 };
	struct mrt_record record;
	struct total total = { 0 };
	size_t room;

	for (size_t at = 0; at < length; at += piece) {
		size_t some = length - at < piece ? length - at : piece;
		uint8_t *target = mrt_stream_room(&stream, piece, &room);

		expect(target != NULL && room >= piece);
		memcpy(target, bytes + at, some);
		mrt_stream_filled(&stream, some);
		while (mrt_stream_next(&stream, &record)) {
			expect(record.length >= MRT_HEADER_SIZE);
			expect(mrt_reader_read(&reader, &record, check ? &checks : &nothing) ==
				0);
			total.bytes += record.length;
		}
	}
	total.records = stream.records;
	total.left = mrt_stream_left(&stream);
	for (int i = 0; i < MRT_COUNT_COUNT; i++)
		total.odd += reader.counts[i];
	expect(total.bytes + total.left <= length);
	expect(total.odd >= total.records);
	mrt_reader_clear(&reader);
	mrt_stream_clear(&stream);
	return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct total one, many;

	if (length < 1 || length > 1u << 18)
		return 0;
	one = run(bytes + 1, length - 1, length, true);
	many = run(bytes + 1, length - 1, 1 + (size_t)bytes[0], false);
	expect(one.records == many.records && one.bytes == many.bytes && one.left == many.left);
	return 0;
}
