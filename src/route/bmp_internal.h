/* SPDX-License-Identifier: Apache-2.0 */
/* A BMP station from inside: bmp.c is told what happens, bmp_output.c makes the messages. */
#ifndef NEARCAST_ROUTE_BMP_INTERNAL_H
#define NEARCAST_ROUTE_BMP_INTERNAL_H

#include "route/bmp.h"

#define BMP_NAME_SIZE 256

struct queued {
	struct queued *next;
	uint32_t peer, epoch;
	size_t length;
	uint8_t bytes[];
};

struct peer {
	bool up;    /* the session is */
	bool told;  /* the station holds it up */
	bool ended; /* told, and to be told down first */
	bool dumping;
	bool families[BGP_FAMILY_COUNT];
	uint8_t view; /* enum bmp_view, of the table in hand */
	uint64_t position;
	uint32_t epoch;
	struct bmp_peer header, told_header;
	struct bmp_peer_up session; /* cursors into opens */
	uint8_t *opens;
	char table_name[BMP_NAME_SIZE];
	struct bmp_peer_down down; /* when ended; cursor into down_bytes */
	uint8_t *down_bytes;
};

struct bmp_station {
	struct bmp_station_sink sink;
	char sys_name[BMP_NAME_SIZE], sys_descr[BMP_NAME_SIZE];
	size_t queue_max;
	uint8_t views;
	struct duration retry_least, retry_most, retry;
	bool connected, greeted, terminating, terminated;
	enum bmp_termination reason;
	char text[BMP_NAME_SIZE];
	struct instant since; /* connected */
	struct peer *peers;
	uint32_t peer_count; /* in use or not, room of peers */
	uint32_t busy, turn; /* turn: whose table is next */
	struct queued *first, **last;
	struct bmp_station_counters counters;
};

static inline bool peer_busy(const struct peer *peer)
{
	return peer->ended || peer->dumping || peer->up != peer->told;
}

/* A peer is changed only between these two: invariant 4. */
static inline void peer_begin(struct bmp_station *station, const struct peer *peer)
{
	station->busy -= peer_busy(peer);
}

static inline void peer_end(struct bmp_station *station, const struct peer *peer)
{
	station->busy += peer_busy(peer);
}

/* The per-peer header of a view of the peer. */
struct bmp_peer bmp_view_header(
	const struct bmp_peer *header, enum bmp_view view, struct wall_time time);
/* Whether the station wants this view. */
bool bmp_view_wanted(
	const struct bmp_station *station, const struct peer *peer, enum bmp_view view);

#endif
