/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stories of recompute.c have asked for, as plain facts, and a slow model of what
 * follows from them.
 */
#ifndef NEARCAST_TESTS_ROUTE_RECOMPUTE_H
#define NEARCAST_TESTS_ROUTE_RECOMPUTE_H

#include "crowd.h"

#define RULES_MAX  4u    /* policies; number 0 is none at all */
#define LISTED_MAX 24u   /* prefix numbers below may be in prefix sets and in the RPKI */
#define NOBODY     0xffu /* as the source of a best route: there is none */
#define OURSELVES  0xfeu

/* The communities of a saying, as bits. */
enum tag {
	TAG_NO_EXPORT = 1,
	TAG_NO_ADVERTISE = 2,
	TAG_GRACEFUL_SHUTDOWN = 4,
	TAG_PREFERRED = 8, /* that policies look for */
	TAG_OTHERS = 16,   /* a large one, extended ones of both kinds */
};

/* A route as a neighbour said it. */
struct saying {
	bool there, stale, loop;
	uint8_t tail;  /* how many AS numbers behind the neighbour's */
	uint8_t which; /* which ones */
	uint8_t origin;
	uint8_t med; /* 0: none; else one more than it is */
	uint8_t tags;
	uint8_t local_pref; /* if internal */
	uint8_t otc;        /* 0: none; 1: the neighbour's AS; 2: another one */
};

/* One policy. */
struct rules {
	uint8_t reject_class; /* listed numbers of this remainder by 3; 3: none */
	bool reject_invalid, reject_valid;
	bool prefer_tagged;
	bool set_med;
	uint8_t prepend;
};

struct party {
	uint32_t asn, router_id;
	uint8_t role, relation; /* enum bgp_role, enum policy_relation */
	bool families[2], transit, restarts;
	uint8_t import_rules, export_rules;
	uint8_t prepend;
	bool has_med, graceful_shutdown;
	bool up, end_of_rib[2];
	bool shut, imports;
	uint8_t begun[2]; /* refreshes that have not ended */
	struct saying *sayings[2];
};

struct own {
	bool there, restricted;
	uint8_t prepend, only; /* bits of parties */
	uint32_t med;
};

struct facts {
	uint32_t party_count, prefixes;
	struct party parties[CROWD_MAX];
	struct own *own[2];
	struct rules imports[RULES_MAX], exports[RULES_MAX];
	struct decision_settings decision;
	uint32_t vrps[2][LISTED_MAX]; /* the AS that may; 0: nothing is known */
};

/* What a party should hold, as far as the model goes. */
struct expected {
	bool there;
	uint32_t path_length, path_origin;
};

/* Who said the best route; OURSELVES, NOBODY. */
uint8_t model_best(const struct facts *given, int family, uint32_t number);
struct expected model_heard(
	const struct facts *given, uint32_t party, int family, uint32_t number, uint8_t best);
bool party_internal(const struct party *party);

/* ---- What is shared by the files of recompute.c. ---- */

/* A speaker with what the host owns for it. */
struct engine {
	struct crowd crowd;
	struct policy *imports[RULES_MAX], *exports[RULES_MAX];
	struct rpki_table *rpki;
};

extern struct facts facts;
extern struct engine engine; /* the one that lives through the story */
extern char failure[512];    /* empty: none */

uint32_t pick(uint32_t bound);
bool one_in(uint32_t n);
__attribute__((format(printf, 1, 2))) bool fails(const char *format, ...); /* false */

/* Of the facts' policies and RPKI, without neighbours. */
void engine_begin(struct engine *e, uint64_t seed);
void engine_end(struct engine *e);
struct policy *engine_policy(const struct rules *rules);
void engine_rpki(struct rpki_table *table);
struct neighbor_settings engine_settings(const struct engine *e, uint32_t party);
bool engine_connect(struct engine *e, uint32_t party, const bool forwarding[2]);
/* The party says it of these prefixes, or withdraws them if it is not there. */
void engine_say(struct engine *e, uint32_t party, int family, uint32_t first, uint32_t end,
	uint32_t step, const struct saying *s);
void engine_own(struct engine *e, int family, uint32_t number);

extern int64_t since_ns; /* nothing is kept that is older; 0 as a story begins */

/* recompute_steps.c: the facts and the engine change together. */
void rules_roll(struct rules *rules);
void vrps_roll(void);
void come_up(struct party *p, uint32_t party);
const char *step_roll(void); /* what it was */

#endif
