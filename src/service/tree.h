/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check tree of a service: leaves that the prober speaks for, groups over them, and what
 * all of it says of the service.
 *
 * Everything that a check can say is one ladder of levels. `all` is the lowest child, `any` the
 * highest, and a minimum weight is the general case of both: the highest level at which enough
 * weight stands. So what is not known stays not known exactly where it matters: one that is
 * down settles an `all`, one that is up settles an `any`, whatever the unknown one would say.
 */
#ifndef NEARCAST_SERVICE_TREE_H
#define NEARCAST_SERVICE_TREE_H

#include "base/list.h"
#include "service/brain.h"

enum level {
	LEVEL_DOWN,
	LEVEL_INIT,    /* no result yet that counts */
	LEVEL_RISING,  /* not good enough for long enough */
	LEVEL_UNKNOWN, /* nobody can say */
	LEVEL_NEW,     /* a check that a reload added, without a result: changes nothing */
	LEVEL_FALLING, /* bad, but still counts as it did */
	LEVEL_DEGRADED,
	LEVEL_UP,
	LEVELS,
};

/* How far a leaf's last word can be taken at its word. */
enum trust {
	TRUST_FULL,
	TRUST_NEW,   /* added to a running service: no result yet */
	TRUST_STALE, /* the word is from before the address came back */
	TRUST_LOST,  /* the word is from a checker that is gone */
};

struct governor_member;

struct check_node {
	char name[64];
	enum check_kind kind;
	int parent;
	unsigned weight;
	bool degrades;

	/* A leaf: what the prober says. */
	enum check_state state;
	enum check_state
		settled; /* the last of UP, DEGRADED, DOWN that was believed; or INIT */
	bool conclusive;
	struct instant since, seen;
	char evidence[BRAIN_REASON_MAX];
	/* A leaf: how it is taken. */
	enum trust trust;
	unsigned words_left; /* until a stale or lost leaf is trusted again; 0: not waiting */
	bool confirm;        /* the next DOWN, unless conclusive, has to be said twice */
	bool provisional;    /* DOWN was said once and waits to be confirmed */
	bool doubted;        /* the governor doubts that it is bad */
	struct list turned;  /* in the governor's list of leaves that turned bad, or alone */
	struct instant turned_at;
	struct governor_member *member; /* of its service */

	/* Every node, as last evaluated. */
	enum level level, settled_level;
	struct instant level_since;
	size_t culprit; /* a group: the child that decided; SIZE_MAX: none */
};

struct verdict {
	enum level level;
	size_t culprit;  /* the leaf that decided, SIZE_MAX: none (no checks) */
	unsigned weight; /* of the top-level checks that are good */
};

/* 0, or ERROR_MALFORMED (parents out of order, a leaf with children, a group without any) or
 * ERROR_FULL (more than BRAIN_CHECKS_MAX). */
int tree_check(const struct brain_check_settings *checks, size_t count);
void tree_node_init(struct check_node *node, const struct brain_check_settings *settings,
	struct instant now);

/* Work out every node's level, and what the tree as a whole says. No checks are LEVEL_UP. */
struct verdict tree_evaluate(struct check_node *nodes, size_t count, unsigned minimum_weight,
	unsigned degraded_weight, struct instant now);

/* A word from the prober. */
void leaf_word(struct check_node *leaf, enum check_state state, bool conclusive,
	const char *evidence, struct instant now);
/* Its state is no longer provisional or doubted: take DOWN for what it is. */
void leaf_believe(struct check_node *leaf);
bool leaf_is_bad(const struct check_node *leaf);   /* its last word is FALLING or DOWN */
bool leaf_was_good(const struct check_node *leaf); /* its last settled word is UP or DEGRADED */

/* What a level is called among the states of checks. */
enum check_state level_state(enum level level);

#endif
