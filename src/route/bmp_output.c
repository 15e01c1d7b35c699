/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of a BMP station, made when the socket can take it.
 *
 *     initiation -> peers down and up -> the queue -> tables, an UPDATE of each in turn
 *
 * Invariants: those of bmp.c, and
 *  5. Only whole messages are given out.
 *  6. A table is asked for only when there is room for any UPDATE.
 *
 * RFC 7854 sections 3.3, 4.2, 5; RFC 8671 section 4; RFC 9069 section 4.
 */
#include "route/bmp_internal.h"

#include <stdlib.h>

#include "wire/bgp_update.h"

/* RFC 7854 section 4.2, RFC 8671 section 4. */
struct bmp_peer bmp_view_header(
	const struct bmp_peer *header, enum bmp_view view, struct wall_time time)
{
	static const uint8_t flags[BMP_VIEW_COUNT] = {
		[BMP_VIEW_IN_PRE] = 0,
		[BMP_VIEW_IN_POST] = BMP_FLAG_POST_POLICY,
		[BMP_VIEW_OUT_PRE] = BMP_FLAG_ADJ_RIB_OUT,
		[BMP_VIEW_OUT_POST] = BMP_FLAG_ADJ_RIB_OUT | BMP_FLAG_POST_POLICY,
	};
	struct bmp_peer made = *header;

	made.time = time;
	if (made.type != BMP_PEER_LOC_RIB)
		made.flags |= flags[view];
	return made;
}

/* The loc-RIB has one view, whatever was asked for. */
bool bmp_view_wanted(
	const struct bmp_station *station, const struct peer *peer, enum bmp_view view)
{
	if (peer->header.type == BMP_PEER_LOC_RIB)
		return view == BMP_VIEW_IN_PRE;
	return (station->views >> view) & 1;
}

bool bmp_station_has_output(const struct bmp_station *station)
{
	if (!station->connected)
		return false;
	if (station->terminating)
		return !station->terminated;
	return !station->greeted || station->busy > 0 || station->first != NULL;
}

/* The first entry has done. */
static void queue_drop_first(struct bmp_station *station)
{
	struct queued *entry = station->first;

	station->first = entry->next;
	if (station->first == NULL)
		station->last = &station->first;
	station->counters.queued -= sizeof(*entry) + entry->length;
	free(entry);
}

/* Whether the message that was just written fits; else it is taken back. */
static bool keep(struct bmp_station *station, struct writer *w, uint8_t *before)
{
	if (w->failed) {
		w->failed = false;
		w->at = before;
		return false;
	}
	station->counters.messages++;
	return true;
}

static bool output_greeting(struct bmp_station *station, struct writer *w)
{
	uint8_t *before = w->at;

	if (station->greeted)
		return true;
	bmp_initiation_write(w, station->sys_name, station->sys_descr, NULL);
	station->greeted = keep(station, w, before);
	return station->greeted;
}

static bool output_down(struct bmp_station *station, struct peer *peer, struct writer *w)
{
	uint8_t *before = w->at;

	if (!peer->ended)
		return true;
	bmp_peer_down_write(w, &peer->told_header, &peer->down);
	if (!keep(station, w, before))
		return false;
	peer->ended = peer->told = false;
	station->counters.peers_told--;
	return true;
}

static bool output_up(struct bmp_station *station, struct peer *peer, struct writer *w)
{
	struct bmp_peer_up up = peer->session;
	uint8_t *before = w->at;

	if (!peer->up || peer->told)
		return true;
	up.table_name = peer->table_name[0] == '\0' ? NULL : peer->table_name;
	bmp_peer_up_write(w, &peer->header, &up);
	if (!keep(station, w, before))
		return false;
	peer->told = peer->dumping = true;
	peer->told_header = peer->header;
	peer->view = 0;
	peer->position = 0;
	station->counters.peers_told++;
	return true;
}

/* False: no room for one of them. */
static bool output_peers(struct bmp_station *station, struct writer *w)
{
	for (uint32_t i = 0; station->busy > 0 && i < station->peer_count; i++) {
		struct peer *peer = &station->peers[i];
		bool fitted;

		peer_begin(station, peer);
		fitted = output_down(station, peer, w) && output_up(station, peer, w);
		peer_end(station, peer);
		if (!fitted)
			return false;
	}
	return true;
}

static bool output_queue(struct bmp_station *station, struct writer *w)
{
	while (station->first != NULL) {
		const struct queued *entry = station->first;

		if (entry->epoch == station->peers[entry->peer].epoch) {
			if (writer_room(w) < entry->length)
				return false;
			writer_bytes(w, entry->bytes, entry->length);
			station->counters.messages++;
		}
		queue_drop_first(station);
	}
	return true;
}

/* RFC 7854 section 5: End-of-RIB for each family ends the table of a view. */
static void output_end(struct bmp_station *station, const struct peer *peer, struct writer *w)
{
	struct bmp_peer header = bmp_view_header(
		&peer->header, (enum bmp_view)peer->view, (struct wall_time){ 0 });

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		uint8_t bytes[64], *before = w->at;
		struct writer update = writer_of(bytes, sizeof(bytes));

		if (!peer->families[f])
			continue;
		bgp_end_of_rib_write(&update, (enum bgp_family)f);
		bmp_monitoring_write(w, &header, cursor_of(bytes, writer_length(&update)));
		(void)keep(station, w, before);
	}
}

/* One UPDATE of the table in hand, or its end; there is room for any. */
static void output_table(
	struct bmp_station *station, uint32_t number, struct peer *peer, struct writer *w)
{
	enum bmp_view view = (enum bmp_view)peer->view;
	struct bmp_peer header = bmp_view_header(&peer->header, view, (struct wall_time){ 0 });
	size_t head = BMP_HEADER_SIZE + BMP_PEER_HEADER_SIZE;
	uint8_t *start = w->at;
	struct writer update = writer_of(start + head, BMP_OUTPUT_LEAST - head);

	if (bmp_view_wanted(station, peer, view) &&
		station->sink.table(
			station->sink.context, number, view, &peer->position, &update)) {
		/* The UPDATE stands where bmp_monitoring_write would copy it to. */
		bmp_monitoring_write(w, &header, (struct cursor){ 0 });
		w->at += writer_length(&update);
		bytes_put_u32(start + 1, (uint32_t)(w->at - start));
		station->counters.messages++;
		return;
	}
	if (bmp_view_wanted(station, peer, view))
		output_end(station, peer, w);
	peer->position = 0;
	peer->view++;
	peer->dumping = peer->view < BMP_VIEW_COUNT;
}

/* Tables in turn, an UPDATE each, while there is room. */
static void output_tables(struct bmp_station *station, struct writer *w)
{
	uint32_t idle = 0;

	while (station->busy > 0 && idle < station->peer_count &&
		writer_room(w) >= BMP_OUTPUT_LEAST) {
		uint32_t number = station->turn++ % station->peer_count;
		struct peer *peer = &station->peers[number];

		idle = peer->dumping ? 0 : idle + 1;
		if (!peer->dumping)
			continue;
		peer_begin(station, peer);
		output_table(station, number, peer, w);
		peer_end(station, peer);
	}
}

size_t bmp_station_output(struct bmp_station *station, uint8_t *buffer, size_t room)
{
	struct writer w = writer_of(buffer, room);

	if (!station->connected || station->terminated)
		return 0;
	if (station->terminating) {
		bmp_termination_write(
			&w, station->reason, station->text[0] == '\0' ? NULL : station->text);
		station->terminated = keep(station, &w, buffer);
	} else if (output_greeting(station, &w) && output_peers(station, &w) &&
		   output_queue(station, &w)) {
		output_tables(station, &w);
	}
	station->counters.bytes += writer_length(&w);
	return writer_length(&w);
}
