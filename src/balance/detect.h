/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a service under attack, and by what? One detector a service or prefix, fed with a tally
 * every window (half a second or so), in whatever time the caller says it is.
 *
 * For each metric the usual rate and its usual deviation are learned, slowly, and not while
 * it is far beyond. A metric is in excess if it is beyond
 *
 *     max(floor, factor * usual, usual + 8 * deviation)
 *
 * for two windows in a row. What is in excess together with a changed mix is an attack, and has
 * a name; what is more of the same is a surge: told, and nothing is done about it.
 */
#ifndef NEARCAST_BALANCE_DETECT_H
#define NEARCAST_BALANCE_DETECT_H

#include "balance/tally.h"
#include "base/instant.h"

enum attack_kind {
	ATTACK_NONE,
	ATTACK_SURGE, /* more of the usual mix: a busy day, or too alike to tell */
	ATTACK_SYN_FLOOD,
	ATTACK_TCP_FLOOD, /* of packets that open nothing */
	ATTACK_UDP_FLOOD,
	ATTACK_AMPLIFICATION,
	ATTACK_ICMP_FLOOD,
	ATTACK_FRAGMENT_FLOOD,
	ATTACK_OTHER_FLOOD, /* of a protocol that is none of these */
	ATTACK_KINDS,
};

enum attack_scope {
	ATTACK_ON_ADDRESS,
	ATTACK_CARPET, /* spread over many addresses of a prefix */
};

#define ATTACK_TEXT_MAX 160

struct attack {
	enum attack_kind kind;
	enum attack_scope scope;
	enum tally_metric metric; /* that is most beyond */
	uint16_t port;            /* amplification: where the answers come from */
	uint64_t rate, usual;     /* of the metric, a second */
	unsigned spread;          /* of sources, tally_spread */
	struct instant since;
};

struct detect_settings {
	struct duration learning; /* until then only `most` counts; 60 s */
	struct duration memory;   /* time constant of the usual; 10 min */
	struct duration calm;     /* so long below half of its limit ends an attack; 10 s */
	uint64_t floor[TALLY_METRICS]; /* a second; less is never an attack */
	uint64_t most[TALLY_METRICS];  /* a second; beyond it always is; 0: no such limit */
	unsigned factor;               /* times the usual; 4 */
	unsigned mix;                  /* times the usual share; 6 */
};

/* The defaults said above; floors of 2,000 packets, 2 MB. */
struct detect_settings detect_defaults(void);

struct detect_baseline {
	double usual, deviation; /* a second */
	double share;            /* of all packets, usually */
	uint8_t beyond;          /* windows in a row in excess; 255 stays */
};

struct detector {
	struct detect_settings settings;
	struct detect_baseline metric[TALLY_METRICS];
	struct instant start, last, calm_since;
	struct attack attack; /* kind ATTACK_NONE: none */
};

enum detect_event {
	DETECT_NOTHING,
	DETECT_BEGAN,
	DETECT_CHANGED, /* another kind, or an attack that was a surge */
	DETECT_ENDED,
};

/* Owns nothing. */
void detector_init(
	struct detector *detector, const struct detect_settings *settings, struct instant now);
/* One window, from the last call (or the start) to now, which is later. detector->attack is
 * what goes on after it; with DETECT_ENDED it is none, and *ret_ended (may be NULL) what was.
 */
enum detect_event detector_feed(struct detector *detector, const struct tally *tally,
	struct instant now, struct attack *ret_ended);

/* "SYN flood", "DNS amplification", "carpet of UDP". */
const char *attack_name(const struct attack *attack, char text[ATTACK_TEXT_MAX]);
/* "DNS amplification: 812000 packets/s, usually 1200, from many sources alike". */
const char *attack_format(const struct attack *attack, char text[ATTACK_TEXT_MAX]);

#endif
