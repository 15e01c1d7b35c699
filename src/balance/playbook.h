/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done about an attack, by itself and within bounds: rules here, and help from
 * upstream.
 *
 * For each kind of attack there is a ladder of plays, the most fitting first. A play whose rule
 * would touch more of the known-good traffic than allowed is passed over for the next; one that
 * turns out to do so later is ended and the next one tried. Everything has a reason and an end:
 * rules live on only while the attack is seen, and never longer than `life`.
 *
 * Upstream help is asked for only for what is inside of our own prefixes, only when the attack
 * is more than we want to carry, for so many at once, for so long; when its time is over it is
 * taken back, and asked for again only if the attack is still there.
 *
 * Pure: what happens goes out through a sink.
 */
#ifndef NEARCAST_BALANCE_PLAYBOOK_H
#define NEARCAST_BALANCE_PLAYBOOK_H

#include "balance/detect.h"
#include "balance/rule.h"

#define PLAYBOOK_RULES_MAX 32
#define PLAYBOOK_CASES_MAX 32 /* attacks at once, on different targets */
#define PLAYBOOK_ASKED_MAX 16 /* announcements at once */
#define PLAYBOOK_OWN_MAX   32
#define PLAYBOOK_GOOD_MAX  512
#define PLAYBOOK_PORTS_MAX 8
#define PLAYBOOK_HEAVY_MAX 8 /* sources that get a rule of their own in one attack */

enum playbook_upstream {
	UPSTREAM_NEVER,
	UPSTREAM_FLOWSPEC,  /* rules, RFC 8955 */
	UPSTREAM_BLACKHOLE, /* rules, and as the last thing the address itself, RFC 7999 */
};

struct playbook_settings {
	enum rule_mode mode;   /* RULE_DRY_RUN: rules only count, and nothing goes upstream */
	unsigned rules;        /* most at once, 1..PLAYBOOK_RULES_MAX */
	uint32_t good_cap_ppm; /* most of the known-good traffic that a rule may touch */
	struct duration hold;  /* a rule outlives the last sight of its attack by this */
	struct duration life;  /* no rule is older */
	uint64_t slow_pps;     /* what plays that slow down let through */
	enum playbook_upstream upstream;
	uint64_t upstream_pps;      /* beyond it upstream is asked for rules ... */
	uint64_t blackhole_pps;     /* ... and for the address to be dropped */
	struct duration patience;   /* that long beyond it, first */
	struct duration asked_life; /* of an announcement; after a blackhole, as long a pause */
	unsigned asked;             /* announcements at once, 0..PLAYBOOK_ASKED_MAX */
	struct prefix own[PLAYBOOK_OWN_MAX]; /* we may announce these and inside of them */
	unsigned own_count;
};

/* Enforce, 16 rules, 1 %, a minute's hold, an hour's life, 1,000 packets/s, never upstream; the
 * bounds of upstream: a million and ten million packets/s, 10 s, 10 min, 4. */
struct playbook_settings playbook_defaults(void);

/* Who is attacked: a service's address, or a prefix for a carpet. */
struct playbook_target {
	uint32_t id;
	struct prefix destination;
	uint16_t udp_ports[PLAYBOOK_PORTS_MAX]; /* that it serves */
	unsigned udp_port_count;
};

enum playbook_asked_kind {
	ASKED_RULE,
	ASKED_BLACKHOLE, /* announce the host route with community 65535:666 */
};

struct playbook_asked {
	enum playbook_asked_kind kind;
	uint32_t target;
	struct prefix destination; /* inside of an own prefix */
	struct rule rule;          /* ASKED_RULE */
	struct instant start, end;
};

/* All are called from inside of playbook_*; why: one sentence, valid during the call. */
struct playbook_sink {
	void (*rule_begins)(void *context, const struct rule *rule);
	void (*rule_ends)(void *context, const struct rule *rule, const char *why);
	void (*cookies)(void *context, uint32_t target, bool on, const char *why);
	void (*ask)(void *context, const struct playbook_asked *asked);
	void (*take_back)(void *context, const struct playbook_asked *asked, const char *why);
	/* Something was not done: no play is gentle enough, or a bound is reached. */
	void (*note)(void *context, uint32_t target, const char *why);
	void *context;
};

struct playbook_case {
	uint32_t target;
	struct attack attack;
	unsigned rung;           /* of the ladder */
	struct instant seen;     /* last; INSTANT unset: the case is free */
	struct instant too_much; /* since when beyond what upstream is asked for, or unset */
	bool cookies, noted;
};

struct playbook_rule {
	struct rule rule; /* number 0: free */
	uint32_t target;
};

struct playbook {
	struct playbook_settings settings;
	struct playbook_sink sink;
	uint32_t next_number;
	struct playbook_rule rules[PLAYBOOK_RULES_MAX];
	struct playbook_case cases[PLAYBOOK_CASES_MAX];
	struct playbook_asked asked[PLAYBOOK_ASKED_MAX]; /* start unset: free */
	struct {
		uint32_t target;
		struct instant until;
	} pauses[PLAYBOOK_ASKED_MAX];                 /* after a blackhole */
	struct absorb_packet good[PLAYBOOK_GOOD_MAX]; /* the last ones, in a ring */
	unsigned good_count, good_next;
};

/* Owns nothing. number: of the first rule. */
void playbook_init(struct playbook *playbook, const struct playbook_settings *settings,
	const struct playbook_sink *sink, uint32_t number);
/* A sampled packet of a source that is known to be good: it completed a handshake long ago, or
 * is on a list. */
void playbook_good(struct playbook *playbook, const struct absorb_packet *packet);
/* The attack is seen (again); call it each window. heavy: the sources with most, or none. */
void playbook_seen(struct playbook *playbook, const struct playbook_target *target,
	const struct attack *attack, const struct heavy_key *heavy, unsigned heavy_count,
	struct instant now);
/* End what is due; call it each window. */
void playbook_tick(struct playbook *playbook, struct instant now);
/* Parts of a million of the known-good packets that the rule matches; *ret_count (may be NULL):
 * of how many packets to its destinations. */
uint32_t playbook_harm(
	const struct playbook *playbook, const struct rule *rule, unsigned *ret_count);
/* Is it inside of what we may announce? */
bool playbook_ours(const struct playbook *playbook, const struct prefix *prefix);

#endif
