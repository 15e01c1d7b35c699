/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GeoJSON.
 *
 * Invariants:
 *  1. Longitudes are within -180 to 180 and no line crosses the antimeridian: one that would is
 *     cut (RFC 7946 section 3.1.9).
 *  2. Positions are longitude, latitude (section 3.1.1); every line has two or more.
 */
#include <math.h>

#include "world/draw_globe.h"
#include "world/export_json.h"
#include "world/export_names.h"
#include "world/export_world.h"

#define STEP_DEGREES 2.5
#define DIGITS       4

static void add_position(struct export_json *json, double longitude, double latitude)
{
	export_json_open(json, '[', true);
	export_json_decimal(json, longitude, DIGITS);
	export_json_decimal(json, latitude, DIGITS);
	export_json_close(json, ']');
}

static void feature_begin(struct export_json *json)
{
	export_json_open(json, '{', false);
	export_member_string(json, "type", "Feature");
	export_json_key(json, "properties");
	export_json_open(json, '{', true);
}

static void geometry_begin(struct export_json *json, const char *type)
{
	export_json_close(json, '}'); /* properties */
	export_json_key(json, "geometry");
	export_json_open(json, '{', true);
	export_member_string(json, "type", type);
	export_json_key(json, "coordinates");
}

static void feature_end(struct export_json *json)
{
	export_json_close(json, '}');
	export_json_close(json, '}');
}

/* ---- Lines ---- */

struct tracing {
	struct export_json *json; /* NULL: only counts */
	size_t cuts;
	struct draw_degrees last;
};

static struct draw_degrees within(struct draw_degrees d)
{
	d.longitude = draw_wrap(d.longitude, -180);
	return d;
}

static void cut_here(struct tracing *t, double latitude)
{
	double side = draw_wrap(t->last.longitude, -180) > 0 ? 180 : -180;

	t->cuts++;
	if (t->json == NULL)
		return;
	add_position(t->json, side, latitude);
	export_json_close(t->json, ']');
	export_json_open(t->json, '[', true);
	add_position(t->json, -side, latitude);
}

static void trace(struct tracing *t, struct draw_degrees a, struct draw_degrees b)
{
	double steps = fmax(1, ceil(draw_angle(a, b) / STEP_DEGREES)), latitude;

	for (double i = 0; i <= steps; i++) {
		struct draw_degrees now =
			within(i < steps ? draw_great_circle(a, b, i / steps) : b);

		if (i > 0 && draw_crossing(t->last, now, 180, &latitude))
			cut_here(t, latitude);
		if (t->json != NULL)
			add_position(t->json, now.longitude, now.latitude);
		t->last = now;
	}
}

static void add_arc(
	struct export_json *json, const struct draw_world *world, uint32_t from, uint32_t to)
{
	struct draw_degrees a = { world->places[from].longitude, world->places[from].latitude };
	struct draw_degrees b = { world->places[to].longitude, world->places[to].latitude };
	struct tracing count = { 0 }, tracing = { .json = json };

	trace(&count, a, b);
	geometry_begin(json, count.cuts > 0 ? "MultiLineString" : "LineString");
	export_json_open(json, '[', true);
	if (count.cuts > 0)
		export_json_open(json, '[', true);
	trace(&tracing, a, b);
	if (count.cuts > 0)
		export_json_close(json, ']');
	export_json_close(json, ']');
	feature_end(json);
}

/* ---- Features ---- */

static void add_place(struct export_json *json, const struct draw_place *p)
{
	feature_begin(json);
	export_member_string(json, "name", p->name);
	export_member_string(json, "label", draw_label(p));
	export_member_string(json, "kind", export_kinds[p->kind]);
	export_member_string(json, "state", export_states[p->state]);
	if (p->as_number != 0)
		export_member_integer(json, "as", p->as_number);
	if (p->kind == DRAW_CLIENT)
		export_member_decimal(json, "weight", p->weight, 3);
	geometry_begin(json, "Point");
	add_position(json, p->longitude, p->latitude);
	feature_end(json);
}

static void add_link(
	struct export_json *json, const struct draw_world *world, const struct draw_link *l)
{
	feature_begin(json);
	export_member_string(json, "kind", "link");
	export_member_string(json, "from", world->places[l->from].name);
	export_member_string(json, "to", world->places[l->to].name);
	export_member_string(json, "relation", export_relations[l->relation]);
	export_member_string(json, "state", export_link_states[l->state]);
	export_member_decimal(json, "delay_ms", l->delay_us / 1e3, 3);
	add_arc(json, world, l->from, l->to);
}

static void add_answer(
	struct export_json *json, const struct draw_world *world, const struct draw_answer *a)
{
	feature_begin(json);
	export_member_string(json, "kind", "answer");
	export_member_string(json, "client", world->places[a->client].name);
	export_member_string(json, "site", world->places[a->site].name);
	export_member_decimal(json, "share", a->share, 4);
	export_member_decimal(json, "median_ms", a->median_us / 1e3, 3);
	if (a->p95_us > 0)
		export_member_decimal(json, "p95_ms", a->p95_us / 1e3, 3);
	add_arc(json, world, a->client, a->site);
}

int export_geojson(const struct draw_world *world, struct text *out, struct error *error)
{
	struct export_json json = { .out = out };
	int result = draw_world_check(world, error);

	if (result != 0)
		return result;
	export_json_open(&json, '{', false);
	export_member_string(&json, "type", "FeatureCollection");
	export_json_key(&json, "features");
	export_json_open(&json, '[', false);
	for (size_t i = 0; i < world->place_count; i++)
		add_place(&json, &world->places[i]);
	for (size_t i = 0; i < world->link_count; i++)
		add_link(&json, world, &world->links[i]);
	for (size_t i = 0; i < world->answer_count; i++)
		if (world->answers[i].site != DRAW_NONE)
			add_answer(&json, world, &world->answers[i]);
	export_json_close(&json, ']');
	export_json_close(&json, '}');
	return out->failed ? error_set(error, ERROR_MEMORY, "no memory for the export") : 0;
}
