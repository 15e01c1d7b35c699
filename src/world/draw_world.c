/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world as drawings need it.
 *
 * Invariants:
 *  1. After draw_world_check every index is within its array and every number is finite, so
 *     that no drawing has to look again.
 *  2. Answers of a client stand in order[first[c]] .. order[first[c + 1] - 1], by share,
 * largest first; what equals stays in the maker's order.
 */
#include "world/draw_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *draw_label(const struct draw_place *place)
{
	return place->label == NULL || place->label[0] == '\0' ? place->name : place->label;
}

static int check_place(const struct draw_world *world, size_t i, struct error *error)
{
	const struct draw_place *p = &world->places[i];

	if (p->name == NULL || p->name[0] == '\0')
		return error_set(error, ERROR_RANGE, "place %zu has no name", i);
	if (!(fabs(p->latitude) <= 90) || !(fabs(p->longitude) <= 180))
		return error_set(
			error, ERROR_RANGE, "%s is not on the globe: coordinates", p->name);
	if (!(p->weight >= 0) || !isfinite(p->weight))
		return error_set(error, ERROR_RANGE, "%s has no sensible weight", p->name);
	return 0;
}

static int check_link(const struct draw_world *world, size_t i, struct error *error)
{
	const struct draw_link *l = &world->links[i];

	if (l->from >= world->place_count || l->to >= world->place_count || l->from == l->to)
		return error_set(error, ERROR_RANGE, "link %zu has no two ends", i);
	return 0;
}

static int check_answer(const struct draw_world *world, size_t i, struct error *error)
{
	const struct draw_answer *a = &world->answers[i];

	if (a->client >= world->place_count || world->places[a->client].kind != DRAW_CLIENT)
		return error_set(error, ERROR_RANGE, "answer %zu is to no client", i);
	if (a->site != DRAW_NONE &&
		(a->site >= world->place_count || world->places[a->site].kind != DRAW_SITE))
		return error_set(error, ERROR_RANGE, "answer %zu is from no site", i);
	if (!(a->share >= 0 && a->share <= 1))
		return error_set(error, ERROR_RANGE, "answer %zu: share", i);
	return 0;
}

int draw_world_check(const struct draw_world *world, struct error *error)
{
	int result = 0;

	if (world->place_count > DRAW_PLACES_MAX || world->link_count > DRAW_LINKS_MAX ||
		world->answer_count > DRAW_ANSWERS_MAX)
		return error_set(error, ERROR_FULL, "the world is too large to be drawn");
	for (size_t i = 0; i < world->place_count && result == 0; i++)
		result = check_place(world, i, error);
	for (size_t i = 0; i < world->link_count && result == 0; i++)
		result = check_link(world, i, error);
	for (size_t i = 0; i < world->answer_count && result == 0; i++)
		result = check_answer(world, i, error);
	return result;
}

static void number_places(struct draw_index *index)
{
	const struct draw_world *world = index->world;

	for (uint32_t i = 0; i < world->place_count; i++) {
		const struct draw_place *p = &world->places[i];

		index->number[i] = DRAW_NONE;
		if (p->kind == DRAW_SITE) {
			index->number[i] = (uint32_t)index->site_count;
			index->sites[index->site_count++] = i;
		} else if (p->kind == DRAW_CLIENT) {
			index->number[i] = (uint32_t)index->client_count;
			index->clients[index->client_count++] = i;
			index->weights_known |= p->weight > 0;
			index->weight += p->weight;
		}
	}
	if (!index->weights_known)
		index->weight = (double)index->client_count;
}

/* Into its place among those of the same client that are there already. */
static void insert_answer(
	struct draw_index *index, uint32_t answer, uint32_t first, uint32_t at)
{
	const struct draw_answer *answers = index->world->answers;

	for (; at > first && answers[index->order[at - 1]].share < answers[answer].share; at--)
		index->order[at] = index->order[at - 1];
	index->order[at] = answer;
}

static void order_answers(struct draw_index *index, uint32_t *filled)
{
	const struct draw_world *world = index->world;

	for (size_t i = 0; i < world->answer_count; i++)
		index->first[index->number[world->answers[i].client] + 1]++;
	for (size_t c = 0; c < index->client_count; c++)
		index->first[c + 1] += index->first[c];
	for (uint32_t i = 0; i < world->answer_count; i++) {
		uint32_t c = index->number[world->answers[i].client];

		insert_answer(index, i, index->first[c], index->first[c] + filled[c]++);
	}
}

int draw_index_make(const struct draw_world *world, struct draw_index *ret_index)
{
	struct draw_index index = { .world = world };
	size_t places = world->place_count + 1;
	uint32_t *filled = calloc(places, sizeof(*filled));

	index.sites = calloc(places, sizeof(*index.sites));
	index.clients = calloc(places, sizeof(*index.clients));
	index.number = calloc(places, sizeof(*index.number));
	index.first = calloc(places + 1, sizeof(*index.first));
	index.order = calloc(world->answer_count + 1, sizeof(*index.order));
	if (filled == NULL || index.sites == NULL || index.clients == NULL ||
		index.number == NULL || index.first == NULL || index.order == NULL) {
		free(filled);
		draw_index_clear(&index);
		return ERROR_MEMORY;
	}
	number_places(&index);
	order_answers(&index, filled);
	free(filled);
	*ret_index = index;
	return 0;
}

void draw_index_clear(struct draw_index *index)
{
	free(index->sites);
	free(index->clients);
	free(index->number);
	free(index->first);
	free(index->order);
	*index = (struct draw_index){ 0 };
}

const struct draw_answer *draw_main_answer(const struct draw_index *index, size_t client)
{
	for (uint32_t i = index->first[client]; i < index->first[client + 1]; i++) {
		const struct draw_answer *a = &index->world->answers[index->order[i]];

		if (a->site != DRAW_NONE && a->share > 0)
			return a;
	}
	return NULL;
}

double draw_weight(const struct draw_index *index, size_t client)
{
	return index->weights_known ? index->world->places[index->clients[client]].weight : 1;
}

/* ---- Tallies ---- */

struct timed {
	double ms, weight;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *left = a, *right = b;

	return (left->ms > right->ms) - (left->ms < right->ms);
}

static double percentile(const struct timed *times, size_t count, double weight, double part)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += times[i].weight;
		if (sum >= weight * part)
			return times[i].ms;
	}
	return count == 0 ? -1 : times[count - 1].ms;
}

int draw_tally_make(const struct draw_index *index, size_t site, struct draw_tally *ret_tally)
{
	const struct draw_world *world = index->world;
	struct timed *times = calloc(world->answer_count + 1, sizeof(*times));
	struct draw_tally tally = { 0 };
	size_t count = 0;

	if (times == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < world->answer_count; i++) {
		const struct draw_answer *a = &world->answers[i];
		double weight = draw_weight(index, index->number[a->client]) * a->share;

		if (a->site == DRAW_NONE || weight <= 0 ||
			(site < index->site_count && index->number[a->site] != site))
			continue;
		tally.weight += weight;
		times[count++] = (struct timed){ a->median_us / 1e3, weight };
	}
	for (size_t c = 0; c < index->client_count; c++) {
		const struct draw_answer *a = draw_main_answer(index, c);

		if (a != NULL && (site == index->site_count || index->number[a->site] == site))
			tally.clients++;
	}
	qsort(times, count, sizeof(*times), by_time);
	tally.median_ms = percentile(times, count, tally.weight, 0.5);
	tally.p95_ms = percentile(times, count, tally.weight, 0.95);
	free(times);
	*ret_tally = tally;
	return 0;
}

/* ---- Numbers for people ---- */

/* Digits after the point by hand: printf's point is a comma in some locales. digits: at most,
 * fewer for large values and where they are 0. */
static void print_short(
	char text[DRAW_NUMBER_MAX], double value, unsigned digits, const char *unit)
{
	static const long scales[] = { 1, 10, 100 };
	long scaled;

	if (value >= 99.5)
		digits = 0;
	else if (value >= 9.95 && digits > 0)
		digits--;
	scaled = lround(value * (double)scales[digits]);
	for (; digits > 0 && scaled % 10 == 0; digits--)
		scaled /= 10;
	if (digits == 0)
		snprintf(text, DRAW_NUMBER_MAX, "%ld%s", scaled, unit);
	else
		snprintf(text, DRAW_NUMBER_MAX, "%ld.%0*ld%s", scaled / scales[digits],
			(int)digits, scaled % scales[digits], unit);
}

const char *draw_count(double count, char text[DRAW_NUMBER_MAX])
{
	static const struct {
		double unit;
		const char *letter;
	} units[] = { { 1e9, " G" }, { 1e6, " M" }, { 1e3, " k" }, { 1, "" } };
	size_t i = 0;

	while (i < 3 && count < units[i].unit * 0.9995)
		i++;
	if (count >= 1e15)
		snprintf(text, DRAW_NUMBER_MAX, "many");
	else
		print_short(text, count / units[i].unit, 2, units[i].letter);
	return text;
}

const char *draw_ms(double ms, char text[DRAW_NUMBER_MAX])
{
	if (!(ms >= 0))
		snprintf(text, DRAW_NUMBER_MAX, "-");
	else
		print_short(text, ms, ms >= 9.95 ? 0 : 1, " ms");
	return text;
}

const char *draw_letter(size_t site, char text[DRAW_NUMBER_MAX])
{
	if (site < 26)
		snprintf(text, DRAW_NUMBER_MAX, "%c", (char)('A' + site));
	else
		snprintf(text, DRAW_NUMBER_MAX, "%c%zu", (char)('A' + site % 26), site / 26);
	return text;
}
