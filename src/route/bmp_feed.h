/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One speaker, as several BMP stations are told of it: its sessions become peers, their UPDATEs
 * route monitoring, its adj-RIB-in (before policy) the tables. The host hands on the speaker's
 * events and UPDATEs; each station's connection is the host's (route/bmp.h).
 */
#ifndef NEARCAST_ROUTE_BMP_FEED_H
#define NEARCAST_ROUTE_BMP_FEED_H

#include "route/bmp.h"
#include "route/speaker.h"

#define BMP_STATIONS_MAX 8

/* Zero-initialise, set speaker, pass bmp_feed_update to speaker_watch. Owns the stations. */
struct bmp_feed {
	struct speaker *speaker; /* must outlive the feed */
	struct bmp_feed_station {
		struct bmp_feed *feed;
		struct bmp_station *station; /* NULL: none */
		void *context;
		void (*output_ready)(void *context);
	} stations[BMP_STATIONS_MAX];
	struct wall_time now; /* of what is handed on next: the host sets it */
};

/* Another station, told of the sessions that are up. Settings are copied; views other than
 * BMP_VIEW_IN_PRE are not fed. NULL: no memory, or BMP_STATIONS_MAX. */
struct bmp_station *bmp_feed_add(struct bmp_feed *feed,
	const struct bmp_station_settings *settings, void *context,
	void (*output_ready)(void *context));
/* Frees it. */
void bmp_feed_remove(struct bmp_feed *feed, struct bmp_station *station);
void bmp_feed_clear(struct bmp_feed *feed);

/* From the sink of the speaker: any event. */
void bmp_feed_event(struct bmp_feed *feed, const struct speaker_event *event);
/* A speaker_update_function; context: the feed. */
void bmp_feed_update(void *context, struct neighbor *neighbor, const struct bgp_frame *frame);
/* A statistics report of every session that is up: RFC 7854 section 4.8. */
void bmp_feed_statistics(struct bmp_feed *feed);

#endif
