/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a router tells a BMP station (RFC 7854, RFC 9069), as the MRT messages that a route
 * collector would have written (RFC 6396 section 4.4, RFC 8050 section 3): sessions that come
 * and go are changes of state, route monitoring is messages.
 */
#ifndef NEARCAST_WIRE_BMP_MRT_H
#define NEARCAST_WIRE_BMP_MRT_H

#include "wire/bmp.h"
#include "wire/mrt.h"

#define BMP_MRT_PEERS_MAX 4096u /* of one router; more are counted and left out */

enum bmp_mrt_view {       /* of the routes that a router tells, one is kept */
	BMP_MRT_RECEIVED, /* adj-RIB-in before policy */
	BMP_MRT_ACCEPTED, /* adj-RIB-in after it */
	BMP_MRT_BEST,     /* loc-RIB: RFC 9069 */
};

enum bmp_mrt_count {
	BMP_MRT_MESSAGES,    /* turned into records */
	BMP_MRT_STATES,      /* the same, of changes of state */
	BMP_MRT_OTHER_VIEW,  /* from here on left out: routes of another view */
	BMP_MRT_OTHER_TABLE, /* peers of a VPN, whose addresses are not unique */
	BMP_MRT_STRANGERS,   /* routes of a peer that never came up */
	BMP_MRT_TOO_MANY,    /* peers beyond the cap, and their routes */
	BMP_MRT_ODD,         /* addresses that no record can carry */
	BMP_MRT_COUNT_COUNT,
};

struct bmp_mrt_peer;

/* One router. Zero-initialise, set view and router; bmp_mrt_clear frees. */
struct bmp_mrt {
	enum bmp_mrt_view view;
	struct address router; /* who the loc-RIB's routes are said to come from */
	struct bmp_mrt_peer *peers;
	uint32_t count, room;
	uint64_t counts[BMP_MRT_COUNT_COUNT];
};

struct bmp_mrt_sink {
	void *context;
	/* To be written by mrt_message_write. Not 0 ends the call with that. */
	int (*message)(void *context, struct wall_time time, const struct mrt_message *message);
};

/*
 * Take a message that bmp_message_read gave; now is the time of what the router gives none for.
 * 0, ERROR_MEMORY, or what the sink gave.
 */
int bmp_mrt_take(struct bmp_mrt *router, const struct bmp_message *message,
	struct wall_time now, const struct bmp_mrt_sink *sink);
/* The router is gone, and all its sessions with it. The same results. */
int bmp_mrt_end(struct bmp_mrt *router, struct wall_time now, const struct bmp_mrt_sink *sink);
void bmp_mrt_clear(struct bmp_mrt *router);

/* For people: "routes of a peer that never came up". */
const char *bmp_mrt_count_text(enum bmp_mrt_count count);

#endif
