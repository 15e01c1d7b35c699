/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client's requests: which are on the way, who answered, what was lost, how long it took.
 * Pure: the time comes in, the report goes out.
 *
 *     id = asker_send(now)  ->  asker_answer(id, when, site)     answered
 *                           ->  asker_fail(id)                   lost, known at once
 *                           ->  asker_expire(now)                lost, nobody answered in time
 *
 * A request that is answered after its time is lost all the same, and counted as late too.
 */
#ifndef NEARCAST_WORLD_ASKER_H
#define NEARCAST_WORLD_ASKER_H

#include "world/histogram.h"
#include "world/outage.h"

#define ASKER_SITES_MAX    64
#define ASKER_NAME_MAX     64    /* bytes of a site's name, with the NUL; longer ones are cut */
#define ASKER_ON_WAY_MAX   65536 /* requests; their ids are 16 bits */
#define ASKER_SITE_NONE    UINT16_MAX
#define ASKER_SITE_UNNAMED "?" /* who answered does not say who it is */

/* The last entry of a full table of sites stands for all others together. */
#define ASKER_SITE_OTHERS "(others)"

struct client_site {
	char name[ASKER_NAME_MAX];
	uint64_t answered;          /* requests of the interval */
	struct instant first, last; /* when such answers came; not set: none */
};

/* Of the measured interval. All numbers are of requests that were sent in it. */
struct client_report {
	struct instant since, until; /* the interval: mark, report */
	/* What was sent before is decided: answered or lost. Outages and changes are known up
	 * to here; lost can still rise by requests that were sent later. */
	struct instant decided_until;
	uint64_t sent, answered, lost, waiting; /* sent = answered + lost + waiting */
	uint64_t failed;  /* of the lost: not sent (no route), or refused by an error */
	uint64_t late;    /* of the lost: answered when their time was over */
	uint64_t strange; /* answers to nothing, or twice to the same */
	/* Due, but never sent: too many on the way, or the asker itself late; not in `sent`. */
	uint64_t held_back;
	/* Round-trip times of the answered; at most 0.8 % off, least and greatest are exact. */
	struct duration rtt_least, rtt_median, rtt_p95, rtt_greatest, rtt_mean;
	/* The longest time between two answers that came one after the other (or from the first
	 * request, or until now). */
	struct duration silence;
	struct outage_span outage; /* the longest; lost 0: none */
	uint64_t outage_count;     /* runs of lost requests, the present one included */
	uint64_t change_count;     /* may exceed those in changes */
	struct outage_change changes[OUTAGE_CHANGES_MAX]; /* site: index in sites */
	uint16_t change_kept;
	uint16_t site_now; /* who answered last, as answers came; or ASKER_SITE_NONE */
	uint16_t site_count;
	struct client_site sites[ASKER_SITES_MAX]; /* places are kept for the asker's life */
};

enum asker_answer {
	ASKER_ANSWERED,
	ASKER_LATE,
	ASKER_STRANGE,
};

struct asker;

/* room: how many may be on the way at once, 1..ASKER_ON_WAY_MAX; rounded up to a power of two.
 * timeout > 0. NULL: no memory. */
struct asker *asker_new(uint32_t room, struct duration timeout, struct instant now);
void asker_free(struct asker *asker); /* NULL is fine */

/* Change both; what is on the way keeps its sending time. ERROR_RANGE: more than room are on
 * the way; ERROR_MEMORY. Then nothing changed. */
int asker_resize(struct asker *asker, uint32_t room, struct duration timeout);

/* A request leaves now. 0 and its id, or ERROR_FULL: too many are on the way, it is held back.
 * now never falls. */
int asker_send(struct asker *asker, struct instant now, uint16_t *ret_id);
/* It was answered by a site (name of length bytes, any bytes; empty: unnamed). when: not before
 * its sending, else it counts as at its sending. */
enum asker_answer asker_answer(
	struct asker *asker, uint16_t id, struct instant when, const char *name, size_t length);
/* It can't be answered any more. Nothing happens if it is not on the way. */
void asker_fail(struct asker *asker, uint16_t id);
/* What came is no answer to anything. */
void asker_strange(struct asker *asker);
/* So many requests were due and will not be sent: the asker itself was late. */
void asker_hold_back(struct asker *asker, uint64_t count);
/* Requests whose time is over are lost. */
void asker_expire(struct asker *asker, struct instant now);

/* Begin a new measured interval. What is on the way belongs to the old one, which is gone. */
void asker_mark(struct asker *asker, struct instant now);
/* When the first answer to a request of this interval came; not set: there is none. */
struct instant asker_first_answer(const struct asker *asker);
/* All requests that were sent before this are decided; now, if none is on the way. */
struct instant asker_decided_until(const struct asker *asker, struct instant now);
uint32_t asker_on_way(const struct asker *asker);
/* Of the interval, up to now. Call asker_expire(now) before. */
void asker_report(
	const struct asker *asker, struct instant now, struct client_report *ret_report);

#endif
