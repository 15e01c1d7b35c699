/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catchments as tables. The letters of sites are those of the map, so that one can be read with
 * the other.
 */
#include "world/draw_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "world/draw_grid.h"
#include "world/draw_map_internal.h"

static const char *const site_states[] = {
	[DRAW_OK] = "",
	[DRAW_DOWN] = "down",
	[DRAW_DRAINED] = "drained",
};

static const char *unit_of(const struct draw_world *world)
{
	return world->weight == NULL ? "users" : world->weight;
}

/* ---- Cells ---- */

static void cell_ms(struct draw_grid *grid, double ms)
{
	char text[DRAW_NUMBER_MAX];

	grid_cell(grid, ms < 0 ? "-" : draw_ms(ms, text));
}

static void cell_percent(struct draw_grid *grid, double part)
{
	char text[DRAW_NUMBER_MAX];

	snprintf(text, sizeof(text), "%ld %%", lround(part * 100));
	grid_cell(grid, text);
}

/* "A fra" of a place, "none" of DRAW_NONE. */
static void cell_site(struct draw_grid *grid, const struct draw_index *index, uint32_t site)
{
	struct text text = { 0 };
	char letter[DRAW_NUMBER_MAX];

	if (site == DRAW_NONE) {
		grid_cell(grid, "none");
		return;
	}
	text_print(&text, "%s %s", draw_letter(index->number[site], letter),
		index->world->places[site].name);
	grid_cell(grid, text_string(&text));
	text_clear(&text);
}

static void cell_client(struct draw_grid *grid, const struct draw_place *p)
{
	grid_cell(grid, p->name);
	grid_cell(grid, p->label == NULL || strcmp(p->label, p->name) == 0 ? "" : p->label);
}

/* ---- One world ---- */

/* Sites that share a client have rows below its own, without its name. */
static void row_answer(struct draw_grid *grid, const struct draw_index *index, size_t client,
	const struct draw_answer *a, bool first)
{
	const struct draw_place *p = &index->world->places[index->clients[client]];
	char text[DRAW_NUMBER_MAX];
	bool answered = a != NULL && a->site != DRAW_NONE;

	if (first) {
		cell_client(grid, p);
		grid_cell(grid, index->weights_known ? draw_count(p->weight, text) : "");
	} else {
		grid_cell(grid, "");
		grid_cell(grid, "");
		grid_cell(grid, "");
	}
	cell_site(grid, index, answered ? a->site : DRAW_NONE);
	cell_ms(grid, answered ? a->median_us / 1e3 : -1);
	if (answered && a->p95_us > 0)
		cell_ms(grid, a->p95_us / 1e3);
	else
		grid_cell(grid, "");
	if (a != NULL && a->share < 0.9995)
		cell_percent(grid, a->share);
	else
		grid_cell(grid, "");
	grid_cell(grid, answered && a->path != NULL ? a->path : "");
}

static void print_clients(const struct draw_index *index, struct text *out)
{
	struct draw_grid grid = { 0 };

	grid_column(&grid, "client", false);
	grid_column(&grid, "city", false);
	grid_column(&grid, unit_of(index->world), true);
	grid_column(&grid, "site", false);
	grid_column(&grid, "median", true);
	grid_column(&grid, "95 %", true);
	grid_column(&grid, "share", true);
	grid_column(&grid, "path", false);
	for (size_t c = 0; c < index->client_count; c++) {
		if (index->first[c] == index->first[c + 1])
			row_answer(&grid, index, c, NULL, true);
		for (uint32_t i = index->first[c]; i < index->first[c + 1]; i++)
			row_answer(&grid, index, c, &index->world->answers[index->order[i]],
				i == index->first[c]);
	}
	grid_print(&grid, out);
	grid_clear(&grid);
}

static int row_site(struct draw_grid *grid, const struct draw_index *index, size_t site)
{
	bool all = site == index->site_count;
	const struct draw_place *p = all ? NULL : &index->world->places[index->sites[site]];
	struct draw_tally tally;
	char text[DRAW_NUMBER_MAX];
	int result = draw_tally_make(index, site, &tally);

	if (result != 0)
		return result;
	grid_cell(grid, all ? "all" : draw_letter(site, text));
	grid_cell(grid, all ? "" : p->name);
	grid_cell(grid,
		all || p->label == NULL || strcmp(p->label, p->name) == 0 ? "" : p->label);
	grid_cell(grid, all ? "" : site_states[p->state]);
	snprintf(text, sizeof(text), "%zu", tally.clients);
	grid_cell(grid, text);
	grid_cell(grid, index->weights_known ? draw_count(tally.weight, text) : "");
	if (index->weight > 0)
		cell_percent(grid, tally.weight / index->weight);
	else
		grid_cell(grid, "");
	cell_ms(grid, tally.median_ms);
	cell_ms(grid, tally.p95_ms);
	return 0;
}

static int print_sites(const struct draw_index *index, struct text *out)
{
	struct draw_grid grid = { 0 };
	int result = 0;

	grid_column(&grid, "", false);
	grid_column(&grid, "site", false);
	grid_column(&grid, "city", false);
	grid_column(&grid, "state", false);
	grid_column(&grid, "clients", true);
	grid_column(&grid, unit_of(index->world), true);
	grid_column(&grid, "share", true);
	grid_column(&grid, "median", true);
	grid_column(&grid, "95 %", true);
	for (size_t s = 0; s <= index->site_count && result == 0; s++)
		result = row_site(&grid, index, s);
	grid_print(&grid, out);
	grid_clear(&grid);
	return result;
}

int draw_table(const struct draw_world *world, struct text *out, struct error *error)
{
	struct draw_index index = { 0 };
	int result = draw_world_check(world, error);

	if (result != 0)
		return result;
	result = draw_index_make(world, &index);
	if (result == 0) {
		print_clients(&index, out);
		text_add(out, "\n");
		result = print_sites(&index, out);
	}
	draw_index_clear(&index);
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the table")
		       : 0;
}

/* ---- Before and after ---- */

struct pair {
	struct draw_index before, after;
};

static void row_change(struct draw_grid *grid, const struct pair *pair, size_t client)
{
	const struct draw_index *index = &pair->before;
	uint32_t twin = draw_twin(index, index->clients[client], &pair->after);
	const struct draw_answer *was = draw_main_answer(index, client);
	const struct draw_answer *is =
		twin == DRAW_NONE ? NULL
				  : draw_main_answer(&pair->after, pair->after.number[twin]);
	bool same = draw_other_answer(index, client, &pair->after) ==
		    (was == NULL ? DRAW_NONE : was->site);

	cell_client(grid, &index->world->places[index->clients[client]]);
	cell_site(grid, index, was == NULL ? DRAW_NONE : was->site);
	grid_cell(grid, same ? "" : "->");
	if (same)
		grid_cell(grid, "");
	else
		cell_site(grid, &pair->after, is == NULL ? DRAW_NONE : is->site);
	cell_ms(grid, was == NULL ? -1 : was->median_us / 1e3);
	grid_cell(grid, "->");
	cell_ms(grid, is == NULL ? -1 : is->median_us / 1e3);
	grid_cell(grid, same ? "" : is == NULL ? "lost" : was == NULL ? "served" : "moved");
}

static void print_changes(const struct pair *pair, struct text *out)
{
	struct draw_grid grid = { 0 };

	grid_column(&grid, "client", false);
	grid_column(&grid, "city", false);
	grid_column(&grid, "before", false);
	grid_column(&grid, "", false);
	grid_column(&grid, "after", false);
	grid_column(&grid, "before", true);
	grid_column(&grid, "", false);
	grid_column(&grid, "after", true);
	grid_column(&grid, "", false);
	for (size_t c = 0; c < pair->before.client_count; c++)
		row_change(&grid, pair, c);
	grid_print(&grid, out);
	grid_clear(&grid);
}

static int row_site_change(struct draw_grid *grid, const struct pair *pair, size_t site)
{
	const struct draw_index *index = &pair->before;
	bool all = site == index->site_count;
	uint32_t twin = all ? DRAW_NONE : draw_twin(index, index->sites[site], &pair->after);
	struct draw_tally was = { 0 }, is = { .median_ms = -1 };
	char text[2 * DRAW_NUMBER_MAX], number[DRAW_NUMBER_MAX];
	int result = draw_tally_make(index, site, &was);

	if (result == 0 && (all || twin != DRAW_NONE))
		result = draw_tally_make(&pair->after,
			all ? pair->after.site_count : pair->after.number[twin], &is);
	if (result != 0)
		return result;
	if (all)
		grid_cell(grid, "all");
	else
		cell_site(grid, index, index->sites[site]);
	grid_cell(grid, twin == DRAW_NONE ? (all ? "" : "gone")
					  : site_states[pair->after.world->places[twin].state]);
	snprintf(text, sizeof(text), "%zu -> %zu", was.clients, is.clients);
	grid_cell(grid, text);
	grid_cell(grid, index->weights_known ? draw_count(was.weight, number) : "");
	grid_cell(grid, index->weights_known ? "->" : "");
	grid_cell(grid, index->weights_known ? draw_count(is.weight, number) : "");
	cell_ms(grid, was.median_ms);
	grid_cell(grid, "->");
	cell_ms(grid, is.median_ms);
	return 0;
}

static int print_site_changes(const struct pair *pair, struct text *out)
{
	struct draw_grid grid = { 0 };
	int result = 0;

	grid_column(&grid, "site", false);
	grid_column(&grid, "state", false);
	grid_column(&grid, "clients", true);
	grid_column(&grid, unit_of(pair->before.world), true);
	grid_column(&grid, "", false);
	grid_column(&grid, "", true);
	grid_column(&grid, "median", true);
	grid_column(&grid, "", false);
	grid_column(&grid, "", true);
	for (size_t s = 0; s <= pair->before.site_count && result == 0; s++)
		result = row_site_change(&grid, pair, s);
	grid_print(&grid, out);
	grid_clear(&grid);
	return result;
}

int draw_table_change(const struct draw_world *before, const struct draw_world *after,
	struct text *out, struct error *error)
{
	struct pair pair = { 0 };
	int result = draw_world_check(before, error);

	if (result == 0)
		result = draw_world_check(after, error);
	if (result != 0)
		return result;
	result = draw_index_make(before, &pair.before);
	if (result == 0)
		result = draw_index_make(after, &pair.after);
	if (result == 0) {
		print_changes(&pair, out);
		text_add(out, "\n");
		result = print_site_changes(&pair, out);
	}
	draw_index_clear(&pair.before);
	draw_index_clear(&pair.after);
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the table")
		       : 0;
}
