/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check tree: see tree.h for the ladder of levels.
 *
 * A prober that was started anew knows nothing: its first bad result is DOWN at once (what
 * never came up has nothing to fall from) and its good ones are RISING. This side still knows
 * that the check was good, and reads such words with that in mind: RISING after a settled UP is
 * UP, and the first inconclusive DOWN is FALLING until it is said again.
 *
 * Invariants:
 *  1. A parent's index is below its children's, so one pass from the end evaluates all.
 *  2. settled never becomes DOWN while a leaf is provisional or doubted.
 *  3. A check that only degrades never takes more from a service than its failure would.
 */
#include "service/tree.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

int tree_check(const struct brain_check_settings *checks, size_t count)
{
	bool has_children[BRAIN_CHECKS_MAX] = { false };

	if (count > BRAIN_CHECKS_MAX)
		return ERROR_FULL;
	for (size_t i = 0; i < count; i++) {
		int parent = checks[i].parent;

		if (parent < -1 || parent >= (int)i)
			return ERROR_MALFORMED;
		if (parent >= 0 && checks[parent].kind == CHECK_KIND_LEAF)
			return ERROR_MALFORMED;
		if (parent >= 0)
			has_children[parent] = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (checks[i].kind != CHECK_KIND_LEAF && !has_children[i])
			return ERROR_MALFORMED;
	}
	return 0;
}

void tree_node_init(struct check_node *node, const struct brain_check_settings *settings,
	struct instant now)
{
	*node = (struct check_node){
		.kind = settings->kind,
		.parent = settings->parent,
		.weight = settings->weight,
		.degrades = settings->degrades,
		.since = now,
		.level = LEVEL_INIT,
		.settled_level = LEVEL_INIT,
		.level_since = now,
		.culprit = SIZE_MAX,
	};
	(void)snprintf(node->name, sizeof(node->name), "%s", settings->name);
	list_init(&node->turned);
}

bool leaf_is_bad(const struct check_node *leaf)
{
	return leaf->state == CHECK_STATE_FALLING || leaf->state == CHECK_STATE_DOWN;
}

bool leaf_was_good(const struct check_node *leaf)
{
	return leaf->settled == CHECK_STATE_UP || leaf->settled == CHECK_STATE_DEGRADED;
}

static enum level settled_level(enum check_state settled)
{
	switch (settled) {
	case CHECK_STATE_UP:
		return LEVEL_UP;
	case CHECK_STATE_DEGRADED:
		return LEVEL_DEGRADED;
	case CHECK_STATE_DOWN:
		return LEVEL_DOWN;
	case CHECK_STATE_INIT:
	case CHECK_STATE_RISING:
	case CHECK_STATE_FALLING:
	case CHECK_STATE_UNKNOWN:
		break;
	}
	return LEVEL_INIT;
}

/* What a word that is taken at its word means, from what the leaf was before. */
static enum level leaf_said(const struct check_node *leaf)
{
	switch (leaf->state) {
	case CHECK_STATE_INIT: /* of a checker that was started anew, if it was settled */
		return leaf_was_good(leaf) ? LEVEL_UNKNOWN : settled_level(leaf->settled);
	case CHECK_STATE_RISING:
		return leaf_was_good(leaf) ? settled_level(leaf->settled) : LEVEL_RISING;
	case CHECK_STATE_UP:
		return LEVEL_UP;
	case CHECK_STATE_DEGRADED:
		return LEVEL_DEGRADED;
	case CHECK_STATE_FALLING:
		return LEVEL_FALLING;
	case CHECK_STATE_DOWN:
		return leaf->provisional ? LEVEL_FALLING : LEVEL_DOWN;
	case CHECK_STATE_UNKNOWN:
		break;
	}
	return LEVEL_UNKNOWN;
}

static enum level leaf_level(const struct check_node *leaf)
{
	enum level said = leaf_said(leaf);

	switch (leaf->trust) {
	case TRUST_STALE:
		return LEVEL_INIT;
	case TRUST_LOST:
		return LEVEL_UNKNOWN;
	case TRUST_NEW:
		if (said == LEVEL_INIT || said == LEVEL_RISING)
			return LEVEL_NEW;
		break;
	case TRUST_FULL:
		break;
	}
	return leaf->doubted && said < LEVEL_FALLING ? LEVEL_FALLING : said;
}

/* What a check that only degrades passes on (invariant 3). */
static enum level degrading(const struct check_node *node)
{
	bool was_good =
		node->settled_level == LEVEL_UP || node->settled_level == LEVEL_DEGRADED;

	switch (node->level) {
	case LEVEL_DOWN:
		return LEVEL_DEGRADED;
	case LEVEL_RISING:
		return node->settled_level == LEVEL_INIT ? LEVEL_RISING : LEVEL_DEGRADED;
	case LEVEL_UNKNOWN:
	case LEVEL_FALLING:
		return was_good ? node->settled_level : LEVEL_DEGRADED;
	case LEVEL_INIT:
	case LEVEL_NEW:
	case LEVEL_DEGRADED:
	case LEVEL_UP:
	case LEVELS:
		break;
	}
	return node->level;
}

static enum level passed_on(const struct check_node *node)
{
	return node->degrades ? degrading(node) : node->level;
}

static void level_set(struct check_node *node, enum level level, struct instant now)
{
	if (node->level != level)
		node->level_since = now;
	node->level = level;
	if (level == LEVEL_DOWN || level == LEVEL_DEGRADED || level == LEVEL_UP)
		node->settled_level = level;
}

/* A group is as its lowest or highest child; of equals the first one written is named. */
static void group_evaluate(
	struct check_node *nodes, size_t count, size_t group, struct instant now)
{
	enum level level = LEVEL_INIT;
	size_t culprit = SIZE_MAX;

	for (size_t i = group + 1; i < count; i++) {
		enum level child;

		if (nodes[i].parent != (int)group)
			continue;
		child = passed_on(&nodes[i]);
		if (culprit == SIZE_MAX ||
			(nodes[group].kind == CHECK_KIND_ALL ? child < level : child > level)) {
			level = child;
			culprit = i;
		}
	}
	nodes[group].culprit = culprit;
	level_set(&nodes[group], level, now);
}

/* The highest level at which this much weight stands; DOWN if there is not so much at all. */
static enum level level_of_weight(const unsigned long weights[LEVELS], unsigned long wanted)
{
	unsigned long sum = 0;

	for (int level = LEVEL_UP; level > LEVEL_DOWN; level--) {
		sum += weights[level];
		if (sum >= wanted)
			return (enum level)level;
	}
	return LEVEL_DOWN;
}

static enum level weighed(
	const unsigned long weights[LEVELS], unsigned minimum_weight, unsigned degraded_weight)
{
	enum level full = level_of_weight(weights, minimum_weight), part;

	/* Whoever has not spoken yet is waited for, lest each start begins degraded. */
	if (full >= LEVEL_UNKNOWN || full == LEVEL_INIT || degraded_weight == 0)
		return full;
	part = level_of_weight(weights, degraded_weight);
	if (part > LEVEL_DEGRADED)
		part = LEVEL_DEGRADED;
	return part > full ? part : full;
}

static size_t leaf_behind(const struct check_node *nodes, size_t node)
{
	while (node != SIZE_MAX && nodes[node].kind != CHECK_KIND_LEAF)
		node = nodes[node].culprit;
	return node;
}

static struct verdict tops_evaluate(const struct check_node *nodes, size_t count,
	unsigned minimum_weight, unsigned degraded_weight)
{
	struct verdict verdict = { .level = LEVEL_UP, .culprit = SIZE_MAX };
	unsigned long weights[LEVELS] = { 0 };

	for (size_t i = 0; i < count; i++) {
		enum level level;

		if (nodes[i].parent >= 0)
			continue;
		level = passed_on(&nodes[i]);
		weights[level] += nodes[i].weight;
		if (level >= LEVEL_FALLING)
			verdict.weight += nodes[i].weight;
		if (verdict.culprit == SIZE_MAX || level < verdict.level) {
			verdict.level = level;
			verdict.culprit = i;
		}
	}
	verdict.culprit = leaf_behind(nodes, verdict.culprit);
	if (minimum_weight > 0 && count > 0)
		verdict.level = weighed(weights, minimum_weight, degraded_weight);
	return verdict;
}

struct verdict tree_evaluate(struct check_node *nodes, size_t count, unsigned minimum_weight,
	unsigned degraded_weight, struct instant now)
{
	for (size_t i = count; i-- > 0;) {
		if (nodes[i].kind == CHECK_KIND_LEAF)
			level_set(&nodes[i], leaf_level(&nodes[i]), now);
		else
			group_evaluate(nodes, count, i, now);
	}
	return tops_evaluate(nodes, count, minimum_weight, degraded_weight);
}

static void leaf_waited(struct check_node *leaf)
{
	if (leaf->words_left > 0 && --leaf->words_left == 0)
		leaf->trust = TRUST_FULL;
}

static void leaf_settle(struct check_node *leaf, enum check_state state)
{
	leaf->settled = state;
	leaf->confirm = leaf->provisional = false;
	if (leaf->trust == TRUST_NEW)
		leaf->trust = TRUST_FULL;
}

void leaf_word(struct check_node *leaf, enum check_state state, bool conclusive,
	const char *evidence, struct instant now)
{
	/* "No result yet" is not a word that anybody waited for. */
	if (state != CHECK_STATE_INIT)
		leaf_waited(leaf);
	if (leaf->state != state)
		leaf->since = now;
	leaf->seen = now;
	leaf->state = state;
	leaf->conclusive = conclusive;
	(void)snprintf(leaf->evidence, sizeof(leaf->evidence), "%s", evidence);
	leaf->provisional = state == CHECK_STATE_DOWN && !conclusive && leaf->confirm;
	if (leaf->provisional)
		leaf->confirm = false;
	if (state == CHECK_STATE_UP || state == CHECK_STATE_DEGRADED)
		leaf_settle(leaf, state);
}

void leaf_believe(struct check_node *leaf)
{
	leaf->doubted = false;
	if (leaf->state == CHECK_STATE_DOWN && !leaf->provisional)
		leaf_settle(leaf, CHECK_STATE_DOWN);
}

enum check_state level_state(enum level level)
{
	static const enum check_state states[LEVELS] = {
		[LEVEL_DOWN] = CHECK_STATE_DOWN,
		[LEVEL_INIT] = CHECK_STATE_INIT,
		[LEVEL_RISING] = CHECK_STATE_RISING,
		[LEVEL_UNKNOWN] = CHECK_STATE_UNKNOWN,
		[LEVEL_NEW] = CHECK_STATE_INIT,
		[LEVEL_FALLING] = CHECK_STATE_FALLING,
		[LEVEL_DEGRADED] = CHECK_STATE_DEGRADED,
		[LEVEL_UP] = CHECK_STATE_UP,
	};

	return states[level];
}
