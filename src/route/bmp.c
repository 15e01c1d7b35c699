/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BMP station's view of us: what happens, and what of it waits. Messages are made in
 * bmp_output.c.
 *
 * A peer, as the station is told of it:
 *
 *                  up                     output                     table at its end
 *     NOT TOLD ----------> (wants up) -------------> TOLD, dumping --------------------> TOLD
 *        ^                                             |                                  |
 *        |             output: peer down               |  down, or the queue overflowed   |
 *        +------------------------- (wants down) <-----+----------------------------------+
 *
 * Order of output: initiation; peers down and up; the queue; tables. Tables yield to the queue,
 * and both ways are right: what changed since a table was begun is in the queue behind it, so
 * that the newest comes last.
 *
 * Invariants:
 *  1. Route monitoring and statistics of a peer are sent only between its peer up and its peer
 *     down (RFC 7854 section 3.3): the queue takes them only of a peer that is TOLD, and what
 *     waits when that ends has an old epoch and is not sent.
 *  2. queued is at most queue_max.
 *  3. When the queue has been lost, every peer that lost something wants down and up again.
 *  4. busy is the number of peers that want something or dump.
 *
 * RFC 7854 sections 3.2, 3.3, 4, 5; RFC 8671; RFC 9069.
 */
#include "route/bmp_internal.h"

#include <stdlib.h>

#define OPENS_MAX (2u * BGP_MESSAGE_MAX)

/* ---- Life. ---- */

static void text_copy(char target[BMP_NAME_SIZE], const char *text)
{
	size_t length = text == NULL ? 0 : strnlen(text, BMP_NAME_SIZE - 1);

	if (length > 0)
		memcpy(target, text, length);
	target[length] = '\0';
}

struct bmp_station *bmp_station_new(
	const struct bmp_station_settings *settings, const struct bmp_station_sink *sink)
{
	struct bmp_station *station = calloc(1, sizeof(*station));

	if (station == NULL)
		return NULL;
	station->sink = *sink;
	text_copy(station->sys_name, settings->sys_name);
	text_copy(station->sys_descr, settings->sys_descr);
	station->queue_max = settings->queue_max == 0 ? BMP_QUEUE_USUAL : settings->queue_max;
	if (station->queue_max < BMP_QUEUE_LEAST)
		station->queue_max = BMP_QUEUE_LEAST;
	station->views = settings->views == 0 ? 1u << BMP_VIEW_IN_PRE : settings->views;
	station->retry_least =
		settings->retry_least.ns > 0 ? settings->retry_least : duration_seconds(30);
	station->retry_most =
		settings->retry_most.ns > 0 ? settings->retry_most : duration_seconds(720);
	station->retry = station->retry_least;
	station->last = &station->first;
	return station;
}

static void queue_clear(struct bmp_station *station)
{
	struct queued *entry = station->first;

	while (entry != NULL) {
		struct queued *next = entry->next;

		free(entry);
		entry = next;
	}
	station->first = NULL;
	station->last = &station->first;
	station->counters.queued = 0;
}

void bmp_station_free(struct bmp_station *station)
{
	if (station == NULL)
		return;
	queue_clear(station);
	for (uint32_t i = 0; i < station->peer_count; i++) {
		free(station->peers[i].opens);
		free(station->peers[i].down_bytes);
	}
	free(station->peers);
	free(station);
}

/* ---- Peers. ---- */

static void announce_output(struct bmp_station *station)
{
	if (station->sink.output_ready != NULL && bmp_station_has_output(station))
		station->sink.output_ready(station->sink.context);
}

/* NULL if the number is out of range or there is no memory. */
static struct peer *peer_make(struct bmp_station *station, uint32_t number)
{
	uint32_t room = station->peer_count == 0 ? 16 : station->peer_count;
	struct peer *peers;

	if (number >= BMP_PEERS_MAX)
		return NULL;
	if (number < station->peer_count)
		return &station->peers[number];
	while (room <= number)
		room *= 2;
	peers = realloc(station->peers, room * sizeof(*peers));
	if (peers == NULL)
		return NULL;
	memset(peers + station->peer_count, 0, (room - station->peer_count) * sizeof(*peers));
	station->peers = peers;
	station->peer_count = room;
	return &peers[number];
}

static struct peer *peer_at(const struct bmp_station *station, uint32_t number)
{
	return number < station->peer_count ? &station->peers[number] : NULL;
}

/* The station loses the peer: what waits of it is void. reason may point into down_bytes. */
static void peer_lose(struct peer *peer, const struct bmp_peer_down *down)
{
	peer->epoch++;
	peer->dumping = false;
	if (!peer->told || peer->ended)
		return;
	peer->ended = true;
	peer->down = *down;
}

static int session_copy(
	struct peer *peer, const struct bmp_peer *header, const struct bmp_peer_up *up)
{
	size_t sent = cursor_left(&up->sent_open), received = cursor_left(&up->received_open);
	uint8_t *opens;

	if (sent + received > OPENS_MAX)
		return ERROR_RANGE;
	opens = malloc(sent + received + 1);
	if (opens == NULL)
		return ERROR_MEMORY;
	if (sent > 0)
		memcpy(opens, up->sent_open.at, sent);
	if (received > 0)
		memcpy(opens + sent, up->received_open.at, received);
	free(peer->opens);
	peer->opens = opens;
	peer->header = *header;
	peer->session = *up;
	peer->session.sent_open = cursor_of(opens, sent);
	peer->session.received_open = cursor_of(opens + sent, received);
	text_copy(peer->table_name, up->table_name);
	return 0;
}

int bmp_station_peer_up(struct bmp_station *station, uint32_t peer,
	const struct bmp_peer *header, const struct bmp_peer_up *up,
	const bool families[BGP_FAMILY_COUNT])
{
	struct peer *p = peer_make(station, peer);
	int code;

	if (p == NULL)
		return peer >= BMP_PEERS_MAX ? ERROR_RANGE : ERROR_MEMORY;
	peer_begin(station, p);
	/* A peer that was up already begins anew. */
	peer_lose(p, &(struct bmp_peer_down){ .reason = BMP_DOWN_NOT_MONITORED });
	code = session_copy(p, header, up);
	p->up = code == 0;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		p->families[f] = families[f];
	peer_end(station, p);
	announce_output(station);
	return code;
}

/* A copy that outlives the call; without memory the NOTIFICATION is left out, which a local one
 * may be, and a remote one becomes "no NOTIFICATION". */
static struct bmp_peer_down down_copy(struct peer *peer, const struct bmp_peer_down *down)
{
	size_t length = cursor_left(&down->notification);
	struct bmp_peer_down copy = *down;
	uint8_t *bytes = length == 0 ? NULL : malloc(length);

	copy.notification = (struct cursor){ 0 };
	if (bytes == NULL) {
		if (length > 0)
			copy.reason = down->reason == BMP_DOWN_REMOTE_NOTIFICATION
					      ? BMP_DOWN_REMOTE
					      : BMP_DOWN_LOCAL_EVENT;
		return copy;
	}
	memcpy(bytes, down->notification.at, length);
	free(peer->down_bytes);
	peer->down_bytes = bytes;
	copy.notification = cursor_of(bytes, length);
	return copy;
}

void bmp_station_peer_down(struct bmp_station *station, uint32_t peer,
	const struct bmp_peer_down *down, struct wall_time time)
{
	struct peer *p = peer_at(station, peer);
	struct bmp_peer_down copy;

	if (p == NULL || !p->up)
		return;
	peer_begin(station, p);
	p->up = false;
	/* One that waits for its peer down after an overflow gets the true reason. */
	if (p->told) {
		copy = down_copy(p, down);
		p->ended = false;
		peer_lose(p, &copy);
		p->told_header.time = time;
	} else {
		peer_lose(p, down);
	}
	peer_end(station, p);
	announce_output(station);
}

/* ---- The queue. ---- */

/* Everything that waits gives way; who loses something begins anew. */
static void overflow(struct bmp_station *station)
{
	const struct bmp_peer_down down = { .reason = BMP_DOWN_NOT_MONITORED };

	for (struct queued *entry = station->first; entry != NULL; entry = entry->next) {
		struct peer *peer = &station->peers[entry->peer];

		station->counters.dropped++;
		if (entry->epoch != peer->epoch)
			continue;
		peer_begin(station, peer);
		peer_lose(peer, &down);
		peer_end(station, peer);
	}
	queue_clear(station);
	station->counters.resyncs++;
}

/* Room for a message of so many bytes, at the end of the queue; NULL: not to be had. */
static struct queued *queue_add(struct bmp_station *station, uint32_t peer, size_t length)
{
	size_t cost = sizeof(struct queued) + length;
	struct queued *entry;

	if (cost > station->queue_max - station->counters.queued)
		return NULL;
	entry = malloc(cost);
	if (entry == NULL)
		return NULL;
	*entry = (struct queued){
		.peer = peer, .epoch = station->peers[peer].epoch, .length = length
	};
	*station->last = entry;
	station->last = &entry->next;
	station->counters.queued += cost;
	return entry;
}

/* Whether messages of this peer may go into the queue: invariant 1. */
static bool peer_live(const struct bmp_station *station, const struct peer *peer)
{
	return station->connected && !station->terminating && peer != NULL && peer->up &&
	       peer->told && !peer->ended;
}

void bmp_station_update(struct bmp_station *station, uint32_t peer, enum bmp_view view,
	struct cursor update, struct wall_time time)
{
	struct peer *p = peer_at(station, peer);
	size_t length = BMP_HEADER_SIZE + BMP_PEER_HEADER_SIZE + cursor_left(&update);
	struct bmp_peer header;
	struct queued *entry;
	struct writer w;

	if (!peer_live(station, p) || !bmp_view_wanted(station, p, view))
		return;
	entry = queue_add(station, peer, length);
	if (entry == NULL) {
		const struct bmp_peer_down down = { .reason = BMP_DOWN_NOT_MONITORED };

		station->counters.dropped++;
		overflow(station);
		peer_begin(station, p);
		peer_lose(p, &down);
		peer_end(station, p);
	} else {
		header = bmp_view_header(&p->header, view, time);
		w = writer_of(entry->bytes, length);
		bmp_monitoring_write(&w, &header, update);
	}
	announce_output(station);
}

void bmp_station_statistics(struct bmp_station *station, uint32_t peer,
	const struct bmp_stat *stats, size_t count, struct wall_time time)
{
	struct peer *p = peer_at(station, peer);
	uint8_t bytes[2048];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bmp_peer header;
	struct queued *entry;

	if (!peer_live(station, p))
		return;
	header = p->header;
	header.time = time;
	bmp_statistics_write(&w, &header, stats, count);
	entry = w.failed ? NULL : queue_add(station, peer, writer_length(&w));
	if (entry == NULL) {
		station->counters.dropped++;
		return;
	}
	memcpy(entry->bytes, bytes, entry->length);
	announce_output(station);
}

/* ---- The connection. ---- */

void bmp_station_connected(struct bmp_station *station, struct instant now)
{
	station->connected = true;
	station->greeted = station->terminating = station->terminated = false;
	station->since = now;
	announce_output(station);
}

/* The station knows nothing any more. */
static void forget_told(struct bmp_station *station)
{
	queue_clear(station);
	for (uint32_t i = 0; i < station->peer_count; i++) {
		struct peer *peer = &station->peers[i];

		peer_begin(station, peer);
		peer->told = peer->ended = peer->dumping = false;
		peer->epoch++;
		peer_end(station, peer);
	}
	station->counters.peers_told = 0;
}

struct instant bmp_station_disconnected(struct bmp_station *station, struct instant now)
{
	struct duration wait;

	/* RFC 7854 section 3.2: a connection that lived ends the doubling. */
	if (station->connected && instant_since(now, station->since).ns >= station->retry.ns)
		station->retry = station->retry_least;
	station->connected = station->terminating = false;
	forget_told(station);
	wait = station->retry;
	station->retry.ns *= 2;
	if (station->retry.ns > station->retry_most.ns)
		station->retry = station->retry_most;
	return instant_add(now, wait);
}

void bmp_station_terminate(
	struct bmp_station *station, enum bmp_termination reason, const char *text)
{
	if (!station->connected)
		return;
	forget_told(station);
	station->terminating = true;
	station->reason = reason;
	text_copy(station->text, text);
	announce_output(station);
}

struct bmp_station_counters bmp_station_count(const struct bmp_station *station)
{
	struct bmp_station_counters counters = station->counters;

	counters.connected = station->connected;
	return counters;
}
