/* SPDX-License-Identifier: Apache-2.0 */
/* What to do when sites are attacked: five simple strategies, and a search for the sequence of
 * moves that keeps most users served. */
#ifndef NEARCAST_PLAN_PLAYBOOK_H
#define NEARCAST_PLAN_PLAYBOOK_H

#include "plan/siege.h"

enum plan_strategy {
	PLAN_ABSORB,   /* do nothing */
	PLAN_SHED,     /* overloaded sites scrub */
	PLAN_WITHDRAW, /* they withdraw, but for the last */
	PLAN_PREPEND,  /* they prepend at all their upstreams, once more each time */
	PLAN_NO_TELL,  /* they ask the upstream not to tell the neighbour that brings most */
	PLAN_STRATEGIES,
};

enum plan_move_kind {
	PLAN_MOVE_SHED,
	PLAN_MOVE_WITHDRAW,
	PLAN_MOVE_PREPEND, /* at one upstream */
	PLAN_MOVE_PREPEND_ALL,
	PLAN_MOVE_NO_TELL,
};

struct plan_move {
	enum plan_move_kind kind;
	uint32_t site;
	uint32_t upstream; /* of PREPEND and NO_TELL: index into the scenario's */
	uint32_t neighbor; /* of NO_TELL: index of the AS */
	double served;     /* users, once it was made */
};

#define PLAN_MOVES_MAX 512
#define PLAN_STEPS_MAX 32

struct plan_play {
	struct plan_defence defence;
	struct plan_stand stand; /* at the end */
	struct plan_move moves[PLAN_MOVES_MAX];
	size_t move_count;
};

/*
 * The most pressed site moves, once a time, until no site with too much can: a fixed point, as
 * moves are never taken back. Errors of plan_siege_run.
 */
int plan_strategy_run(struct plan_siege *siege, const struct plan_scenario *scenario,
	enum plan_strategy strategy, struct plan_play *ret_play, struct error *error);

struct plan_playbook_search {
	struct plan_siege *siege;
	const struct plan_scenario *scenario;
	bool may_shed; /* whether sites can scrub */
	size_t steps;  /* moves at most: 1 to PLAN_STEPS_MAX */
	size_t width;  /* sequences kept after every step: 1 to 64 */
	void (*progress)(void *context, size_t done, size_t total); /* NULL: none */
	void *context;
};

/*
 * A beam search, once from nothing and once from where each strategy is best: after every step
 * the best sequences stay, and every move of every site under pressure is tried on each. Moves
 * that turn out needless are left out. It is at least as good as doing nothing, as every single
 * move and as every strategy that ends within as many steps; more is not promised. The same attack gives the same playbook.
 * Errors of plan_siege_run, ERROR_MEMORY.
 */
int plan_playbook_find(const struct plan_playbook_search *search, struct plan_play *ret_play,
	struct error *error);

#endif
