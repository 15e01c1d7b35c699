/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client's requests say about a failure: how long nobody answered, which site answered
 * before and after, and how many requests were lost between the two.
 *
 * The requests are given in the order in which they were sent, each once its fate is known. All
 * lengths are differences of sending times: a request that was sent while the service was away
 * is lost however far the site is, and a new site that is further away than the old one does
 * not make the outage longer.
 */
#ifndef NEARCAST_WORLD_OUTAGE_H
#define NEARCAST_WORLD_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"

#define OUTAGE_CHANGES_MAX 8

/* One request. */
struct outage_request {
	struct instant sent;
	struct instant answered; /* not set: lost */
	uint16_t site;           /* who answered: any number that the caller gives a site */
};

/* Another site answers than did before. */
struct outage_change {
	uint16_t from, to;               /* sites */
	struct outage_request last_old;  /* the last that `from` answered */
	struct outage_request first_new; /* the first that `to` answered */
	uint64_t lost; /* requests between the two, in the measured interval */
};

/* A run of lost requests. */
struct outage_span {
	struct instant from; /* when the first lost request was sent; not set: there was none */
	struct instant until; /* when the first answered one behind it was sent; if `open`, when
				 the last lost one was */
	uint64_t lost;
	bool open; /* nothing was answered since */
};

/* Zero-initialised is the beginning. Owns nothing. */
struct outage {
	struct outage_request last; /* the last that was answered; sent not set: none was */
	uint64_t lost_since_last;   /* in the measured interval */
	struct outage_span now;     /* the run that goes on; lost 0: none */
	struct outage_span longest; /* of those that are over */
	uint64_t span_count;        /* of those that are over */
	/* The first changes of the interval; the last place is always the newest's. */
	struct outage_change changes[OUTAGE_CHANGES_MAX];
	uint64_t change_count; /* all of them: may exceed OUTAGE_CHANGES_MAX */
};

/* Begin a new measured interval. Who answered last is kept, so that a change is seen whose old
 * site answered nothing in the new interval. */
void outage_mark(struct outage *outage);
/* The fate of the next request. measured: it was sent in the measured interval; if not, only
 * who answered is remembered. */
void outage_add(struct outage *outage, const struct outage_request *request, bool measured);
/* The longest run of lost requests, the present one included. lost 0: none. */
struct outage_span outage_longest(const struct outage *outage);
/* How long a run lasted. */
struct duration outage_span_length(const struct outage_span *span);
/* How many entries of changes are in use. */
size_t outage_changes_kept(const struct outage *outage);

#endif
