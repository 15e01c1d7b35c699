/* SPDX-License-Identifier: Apache-2.0 */
/* A world and its catchments in formats that other programs read. */
#ifndef NEARCAST_WORLD_EXPORT_WORLD_H
#define NEARCAST_WORLD_EXPORT_WORLD_H

#include "base/text.h"
#include "world/draw_world.h"

/* All append to out. ERROR_RANGE or ERROR_FULL (draw_world_check), ERROR_MEMORY; then out may
 * have part of it. */

/*
 * Graphviz: a cluster each AS; links as the field draws them: an arrow from provider to
 * customer, a dashed line between peers, a bold one within a network, a dotted one to an
 * exchange; cut links red. Who is answered by whom in the site's colour, beside the layout.
 */
int export_dot(const struct draw_world *world, struct text *out, struct error *error);

/*
 * GeoJSON (RFC 7946): a point each place, a line each link and each answer, along great
 * circles. Lines that cross the antimeridian are cut there into a MultiLineString (section
 * 3.1.9).
 */
int export_geojson(const struct draw_world *world, struct text *out, struct error *error);

/*
 * RFC 8345 as JSON (RFC 7951): the network "routers" of all places and links, "ases" above it
 * with a node each AS, and "catchments", also above it, with a link from each client to the
 * sites that answer it. A link of a world is two there, one each direction (section 4.4.5).
 * Links that are cut and places that are down are left out: the model has no state.
 */
int export_rfc8345(const struct draw_world *world, struct text *out, struct error *error);

#endif
