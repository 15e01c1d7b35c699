/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a speaker to BMP stations.
 *
 *     SPEAKER_ESTABLISHED -> peer up       SPEAKER_DOWN -> peer down
 *     UPDATE as it came   -> monitoring    adj-RIB-in   -> table
 *
 * OPENs are written anew from what was read of them: a capability that this software does not
 * understand is not in the copy of the neighbour's OPEN. So is the NOTIFICATION of a peer down:
 * its code and subcode, without data.
 *
 * Invariants:
 *  1. A peer's number is its source's: unique among the neighbours that are there.
 *  2. Tables are in the form of the session (two or four octets for an AS number), as its
 *     UPDATEs are: one flag in the per-peer header tells of both.
 *
 * RFC 7854 sections 4.8 to 4.10 and 5.
 */
#include "route/bmp_feed.h"

#include "route/speaker_internal.h"

#define FSM_TCP_FAILED 18 /* TcpConnectionFails: RFC 4271 section 8.1.4 */

static uint32_t number_of(const struct neighbor *neighbor)
{
	return neighbor->source->number;
}

/* ---- Peers. ---- */

static struct bmp_peer header_of(const struct neighbor *neighbor, struct wall_time time)
{
	const struct connection *live = neighbor->live;

	return (struct bmp_peer){ .type = BMP_PEER_GLOBAL,
		.flags = live->context.four_octet_as ? 0 : BMP_FLAG_AS_2,
		.address = neighbor->settings.address,
		.asn = live->remote_open.asn,
		.router_id = neighbor->remote_router_id,
		.time = time };
}

static void tell_up(
	struct bmp_feed *feed, struct bmp_station *station, struct neighbor *neighbor)
{
	const struct connection *live = neighbor->live;
	uint8_t sent[BGP_MESSAGE_MAX], received[BGP_MESSAGE_MAX];
	struct writer s = writer_of(sent, sizeof(sent));
	struct writer r = writer_of(received, sizeof(received));
	struct bmp_peer header;
	struct bmp_peer_up up;

	if (live == NULL)
		return;
	bgp_open_write(&s, &live->sent_open);
	bgp_open_write(&r, &live->remote_open);
	header = header_of(neighbor, feed->now);
	up = (struct bmp_peer_up){ .local = live->info.local,
		.local_port = live->info.local_port,
		.remote_port = live->info.remote_port,
		.sent_open = cursor_of(sent, writer_length(&s)),
		.received_open = cursor_of(received, writer_length(&r)) };
	/* Without memory this peer is not monitored; the next session is another chance. */
	(void)bmp_station_peer_up(
		station, number_of(neighbor), &header, &up, live->context.family);
}

static struct bmp_peer_down down_of(
	const struct speaker_event *event, uint8_t *bytes, size_t room)
{
	const struct bgp_fault fault = { .code = event->code, .subcode = event->subcode };
	struct writer w = writer_of(bytes, room);

	if (event->code == BGP_ERROR_NONE)
		return (struct bmp_peer_down){ .reason = BMP_DOWN_LOCAL_EVENT,
			.event = FSM_TCP_FAILED };
	bgp_notification_write(&w, &fault);
	return (struct bmp_peer_down){ .reason = event->sent ? BMP_DOWN_LOCAL_NOTIFICATION
							     : BMP_DOWN_REMOTE_NOTIFICATION,
		.notification = cursor_of(bytes, writer_length(&w)) };
}

void bmp_feed_event(struct bmp_feed *feed, const struct speaker_event *event)
{
	uint8_t bytes[BGP_HEADER_SIZE + 2];
	struct bmp_peer_down down;

	if (event->type != SPEAKER_ESTABLISHED && event->type != SPEAKER_DOWN)
		return;
	down = down_of(event, bytes, sizeof(bytes));
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++) {
		struct bmp_station *station = feed->stations[i].station;

		if (station == NULL)
			continue;
		if (event->type == SPEAKER_ESTABLISHED)
			tell_up(feed, station, event->neighbor);
		else
			bmp_station_peer_down(
				station, number_of(event->neighbor), &down, feed->now);
	}
}

void bmp_feed_update(void *context, struct neighbor *neighbor, const struct bgp_frame *frame)
{
	struct bmp_feed *feed = context;

	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++)
		if (feed->stations[i].station != NULL)
			bmp_station_update(feed->stations[i].station, number_of(neighbor),
				BMP_VIEW_IN_PRE, cursor_of(frame->header, frame->length),
				feed->now);
}

/* ---- Tables. ---- */

struct one_route {
	const struct bgp_context *context;
	struct writer *writer;
	bool written;
};

/* One route, one UPDATE; what cannot be written is passed over. */
static bool on_route(void *context, const struct route_view *view)
{
	struct one_route *one = context;
	struct bgp_route_key key = { .prefix = view->prefix, .path_id = view->path_id };
	enum bgp_family family = prefix_family(&view->prefix);
	size_t count;

	one->written = bgp_update_write(one->writer, one->context, family, view->attributes,
			       &key, 1, &count) == 0;
	return !one->written;
}

static bool on_table(
	void *context, uint32_t peer, enum bmp_view view, uint64_t *position, struct writer *w)
{
	const struct bmp_feed_station *station = context;
	const struct speaker *speaker = station->feed->speaker;
	const struct source *source = source_of(speaker, (rib_source)peer);
	struct bgp_context form;
	struct one_route one = { &form, w, false };

	if (view != BMP_VIEW_IN_PRE || source == NULL || source->neighbor == NULL ||
		source->neighbor->live == NULL)
		return false;
	form = source->neighbor->live->context;
	form.ibgp = true; /* LOCAL_PREF and its like are told as they are held */
	form.extended_next_hop[BGP_IPV4_UNICAST] = true;
	form.message_max = BGP_EXTENDED_MESSAGE_MAX;
	/* The station reads as we do: by the OPENs that it was shown (RFC 7854 section 4.10).
	 */
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		form.add_path_send[f] = form.add_path_receive[f];
	if (*position != UINT64_MAX)
		speaker_routes_received(speaker, source->neighbor, position, on_route, &one);
	return one.written;
}

/* ---- Statistics. ---- */

static void statistics_of(const struct neighbor *neighbor, struct bmp_stat stats[6])
{
	const uint64_t *c = neighbor->counters;
	const struct source *source = neighbor->source;
	uint64_t held = 0;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		held += source->count[f];
		stats[4 + f] = (struct bmp_stat){ .type = BMP_STAT_FAMILY_ADJ_RIB_IN,
			.afi = bgp_family_afi((enum bgp_family)f),
			.safi = bgp_family_safi((enum bgp_family)f),
			.value = source->count[f] };
	}
	stats[0] = (struct bmp_stat){ .type = BMP_STAT_REJECTED,
		.value = c[COUNTER_POLICY_REJECTED] };
	stats[1] = (struct bmp_stat){ .type = BMP_STAT_AS_LOOP, .value = c[COUNTER_LOOPS] };
	stats[2] = (struct bmp_stat){ .type = BMP_STAT_ADJ_RIB_IN, .value = held };
	stats[3] = (struct bmp_stat){ .type = BMP_STAT_WITHDRAWN_UPDATES,
		.value = c[COUNTER_TREAT_AS_WITHDRAW] };
}

void bmp_feed_statistics(struct bmp_feed *feed)
{
	struct neighbor *neighbor = NULL;
	struct bmp_stat stats[4 + BGP_FAMILY_COUNT];

	while ((neighbor = speaker_neighbor_next(feed->speaker, neighbor)) != NULL) {
		if (neighbor->live == NULL)
			continue;
		statistics_of(neighbor, stats);
		for (unsigned i = 0; i < BMP_STATIONS_MAX; i++)
			if (feed->stations[i].station != NULL)
				bmp_station_statistics(feed->stations[i].station,
					number_of(neighbor), stats, 4 + BGP_FAMILY_COUNT,
					feed->now);
	}
}

/* ---- Stations. ---- */

static void on_output_ready(void *context)
{
	const struct bmp_feed_station *station = context;

	if (station->output_ready != NULL)
		station->output_ready(station->context);
}

struct bmp_station *bmp_feed_add(struct bmp_feed *feed,
	const struct bmp_station_settings *settings, void *context,
	void (*output_ready)(void *context))
{
	struct bmp_feed_station *place = NULL;
	struct neighbor *neighbor = NULL;

	for (unsigned i = 0; i < BMP_STATIONS_MAX && place == NULL; i++)
		if (feed->stations[i].station == NULL)
			place = &feed->stations[i];
	if (place == NULL)
		return NULL;
	*place = (struct bmp_feed_station){
		.feed = feed, .context = context, .output_ready = output_ready
	};
	place->station = bmp_station_new(settings,
		&(struct bmp_station_sink){
			.context = place, .output_ready = on_output_ready, .table = on_table });
	if (place->station == NULL)
		return NULL;
	while ((neighbor = speaker_neighbor_next(feed->speaker, neighbor)) != NULL)
		tell_up(feed, place->station, neighbor);
	return place->station;
}

void bmp_feed_remove(struct bmp_feed *feed, struct bmp_station *station)
{
	for (unsigned i = 0; station != NULL && i < BMP_STATIONS_MAX; i++) {
		if (feed->stations[i].station != station)
			continue;
		bmp_station_free(station);
		feed->stations[i] = (struct bmp_feed_station){ 0 };
	}
}

void bmp_feed_clear(struct bmp_feed *feed)
{
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++)
		bmp_feed_remove(feed, feed->stations[i].station);
}
