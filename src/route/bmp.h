/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a BMP station is told: peers that come and go, their UPDATEs as they were received,
 * other views of their routes, statistics (RFC 7854, RFC 8671, RFC 9069). Pure: the host has
 * the connection, tells what happens, and pulls bytes when the socket can take them.
 *
 * UPDATEs wait in a queue with a cap. A station that reads too slowly loses what waits, not the
 * truth: the peers that lost something are told down and up again, and their routes as they are
 * then follow, taken from the host one UPDATE at a time. So no station ever costs more memory
 * than its cap, nor slows anybody.
 *
 * The sink must not call back into the station.
 */
#ifndef NEARCAST_ROUTE_BMP_H
#define NEARCAST_ROUTE_BMP_H

#include "base/instant.h"
#include "wire/bgp.h"
#include "wire/bmp.h"

#define BMP_PEERS_MAX 4096u
/* Least room for bmp_station_output: the longest UPDATE and what stands in front. */
#define BMP_OUTPUT_LEAST (65536u + 64u)
#define BMP_QUEUE_LEAST  BMP_OUTPUT_LEAST
#define BMP_QUEUE_USUAL  (4u << 20)

/* Which of a peer's tables: RFC 7854 section 5, RFC 8671 section 3. */
enum bmp_view {
	BMP_VIEW_IN_PRE = 0,  /* adj-RIB-in before our policy: as received */
	BMP_VIEW_IN_POST = 1, /* after it */
	BMP_VIEW_OUT_PRE = 2,
	BMP_VIEW_OUT_POST = 3, /* what was sent */
	BMP_VIEW_COUNT = 4,
};

struct bmp_station;

struct bmp_station_settings {
	const char *sys_name, *sys_descr; /* copied; cut at 255 bytes */
	size_t queue_max; /* bytes; 0: BMP_QUEUE_USUAL; at least BMP_QUEUE_LEAST */
	uint8_t views;    /* a bit per enum bmp_view; 0: BMP_VIEW_IN_PRE alone */
	/* Between attempts to connect: 0: 30 s and 720 s (RFC 7854 section 3.2). */
	struct duration retry_least, retry_most;
};

struct bmp_station_sink {
	void *context;
	/* There is something to send: call bmp_station_output when the socket can take it. */
	void (*output_ready)(void *context);
	/*
	 * Write the next UPDATE, a whole BGP message, of the routes that this view of the peer
	 * holds now, and move *position, which is 0 at first. False at the end, nothing
	 * written. w has room for any message. Routes that change meanwhile may be left out if
	 * bmp_station_update told them.
	 */
	bool (*table)(void *context, uint32_t peer, enum bmp_view view, uint64_t *position,
		struct writer *w);
};

/* NULL: no memory. */
struct bmp_station *bmp_station_new(
	const struct bmp_station_settings *settings, const struct bmp_station_sink *sink);
void bmp_station_free(struct bmp_station *station); /* NULL is fine */

/* ---- The connection. ---- */

void bmp_station_connected(struct bmp_station *station, struct instant now);
/* The connection or an attempt failed. Gives when to try again. */
struct instant bmp_station_disconnected(struct bmp_station *station, struct instant now);
/* The next output is a termination, and the last one: close when it is sent. */
void bmp_station_terminate(
	struct bmp_station *station, enum bmp_termination reason, const char *text);
bool bmp_station_has_output(const struct bmp_station *station);
/* Whole messages into buffer, room of at least BMP_OUTPUT_LEAST. Gives how many bytes; 0 if
 * there is nothing to send. */
size_t bmp_station_output(struct bmp_station *station, uint8_t *buffer, size_t room);

/* ---- What happens. peer: a number of the host's choice below BMP_PEERS_MAX. ---- */

/*
 * A session came up, or is monitored from now on. header and up are copied, with the OPENs;
 * families: for which End-of-RIB ends a table. Of a loc-RIB (header->type), both OPENs are made
 * up by the host (RFC 9069 section 4.4). May be told without a connection. ERROR_MEMORY,
 * ERROR_RANGE (the number, or OPENs that are too long): then the peer is not monitored.
 */
int bmp_station_peer_up(struct bmp_station *station, uint32_t peer,
	const struct bmp_peer *header, const struct bmp_peer_up *up,
	const bool families[BGP_FAMILY_COUNT]);
/* Its session ended. UPDATEs of it that wait are dropped: they are void. */
void bmp_station_peer_down(struct bmp_station *station, uint32_t peer,
	const struct bmp_peer_down *down, struct wall_time time);
/* An UPDATE (a whole BGP message) of a view; ignored if the view is not asked for. */
void bmp_station_update(struct bmp_station *station, uint32_t peer, enum bmp_view view,
	struct cursor update, struct wall_time time);
/* Dropped if there is no room. */
void bmp_station_statistics(struct bmp_station *station, uint32_t peer,
	const struct bmp_stat *stats, size_t count, struct wall_time time);

struct bmp_station_counters {
	uint64_t messages, bytes; /* handed to the host */
	uint64_t dropped;         /* messages that had to give way */
	uint64_t resyncs;         /* how often that was */
	size_t queued;            /* bytes that wait now */
	uint32_t peers_told;      /* that the station holds up */
	bool connected;
};
struct bmp_station_counters bmp_station_count(const struct bmp_station *station);

#endif
