/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nearest measured legs.
 *
 * Places are points in space (km from the centre of the globe): chords grow like distances, and
 * no pole or date line is special. A search looks at every leg once.
 *
 * Invariants:
 *  1. The nearest found so far stand in rising order of distance; of equal ones the first
 *     given stands first.
 */
#include "plan/leg.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define GLOBE_KM 6371.0

struct point {
	float x, y, z;
};

struct entry {
	struct point from, to;
	int cell;
	float beyond_ms; /* what it took beyond the model's time */
	size_t site;
};

struct plan_legs {
	struct plan_rtt_model model;
	struct entry *entries;
	size_t count;
};

static struct point point_of(struct plan_place place)
{
	double north = place.latitude * M_PI / 180, east = place.longitude * M_PI / 180;

	return (struct point){
		(float)(GLOBE_KM * cos(north) * cos(east)),
		(float)(GLOBE_KM * cos(north) * sin(east)),
		(float)(GLOBE_KM * sin(north)),
	};
}

static int cell_of(struct plan_place place)
{
	return (int)floorf(place.latitude) * 1000 + (int)floorf(place.longitude);
}

static double model_ms(
	const struct plan_rtt_model *model, struct plan_place from, struct plan_place to)
{
	return model->base_ms + model->ms_per_km * plan_distance_km(from, to);
}

int plan_legs_create(const struct plan_leg *legs, size_t count,
	const struct plan_rtt_model *model, struct plan_legs **ret_legs, struct error *error)
{
	struct plan_legs *made = calloc(1, sizeof(*made));

	if (made != NULL)
		made->entries = calloc(count + 1, sizeof(*made->entries));
	if (made == NULL || made->entries == NULL) {
		plan_legs_free(made);
		return error_set(error, ERROR_MEMORY, "no memory for measured times");
	}
	made->model = *model;
	made->count = count;
	for (size_t i = 0; i < count; i++)
		made->entries[i] = (struct entry){
			.from = point_of(legs[i].from),
			.to = point_of(legs[i].to),
			.cell = cell_of(legs[i].from),
			.beyond_ms =
				(float)(legs[i].ms - model_ms(model, legs[i].from, legs[i].to)),
			.site = legs[i].site,
		};
	*ret_legs = made;
	return 0;
}

void plan_legs_free(struct plan_legs *legs)
{
	if (legs == NULL)
		return;
	free(legs->entries);
	free(legs);
}

/* ---- The nearest ---- */

struct nearest {
	const struct entry *entries[PLAN_LEGS_NEAR];
	float distances[PLAN_LEGS_NEAR]; /* squared */
	size_t count;
};

static float square(struct point a, struct point b)
{
	float x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;

	return x * x + y * y + z * z;
}

static void keep(struct nearest *n, const struct entry *entry, float distance)
{
	size_t at;

	if (n->count == PLAN_LEGS_NEAR && distance >= n->distances[PLAN_LEGS_NEAR - 1])
		return;
	at = n->count < PLAN_LEGS_NEAR ? n->count++ : PLAN_LEGS_NEAR - 1;
	for (; at > 0 && n->distances[at - 1] > distance; at--) {
		n->distances[at] = n->distances[at - 1];
		n->entries[at] = n->entries[at - 1];
	}
	n->distances[at] = distance;
	n->entries[at] = entry;
}

/* to: NULL, wherever they go. */
static struct nearest find(const struct plan_legs *legs, struct plan_place from,
	const struct plan_place *to, enum plan_legs_use use)
{
	struct point start = point_of(from), end = to == NULL ? start : point_of(*to);
	struct nearest n = { .count = 0 };
	int cell = cell_of(from);

	for (size_t i = 0; i < legs->count; i++) {
		const struct entry *e = &legs->entries[i];

		if (use == PLAN_LEGS_ELSEWHERE && e->cell == cell)
			continue;
		keep(&n, e, square(start, e->from) + (to == NULL ? 0 : square(end, e->to)));
	}
	return n;
}

static int by_size(const void *a, const void *b)
{
	float left = *(const float *)a, right = *(const float *)b;

	return (left > right) - (left < right);
}

double plan_legs_ms(const struct plan_legs *legs, struct plan_place from, struct plan_place to,
	enum plan_legs_use use)
{
	struct nearest n = find(legs, from, &to, use);
	double ms = model_ms(&legs->model, from, to);
	float beyond[PLAN_LEGS_NEAR];

	for (size_t i = 0; i < n.count; i++)
		beyond[i] = n.entries[i]->beyond_ms;
	if (n.count > 0) {
		qsort(beyond, n.count, sizeof(*beyond), by_size);
		ms += ((double)beyond[(n.count - 1) / 2] + beyond[n.count / 2]) / 2;
	}
	return fmax(ms, 0);
}

size_t plan_legs_site(
	const struct plan_legs *legs, struct plan_place from, enum plan_legs_use use)
{
	struct nearest n = find(legs, from, NULL, use);
	size_t best = SIZE_MAX, most = 0;

	for (size_t i = 0; i < n.count; i++) {
		size_t votes = 0;

		for (size_t j = 0; j < n.count; j++)
			votes += n.entries[j]->site == n.entries[i]->site;
		if (votes > most) {
			most = votes;
			best = n.entries[i]->site;
		}
	}
	return best;
}
