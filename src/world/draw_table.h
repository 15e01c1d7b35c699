/* SPDX-License-Identifier: Apache-2.0 */
/* Catchments as text for terminals: tables, and a map of braille dots. No colour. */
#ifndef NEARCAST_WORLD_DRAW_TABLE_H
#define NEARCAST_WORLD_DRAW_TABLE_H

#include "base/text.h"
#include "world/draw_world.h"

/*
 * Append a row each client: who answers, round-trip times, share where several do, path where
 * known; then a row each site, and one for all. Columns that would be empty are left out. Text
 * of the world is made safe for a terminal. ERROR_RANGE or ERROR_FULL (draw_world_check),
 * ERROR_MEMORY; then out may have part of it.
 */
int draw_table(const struct draw_world *world, struct text *out, struct error *error);
/* The same of two, places matched by name: what was, what is. Rows of clients whose site
 * changed say so. */
int draw_table_change(const struct draw_world *before, const struct draw_world *after,
	struct text *out, struct error *error);

/*
 * Append a map as wide as a terminal's columns (20 to 500): land as braille dots, sites as
 * capital letters in brackets ("[A]"), clients as the small letter of the site that answers,
 * "!" if none does; letters beyond z are "*". The legend is draw_table's.
 */
int draw_terminal_map(const struct draw_world *world, unsigned columns, struct text *out,
	struct error *error);

#endif
