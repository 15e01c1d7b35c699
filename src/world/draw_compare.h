/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to address a service side by side: unicast, anycast, chosen by DNS, multicast. */
#ifndef NEARCAST_WORLD_DRAW_COMPARE_H
#define NEARCAST_WORLD_DRAW_COMPARE_H

#include <stdint.h>

#include "base/error.h"
#include "world/draw_svg.h"

#define DRAW_WAYS_MAX    4u
#define DRAW_SAMPLES_MAX 1000000u

struct draw_sample {
	double ms;     /* response time; negative: no answer */
	double weight; /* at least 0: users of the client, or 1 */
};

struct draw_way {
	const char *name; /* "unicast" */
	const struct draw_sample *samples;
	size_t sample_count;
	const double *load;  /* [site_count] share of requests a site takes, 0..1; NULL: not
				measured */
	const double *flood; /* [site_count] share of a flood; NULL: not measured */
	/* Around a site's death, [bucket_count]; answered NULL: not measured. */
	const uint32_t *answered, *lost;
	double restored_ms; /* from the death until every client is served; negative: never */
};

struct draw_compare {
	const char *title;
	const char *const *sites; /* [site_count] */
	size_t site_count;
	const struct draw_way *ways; /* [way_count] */
	size_t way_count;
	double bucket_ms;
	size_t bucket_count;
	double death_ms;   /* since the first bucket began */
	const char *death; /* "fra dies" */
};

/*
 * Append an SVG: curves of response times, bars of load a site, answered requests around a
 * site's death, bars of a flood. Ways have colours and kinds of line or of hatching.
 * ERROR_RANGE, ERROR_MEMORY.
 */
int draw_compare(const struct draw_compare *compare, enum draw_theme theme, struct text *out,
	struct error *error);

#endif
