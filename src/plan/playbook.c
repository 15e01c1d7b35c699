/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategies and playbooks.
 *
 * Invariants:
 *  1. A move adds something to a defence that it did not have: sequences end.
 *  2. No move withdraws the last site that is up.
 *  3. Everything is done in a fixed order: the same attack gives the same playbook.
 */
#include "plan/playbook.h"

#include <stdlib.h>
#include <string.h>

#define INLETS_MAX 3 /* neighbours looked at, of an upstream */

/* ---- Moves ---- */

static size_t sites_up(const struct plan_stand *stand)
{
	size_t up = 0;

	for (size_t i = 0; i < stand->site_count; i++)
		up += !stand->sites[i].down;
	return up;
}

static bool has_room(
	const struct plan_scenario *scenario, const struct plan_defence *d, uint32_t site)
{
	for (size_t i = 0; i < scenario->upstream_count; i++)
		if (scenario->upstreams[i].announcement.site == site &&
			d->prepends[i] < PLAN_DEFENCE_PREPENDS)
			return true;
	return false;
}

static void prepend_all(
	const struct plan_scenario *scenario, uint32_t site, struct plan_defence *d)
{
	for (size_t i = 0; i < scenario->upstream_count; i++)
		if (scenario->upstreams[i].announcement.site == site &&
			d->prepends[i] < PLAN_DEFENCE_PREPENDS)
			d->prepends[i]++;
}

static void make(const struct plan_scenario *scenario, const struct plan_move *move,
	struct plan_defence *d)
{
	switch (move->kind) {
	case PLAN_MOVE_SHED:
		d->scrubs[move->site] = 1;
		break;
	case PLAN_MOVE_WITHDRAW:
		d->withdrawn[move->site] = 1;
		break;
	case PLAN_MOVE_PREPEND:
		d->prepends[move->upstream]++;
		break;
	case PLAN_MOVE_PREPEND_ALL:
		prepend_all(scenario, move->site, d);
		break;
	case PLAN_MOVE_NO_TELL:
		d->blocks[d->block_count++] =
			(struct plan_block){ move->upstream, move->neighbor };
		break;
	}
}

/* The neighbour of a site's upstreams that brings most of the attack. */
static bool worst_inlet(struct plan_siege *siege, const struct plan_scenario *scenario,
	uint32_t site, const struct plan_defence *d, struct plan_move *move)
{
	struct plan_block block;
	double most = 0;

	for (uint32_t i = 0; i < scenario->upstream_count; i++) {
		if (scenario->upstreams[i].announcement.site != site ||
			d->block_count == PLAN_BLOCKS_MAX ||
			plan_siege_inlets(siege, i, 1, &block) == 0 ||
			plan_siege_flow(siege, block.neighbor) <= most)
			continue;
		most = plan_siege_flow(siege, block.neighbor);
		move->upstream = i;
		move->neighbor = block.neighbor;
	}
	return most > 0;
}

/* ---- Strategies ---- */

static bool can_move(struct plan_siege *siege, const struct plan_scenario *scenario,
	enum plan_strategy strategy, const struct plan_play *play, struct plan_move *move)
{
	const struct plan_defence *d = &play->defence;
	const struct plan_stand *stand = &play->stand;

	switch (strategy) {
	case PLAN_SHED:
		move->kind = PLAN_MOVE_SHED;
		return d->scrubs[move->site] == 0;
	case PLAN_WITHDRAW:
		move->kind = PLAN_MOVE_WITHDRAW;
		return !stand->sites[move->site].down && sites_up(stand) > 1;
	case PLAN_PREPEND:
		move->kind = PLAN_MOVE_PREPEND_ALL;
		return has_room(scenario, d, move->site);
	case PLAN_NO_TELL:
		move->kind = PLAN_MOVE_NO_TELL;
		return worst_inlet(siege, scenario, move->site, d, move);
	case PLAN_ABSORB:
	case PLAN_STRATEGIES:
		break;
	}
	return false;
}

/* The move of the most pressed site that has one. */
static bool next_move(struct plan_siege *siege, const struct plan_scenario *scenario,
	enum plan_strategy strategy, const struct plan_play *play, struct plan_move *ret_move)
{
	double most = 1;
	bool found = false;

	for (uint32_t i = 0; i < play->stand.site_count; i++) {
		struct plan_move move = { .site = i };

		if (play->stand.sites[i].pressure <= most || play->defence.withdrawn[i] != 0 ||
			!can_move(siege, scenario, strategy, play, &move))
			continue;
		most = play->stand.sites[i].pressure;
		*ret_move = move;
		found = true;
	}
	return found;
}

int plan_strategy_run(struct plan_siege *siege, const struct plan_scenario *scenario,
	enum plan_strategy strategy, struct plan_play *ret_play, struct error *error)
{
	struct plan_move move;
	int result;

	memset(ret_play, 0, sizeof(*ret_play));
	result = plan_siege_run(siege, &ret_play->defence, &ret_play->stand, error);
	while (result == 0 && ret_play->move_count < PLAN_MOVES_MAX &&
		next_move(siege, scenario, strategy, ret_play, &move)) {
		make(scenario, &move, &ret_play->defence);
		result = plan_siege_run(siege, &ret_play->defence, &ret_play->stand, error);
		move.served = ret_play->stand.served;
		ret_play->moves[ret_play->move_count++] = move;
	}
	return result;
}

/* ---- The search ---- */

/* A sequence; its defence follows from its moves. */
struct line {
	struct plan_move moves[PLAN_STEPS_MAX];
	size_t count;
	double served;
	struct plan_defence defence;
};

struct beam {
	const struct plan_playbook_search *search;
	struct line *lines, *next; /* [width], [candidates] */
	size_t count, next_count, next_room;
	struct plan_stand stand;
	struct plan_move moves[PLAN_MOVES_MAX]; /* that one line may go on with */
	size_t move_count;
};

static void offer(struct beam *b, struct plan_move move)
{
	if (b->move_count < PLAN_MOVES_MAX)
		b->moves[b->move_count++] = move;
}

static void offer_upstreams(struct beam *b, const struct plan_defence *d, uint32_t site)
{
	const struct plan_scenario *scenario = b->search->scenario;
	struct plan_block inlets[INLETS_MAX];

	for (uint32_t i = 0; i < scenario->upstream_count; i++) {
		size_t count;

		if (scenario->upstreams[i].announcement.site != site)
			continue;
		if (d->prepends[i] < PLAN_DEFENCE_PREPENDS)
			offer(b, (struct plan_move){ .kind = PLAN_MOVE_PREPEND,
					 .site = site,
					 .upstream = i });
		count = d->block_count == PLAN_BLOCKS_MAX
				? 0
				: plan_siege_inlets(b->search->siege, i, INLETS_MAX, inlets);
		for (size_t j = 0; j < count; j++)
			offer(b, (struct plan_move){ .kind = PLAN_MOVE_NO_TELL,
					 .site = site,
					 .upstream = i,
					 .neighbor = inlets[j].neighbor });
	}
}

/* Every move of every site under pressure; stand is that of the line. */
static void list_moves(struct beam *b, const struct plan_defence *d)
{
	b->move_count = 0;
	for (uint32_t site = 0; site < b->stand.site_count; site++) {
		if (b->stand.sites[site].pressure <= 1 || d->withdrawn[site] != 0)
			continue;
		if (b->search->may_shed && d->scrubs[site] == 0)
			offer(b, (struct plan_move){ .kind = PLAN_MOVE_SHED, .site = site });
		if (!b->stand.sites[site].down && sites_up(&b->stand) > 1)
			offer(b,
				(struct plan_move){ .kind = PLAN_MOVE_WITHDRAW, .site = site });
		if (has_room(b->search->scenario, d, site))
			offer(b, (struct plan_move){
					 .kind = PLAN_MOVE_PREPEND_ALL, .site = site });
		offer_upstreams(b, d, site);
	}
}

static bool is_new(const struct beam *b, const struct line *line)
{
	for (size_t i = 0; i < b->next_count; i++)
		if (b->next[i].served == line->served &&
			memcmp(&b->next[i].defence, &line->defence, sizeof(line->defence)) == 0)
			return false;
	return true;
}

/* Among the best `width`, in order; earlier ones before equal ones. */
static void keep(struct beam *b, const struct line *line)
{
	size_t at = b->next_count, width = b->search->width;

	if (!is_new(b, line))
		return;
	while (at > 0 && b->next[at - 1].served < line->served)
		at--;
	if (at == width)
		return;
	if (b->next_count == width)
		b->next_count--;
	memmove(&b->next[at + 1], &b->next[at], (b->next_count - at) * sizeof(*b->next));
	b->next[at] = *line;
	b->next_count++;
}

static int extend(
	struct beam *b, const struct line *from, size_t done, size_t total, struct error *error)
{
	const struct plan_playbook_search *search = b->search;
	struct line line;
	struct plan_stand stand;
	int result = plan_siege_run(search->siege, &from->defence, &b->stand, error);

	if (result != 0)
		return result;
	list_moves(b, &from->defence);
	if (from->count == b->search->steps)
		b->move_count = 0;
	for (size_t i = 0; i < b->move_count && result == 0; i++) {
		line = *from;
		line.moves[line.count] = b->moves[i];
		make(search->scenario, &b->moves[i], &line.defence);
		result = plan_siege_run(search->siege, &line.defence, &stand, error);
		line.served = line.moves[line.count++].served = stand.served;
		if (result == 0)
			keep(b, &line);
		if (search->progress != NULL)
			search->progress(search->context,
				done * 1000 + (i + 1) * 1000 / b->move_count, total * 1000);
	}
	return result;
}

/* One step: every line by every move. */
static int step(struct beam *b, size_t number, struct error *error)
{
	struct line *swap = b->lines;
	int result = 0;

	b->next_count = 0;
	for (size_t i = 0; i < b->count && result == 0; i++)
		result = extend(b, &b->lines[i], number * b->search->width + i,
			2 * b->search->steps * b->search->width, error);
	b->lines = b->next;
	b->next = swap;
	b->count = b->next_count;
	return result;
}

/* From the lines there are, as long as something comes of it. */
static int search(struct beam *b, struct line *best, size_t half, struct error *error)
{
	size_t dull = 0;
	int result = 0;

	/* Withdrawing one of two that must go can make it worse at first. */
	for (size_t i = 0; i < b->search->steps && result == 0 && b->count > 0 && dull < 3;
		i++) {
		result = step(b, half * b->search->steps + i, error);
		dull++;
		if (result == 0 && b->count > 0 && b->lines[0].served > best->served) {
			*best = b->lines[0];
			dull = 0;
		}
	}
	return result;
}

/* The moves of a line, made one after the other. */
static int replay(struct beam *b, struct line *line, struct error *error)
{
	struct plan_stand stand;
	int result = 0;

	line->defence = (struct plan_defence){ 0 };
	for (size_t i = 0; i < line->count && result == 0; i++) {
		make(b->search->scenario, &line->moves[i], &line->defence);
		result = plan_siege_run(b->search->siege, &line->defence, &stand, error);
		line->served = line->moves[i].served = stand.served;
	}
	return result;
}

/* The strategies, each as far as it is best, are lines to go on from. */
static int start_from_strategies(struct beam *b, struct line *best, struct error *error)
{
	struct plan_play *play = calloc(1, sizeof(*play));
	int result = play == NULL ? ERROR_MEMORY : 0;

	b->next_count = 0;
	for (int i = PLAN_SHED; i < PLAN_STRATEGIES && result == 0; i++) {
		struct line line = { 0 };
		size_t end = 0;

		if (i == PLAN_SHED && !b->search->may_shed)
			continue;
		result = plan_strategy_run(b->search->siege, b->search->scenario,
			(enum plan_strategy)i, play, error);
		for (size_t m = 0; m < play->move_count && m < b->search->steps; m++)
			if (end == 0 || play->moves[m].served > play->moves[end - 1].served)
				end = m + 1;
		line.count = end;
		memcpy(line.moves, play->moves, end * sizeof(*line.moves));
		if (result != 0 || end == 0)
			continue;
		result = replay(b, &line, error);
		if (line.served > best->served)
			*best = line;
		keep(b, &line);
	}
	memcpy(b->lines, b->next, b->next_count * sizeof(*b->lines));
	b->count = b->next_count;
	free(play);
	return result == ERROR_MEMORY ? error_set(error, result, "no memory for a strategy")
				      : result;
}

/* Moves that others have made needless go. */
static int thin_out(struct beam *b, struct line *best, struct error *error)
{
	struct line shorter;
	int result = 0;

	for (size_t i = best->count; i-- > 0 && result == 0;) {
		shorter = *best;
		shorter.count--;
		memmove(&shorter.moves[i], &shorter.moves[i + 1],
			(shorter.count - i) * sizeof(*shorter.moves));
		if (shorter.count == 0)
			break;
		result = replay(b, &shorter, error);
		if (result == 0 && shorter.served >= best->served)
			*best = shorter;
	}
	return result;
}

static int search_all(struct beam *b, struct line *best, struct error *error)
{
	int result = plan_siege_run(b->search->siege, &best->defence, &b->stand, error);

	best->served = b->stand.served;
	b->lines[0] = *best;
	b->count = 1;
	if (result == 0)
		result = search(b, best, 0, error);
	if (result == 0)
		result = start_from_strategies(b, best, error);
	if (result == 0)
		result = search(b, best, 1, error);
	return result == 0 ? thin_out(b, best, error) : result;
}

int plan_playbook_find(const struct plan_playbook_search *search_for,
	struct plan_play *ret_play, struct error *error)
{
	struct beam *b = calloc(1, sizeof(*b));
	struct line *best = calloc(1, sizeof(*best));
	int result = b == NULL || best == NULL ? ERROR_MEMORY : 0;

	memset(ret_play, 0, sizeof(*ret_play));
	if (b != NULL) {
		b->search = search_for;
		b->lines = calloc(search_for->width + 1, sizeof(*b->lines));
		b->next = calloc(search_for->width + 1, sizeof(*b->next));
		if (b->lines == NULL || b->next == NULL)
			result = ERROR_MEMORY;
	}
	if (result == 0) {
		result = search_all(b, best, error);
	} else {
		error_set(error, ERROR_MEMORY, "no memory for a playbook");
	}
	if (result == 0) {
		ret_play->defence = best->defence;
		ret_play->move_count = best->count;
		memcpy(ret_play->moves, best->moves, best->count * sizeof(*best->moves));
		result = plan_siege_run(
			search_for->siege, &ret_play->defence, &ret_play->stand, error);
	}
	if (b != NULL) {
		free(b->lines);
		free(b->next);
	}
	free(b);
	free(best);
	return result;
}
