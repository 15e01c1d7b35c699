/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pictures, tables and exports of a world are made of: places, links between them, and who
 * was answered by whom. A plain value that its maker fills; strings and arrays stay the
 * maker's.
 */
#ifndef NEARCAST_WORLD_DRAW_WORLD_H
#define NEARCAST_WORLD_DRAW_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DRAW_NONE        UINT32_MAX
#define DRAW_PLACES_MAX  20000u
#define DRAW_LINKS_MAX   100000u
#define DRAW_ANSWERS_MAX 100000u

enum draw_kind {
	DRAW_SITE,
	DRAW_CLIENT,
	DRAW_TRANSIT,  /* a router of a network that carries others' packets */
	DRAW_EXCHANGE, /* an internet exchange or its route server */
};

enum draw_state {
	DRAW_OK,
	DRAW_DOWN,
	DRAW_DRAINED,
};

struct draw_place {
	const char *name;           /* unique, not empty: "nrt", "eyeball-lagos" */
	const char *label;          /* for people: "Tokyo"; NULL: the name */
	double latitude, longitude; /* degrees: -90..90, -180..180 */
	enum draw_kind kind;
	enum draw_state state;
	uint32_t as_number; /* 0: none */
	double weight; /* of a client: users, at least 0. Clients all of 0 count as 1 each */
};

enum draw_relation {
	DRAW_CUSTOMER, /* to is the customer of from */
	DRAW_PEER,
	DRAW_INTERNAL, /* within one network */
	DRAW_MEMBER,   /* from is an exchange, to is one of its members */
};

struct draw_link {
	uint32_t from, to; /* indexes of places, not the same */
	enum draw_relation relation;
	enum draw_link_state {
		DRAW_LINK_OK,
		DRAW_LINK_CUT,
	} state;
	uint32_t delay_us; /* one way */
};

/* A client that several sites answer has one of these for each. A client without any, or with
 * site DRAW_NONE, was not answered (of that share). */
struct draw_answer {
	uint32_t client;            /* index of a place */
	uint32_t site;              /* index of a place, or DRAW_NONE */
	uint32_t median_us, p95_us; /* round trip; p95_us 0: not known */
	double share;               /* of the client's requests, 0..1 */
	const char *path;           /* AS path or cities, for tables; NULL: not known */
};

struct draw_world {
	const char *title;  /* NULL: none */
	const char *weight; /* what weights count: "users"; NULL: "users" */
	const struct draw_place *places;
	size_t place_count;
	const struct draw_link *links;
	size_t link_count;
	const struct draw_answer *answers;
	size_t answer_count;
};

/* Is everything as the comments above say? 0, ERROR_RANGE or ERROR_FULL. All that draw or
 * export do this first. */
int draw_world_check(const struct draw_world *world, struct error *error);

/* What to write for people. */
const char *draw_label(const struct draw_place *place);

/*
 * The world in the order that drawings need: sites by number (0: the first place that is one),
 * the answers of each client, the largest first.
 */
struct draw_index {
	const struct draw_world *world;
	uint32_t *sites; /* [site_count] indexes of places */
	size_t site_count;
	uint32_t *clients; /* [client_count] */
	size_t client_count;
	uint32_t *number;   /* [place_count] number of a site or client among its kind */
	uint32_t *first;    /* [client_count + 1] into order */
	uint32_t *order;    /* indexes of answers, by client */
	double weight;      /* of all clients */
	bool weights_known; /* else each client counts as 1 */
};

/* world has to be one that draw_world_check accepts, and to outlive the index. ERROR_MEMORY. */
int draw_index_make(const struct draw_world *world, struct draw_index *ret_index);
/* Takes one that is all zero, too. */
void draw_index_clear(struct draw_index *index);

/* The answer of most of a client's requests, or NULL if it got none. client: 0 ..
 * client_count - 1. */
const struct draw_answer *draw_main_answer(const struct draw_index *index, size_t client);
/* A client's weight. */
double draw_weight(const struct draw_index *index, size_t client);

/* Of one site, or of all. */
struct draw_tally {
	size_t clients;           /* whose main answer comes from it */
	double weight;            /* clients' weights times shares */
	double median_ms, p95_ms; /* over clients by weight, of their medians; negative: none */
};

/* site: number of a site, or site_count for all. ERROR_MEMORY. */
int draw_tally_make(const struct draw_index *index, size_t site, struct draw_tally *ret_tally);

#define DRAW_NUMBER_MAX 32
/* "1.20 M", "45 k", "7". */
const char *draw_count(double count, char text[DRAW_NUMBER_MAX]);
/* "0.4 ms", "23 ms"; "-" if negative. */
const char *draw_ms(double ms, char text[DRAW_NUMBER_MAX]);
/* What stands for a site besides its colour: "A" to "Z", "A1" ... */
const char *draw_letter(size_t site, char text[DRAW_NUMBER_MAX]);

#endif
